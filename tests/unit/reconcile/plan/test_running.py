"""Table P: whether the running process is older than its content."""

from dataclasses import replace
from typing import Any

import pytest

from unitward.model.observed import DiskKind, ManagerFacts
from unitward.model.recorded import IntentKind

OTHER = "[Service]\nExecStart=/bin/b\n[Install]\nWantedBy=default.target\n"


@pytest.mark.parametrize(
    ("was", "written", "loaded", "done"),
    [
        ("1" * 32, 8000.0, 9000.0, ["restart a.service"]),
        ("0" * 32, 8000.0, 9000.0, []),
        ("0" * 32, 8000.0, 9800.0, ["restart a.service"]),
        ("0" * 32, 9400.0, 9000.0, ["daemon-reload", "restart a.service"]),
    ],
    ids=["P1 same process", "P2", "P3 loaded after the start", "P3 written after the load"],
)
def test_an_open_intent_is_finished_or_closed(
    scene: Any, was: str, written: float, loaded: float, done: list[str]
) -> None:
    """P1, P2, P3: started at 9500 after a load at 9000 of a file of 8000 is current."""
    scene.settled("a.service")
    scene.on_disk("a.service", scene.files["a.service"].content, written)
    scene.known["a.service"] = _with(scene, run_digest="old", invocation=was)
    ident = scene.intend("a.service", IntentKind.RUN, invocation=was)
    scene.observed["manager"] = _manager(loaded)
    assert done == scene.does()
    assert ((ident,) if not done else ()) == scene.plan().close


@pytest.mark.parametrize(
    ("was", "on_disk", "restarts"),
    [("0" * 32, False, False), ("1" * 32, False, True), ("0" * 32, True, True)],
    ids=["P2 gone before the start", "P1 same process", "still there"],
)
def test_a_dropin_that_an_interrupted_pass_removed(
    scene: Any, was: str, *, on_disk: bool, restarts: bool
) -> None:
    """P2: the unit that was restarted without it is not restarted for it once more."""
    path = "a.service.d/50-site.conf"
    scene.settings = replace(scene.settings, prune_after=0.0)
    scene.settled("a.service")
    scene.record_file(path, "[Service]\nEnvironment=A=1\n")
    if not on_disk:
        scene.not_a_file(path, DiskKind.ABSENT)
    scene.known["a.service"] = _with(scene, run_digest="old", invocation=was)
    ident = scene.intend("a.service", IntentKind.RUN, invocation=was)
    assert restarts == ("restart a.service" in scene.does())
    assert restarts == (ident not in scene.plan().close)


def _with(scene: Any, **facts: Any) -> Any:
    return replace(scene.known["a.service"], **facts)


def _manager(loaded: float) -> Any:
    return ManagerFacts(252, "running", "life", int(loaded * 1e6))


def test_a_file_as_recorded_is_current(scene: Any) -> None:
    """P4: no intent, file as recorded: nothing happens, whatever the timestamps."""
    scene.settled("a.service")
    scene.up("a.service", exec_main_start_timestamp=5, active_enter_timestamp=5)
    assert [] == scene.does()


def edited(scene: Any, changed_at: float) -> None:
    """Have the file of a.service edited by hand at a time; its process started at 9500."""
    scene.settled("a.service")
    scene.on_disk("a.service", OTHER, changed_at)


def test_an_edit_after_the_start_is_written_back(scene: Any) -> None:
    """P5, D1: the process never saw the edit; a copy of it is kept, nothing restarts."""
    edited(scene, 9600.0)
    assert ["keep copy a.service", "restore a.service", "daemon-reload"] == scene.does()


def test_an_edit_before_the_start_runs(scene: Any) -> None:
    """P6: the process runs the edited text, so going back is a change like any other."""
    edited(scene, 9300.0)
    assert [
        "keep copy a.service",
        "restore a.service",
        "daemon-reload",
        "reset-failed a.service",
        "restart a.service",
    ] == scene.does()


def test_a_lost_ledger_restarts_nothing(scene: Any) -> None:
    """P7: files recognised by their mark are taken over, units go on."""
    scene.settled("a.service")
    scene.on_disk("a.service", scene.files["a.service"].content, 9700.0)
    oneshot = OTHER.replace("[Service]", "[Service]\nType=oneshot")
    scene.settled("b.service", oneshot)
    scene.down("b.service")
    scene.known.clear()
    scene.files.clear()
    scene.links.clear()
    done = scene.does()
    assert ["enable a.service", "enable b.service", "daemon-reload"] == done
    assert {"a.service", "b.service"} == {file.path for file in scene.plan().found}


def test_links_of_what_is_taken_over_are_taken_over_too(scene: Any) -> None:
    """P7: with the file its links are ours again, those of a template's instance as well."""
    scene.settled("a.service")
    link = "default.target.wants/a.service"
    scene.link(link, "a.service", recorded=False)
    scene.known.clear()
    scene.files.clear()
    assert [(link,)] == [action.adopts for action in scene.plan().actions if action.adopts]


def test_links_of_what_never_was_ours_stay_theirs(scene: Any) -> None:
    """N1: a link that stood before the unit's file was written is not taken over."""
    scene.declare("a.service")
    scene.link("default.target.wants/a.service", "a.service", recorded=False)
    assert "enable a.service" in scene.does()
    assert [] == [action.adopts for action in scene.plan().actions if action.adopts]


def test_what_was_taken_over_may_be_older(scene: Any) -> None:
    """P7: a process that began before its file was last touched is called so."""
    scene.settled("a.service", "[Service]\nExecStart=/bin/a\n", state="any")
    scene.on_disk("a.service", scene.files["a.service"].content, 9700.0)
    scene.known.clear()
    scene.observed["manager"] = _manager(9800.0)
    assert [] == scene.does()
    assert "in-sync: taken over; it may be older than its file" == scene.says("a.service")


def taken_over(scene: Any) -> None:
    """Have a running unit whose record was lost and whose file is younger than its process."""
    scene.settled("a.service")
    scene.on_disk("a.service", scene.files["a.service"].content, 9700.0)
    scene.known.clear()
    scene.observed["manager"] = _manager(9800.0)


def test_taken_over_is_said_though_its_links_are_recorded(scene: Any) -> None:
    """P7: that its links are taken over too does not hide that the process may be older."""
    taken_over(scene)
    scene.files.clear()
    scene.links.clear()
    assert ["enable a.service", "daemon-reload"] == scene.does()
    assert "in-sync: taken over; it may be older than its file" == scene.says("a.service")


def test_doubt_lasts_as_long_as_the_process(scene: Any) -> None:
    """P7: it is said until another process runs, which began with what was loaded by then."""
    taken_over(scene)
    assert "1" * 32 == scene.plan().records["a.service"].doubted
    scene.applied("a.service", doubted="1" * 32)
    assert "in-sync: taken over; it may be older than its file" == scene.says("a.service")
    scene.up("a.service", invocation_id="2" * 32)
    assert "" == scene.plan().records["a.service"].doubted
    assert "in-sync: pulled in by default.target" == scene.says("a.service")


@pytest.mark.parametrize("row", ["P1", "P3"])
def test_an_interrupted_restart_waits_for_its_condition(scene: Any, row: str) -> None:
    """C18, P1, P3: finishing a restart whose condition fails now would be a stop."""
    scene.settled("a.service")
    before = "1" * 32 if row == "P1" else "0" * 32
    ident = scene.intend("a.service", IntentKind.RUN, digest="new", invocation=before)
    scene.known["a.service"] = replace(scene.known["a.service"], run_digest="old")
    scene.on_disk("a.service", scene.files["a.service"].content, 9999.0)
    scene.observed["manager"] = _manager(9999.5)
    assert "restart a.service" == scene.does()[-1]
    scene.observed["skipped_conditions"] = {"a.service": "ConditionPathExists=/x"}
    assert [] == scene.does()
    assert ident not in scene.plan().close
    assert "skipped: not restarted: ConditionPathExists=/x does not hold now" == scene.says(
        "a.service"
    )


def test_content_that_changed_while_the_ledger_was_lost_is_a_change(scene: Any) -> None:
    """P7: the loss restarts nothing, but a newer declaration does."""
    scene.settled("a.service")
    scene.declare("a.service", OTHER)
    scene.known.clear()
    scene.files.clear()
    assert "restart a.service" == scene.does()[-1]
