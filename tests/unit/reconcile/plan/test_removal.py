"""Table R: what is no longer declared."""

from dataclasses import replace
from typing import Any

import pytest

from unitward.model.declared import OnRemove
from unitward.model.desired import Freeze
from unitward.model.observed import DiskKind
from unitward.model.plan import Phase, Verb
from unitward.model.recorded import IntentKind, Prior
from unitward.model.source import Place
from unitward.model.unitstate import UnitStatus


def gone(scene: Any, *names: str, since: float | None = 9000.0) -> None:
    """Have units that ran and are declared no more, beside four that stay."""
    for name in (*names, *(f"s{n}.service" for n in range(4))):
        scene.settled(name)
    for name in names:
        del scene.units[name]
        if since is not None:
            scene.recorded.setdefault("absences", {})[name] = since


REMOVED = [
    "stop g.service",
    "unlink default.target.wants/g.service",
    "delete g.service",
    "daemon-reload",
    "reset-failed g.service",
    "remove g.service",
]


def test_absence_has_to_last(scene: Any) -> None:
    """R1: first noted, then removed once absent for prune_after."""
    gone(scene, "g.service", since=None)
    assert [] == scene.does()
    assert {"g.service": 10_000.0} == scene.plan().absences
    assert "pending: no longer declared; removed when prune_after ends" == scene.says("g.service")
    assert 10_010.0 == scene.plan().wake_at
    gone(scene, "g.service", since=9990.0)
    assert REMOVED == scene.does()


def test_a_commit_is_believed_at_once(scene: Any) -> None:
    """R1: with prune_after 0 the first reading without it removes it."""
    gone(scene, "g.service", since=None)
    scene.set(prune_after=0.0)
    assert REMOVED == scene.does()


def test_removed_is_believed_at_once(scene: Any) -> None:
    """R1: `removed:` says that the absence is meant."""
    gone(scene, "g.service", since=None)
    scene.desired["removed"] = {"g.service": Place("a.yaml", 9)}
    assert REMOVED == scene.does()
    assert "listed under removed: at a.yaml:9" == scene.plan().actions[0].reason


def test_nothing_goes_while_a_file_is_invalid(scene: Any) -> None:
    """R2: an incomplete reading removes nothing, not even what `removed:` names."""
    gone(scene, "g.service", "h.service")
    scene.desired |= {
        "complete": False,
        "incomplete_because": "b.yaml:3",
        "removed": {"h.service": Place("a.yaml", 9)},
    }
    assert [] == scene.does()
    assert "pending: its removal waits for b.yaml:3" == scene.says("g.service")
    assert {"g.service": 9000.0, "h.service": 9000.0} == scene.plan().absences


def test_an_absence_is_not_counted_in_an_incomplete_reading(scene: Any) -> None:
    """R1, R2: what a broken reading lacks is not noted as absent."""
    gone(scene, "g.service", since=None)
    scene.desired |= {"complete": False, "incomplete_because": "b.yaml:3"}
    assert {} == scene.plan().absences


@pytest.mark.parametrize(("going", "staying", "held"), [(1, 0, True), (3, 2, True), (2, 2, False)])
def test_many_removals_wait_for_a_person(
    scene: Any, going: int, staying: int, *, held: bool
) -> None:
    """R3: all of them, or more than half of four or more."""
    for n in range(going + staying):
        scene.settled(f"u{n}.service")
    for n in range(going):
        del scene.units[f"u{n}.service"]
    scene.set(prune_after=0.0)
    assert held == (not [line for line in scene.does() if line.startswith("stop")])
    if held:
        assert scene.says("u0.service").startswith("held: its removal waits for `unitward approve")


def test_an_approval_binds_to_its_plan(scene: Any) -> None:
    """R3: the digest of these removals lets them pass, and no others."""
    scene.settled("a.service")
    del scene.units["a.service"]
    scene.set(prune_after=0.0)
    (held,) = scene.plan().held
    scene.recorded["approved"] = frozenset({held.digest})
    assert "stop a.service" in scene.does()
    scene.settled("b.service")
    del scene.units["b.service"]
    assert [] == scene.does()


def test_a_folder_that_empties_slowly_is_held_too(scene: Any) -> None:
    """R3: what is absent counts from the first, though only a part of it be due."""
    for n in range(4):
        scene.settled(f"u{n}.service")
        del scene.units[f"u{n}.service"]
    scene.recorded["absences"] = {"u0.service": 9000.0, "u1.service": 9999.0}
    assert [] == scene.does()
    assert "held" == scene.verdict("u0.service").sync


def test_removed_passes_the_guard(scene: Any) -> None:
    """R3: `removed:` passes, be it everything."""
    scene.settled("g.service")
    del scene.units["g.service"]
    scene.desired["removed"] = {"g.service": Place("a.yaml", 9)}
    assert REMOVED == scene.does()


def test_an_edited_file_leaves_a_copy(scene: Any) -> None:
    """R4, D1: what a person wrote into our file is kept when the file goes."""
    gone(scene, "g.service")
    scene.on_disk("g.service", "[Service]\nExecStart=/mine\n")
    assert ["keep copy g.service", "delete g.service"] == [
        line for line in scene.does() if "copy" in line or "delete" in line
    ]


def test_what_stands_in_place_of_our_file_is_left(scene: Any) -> None:
    """R4, N: a file of another installation is not deleted, its unit not stopped."""
    gone(scene, "g.service")
    from_there = scene.files["g.service"].content.replace(b"=here\n", b"=there\n")
    scene.on_disk("g.service", from_there)
    assert not {"stop g.service", "delete g.service"} & set(scene.does())


def test_on_remove_keep_leaves_it_running(scene: Any) -> None:
    """R4: `on_remove: keep` takes the file and leaves the process."""
    gone(scene, "g.service")
    scene.applied("g.service", on_remove=OnRemove.KEEP)
    assert "stop g.service" not in scene.does()
    assert "delete g.service" in scene.does()


@pytest.mark.parametrize("name", ["g.slice", "g.target", "dbus.service"])
def test_slices_and_targets_are_not_stopped(scene: Any, name: str) -> None:
    """R5, C16: delete and reload; what lives in them goes on."""
    gone(scene, name)
    assert [
        f"unlink default.target.wants/{name}",
        f"delete {name}",
        "daemon-reload",
        f"remove {name}",
    ] == scene.does()


@pytest.mark.parametrize("up", [True, False])
def test_a_shipped_unit_comes_back(scene: Any, *, up: bool) -> None:
    """R6: what ours shadowed is restarted by its own definition, if ours ran."""
    gone(scene, "g.service")
    if not up:
        scene.down("g.service")
    scene.observed["shadowed"] = {"g.service": "/usr/lib/systemd/user/g.service"}
    assert up == ("restart g.service" in scene.does())
    assert "stop g.service" not in scene.does()


def test_a_template_that_goes_takes_its_declared_instances(scene: Any) -> None:
    """R7: declared instances are stopped, hand-started ones are named and left."""
    body = "[Service]\nExecStart=/bin/a %i\n"
    gone(scene)
    scene.settled("w@.service", body)
    del scene.status["w@.service"]
    scene.declare("w@a.service", None)
    scene.applied("w@a.service", None)
    scene.up("w@a.service")
    scene.up("w@hand.service")
    scene.observed["hand_started"] = {"w@.service": ("w@a.service", "w@hand.service")}
    del scene.units["w@.service"], scene.units["w@a.service"]
    scene.set(prune_after=0.0)
    assert "stop w@a.service" in scene.does()
    assert not any("hand" in line for line in scene.does())
    assert ("w@.service is removed; left running: w@hand.service",) == scene.plan().notes


def test_a_unit_that_moved_stays(scene: Any) -> None:
    """R8: declared in another file: neither removed nor restarted."""
    scene.settled("a.service")
    scene.known["a.service"] = replace(scene.known["a.service"], place=Place("other.yaml", 1))
    assert [] == scene.does()
    assert Place("a.yaml", 3) == scene.plan().records["a.service"].place


def test_an_unfinished_stop_is_waited_for(scene: Any) -> None:
    """R9, C15: the file goes once the unit is down; until then it stays recorded."""
    gone(scene, "g.service")
    scene.up("g.service", "deactivating", "stop-sigterm")
    assert [] == scene.does()
    assert "pending: no longer declared; removed when it has stopped" == scene.says("g.service")


def test_many_restarts_wait_for_a_person(scene: Any) -> None:
    """R10: more than max_restarts for one change are held, bounced sockets included."""
    for n in range(3):
        scene.settled(f"u{n}.service")
        changed = scene_text().replace("/bin/a", "/bin/b")
        scene.declare(f"u{n}.service", changed)
    scene.settled("x.service")
    socket = "[Socket]\nListenStream={}\n"
    scene.settled("x.socket", socket.format(1))
    scene.declare("x.socket", socket.format(2))
    scene.set(max_restarts=4)
    assert [] == scene.does()
    (held,) = scene.plan().held
    assert ("u0.service", "u1.service", "u2.service", "x.service", "x.socket") == held.units
    scene.recorded["approved"] = frozenset({held.digest})
    assert "restart u2.service" in scene.does()


def scene_text() -> str:
    """Return the text that the scene's service has by default."""
    return "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"


def test_unsupported_units_are_not_removed(scene: Any) -> None:
    """R: what this systemd cannot run is declared all the same."""
    gone(scene, "g.service")
    scene.desired["unsupported"] = {"g.service": Freeze("needs systemd 300", Place("a.yaml", 3))}
    assert [] == scene.does()
    assert "unsupported" == scene.verdict("g.service").sync


def test_unitward_does_not_remove_itself(scene: Any) -> None:
    """R11: its own unit, declared no more, stays; it is only forgotten."""
    gone(scene, "unitward.service")
    assert ["forget unitward.service"] == scene.does()


def test_a_blocked_unit_is_never_ours_to_remove(scene: Any) -> None:
    """N: what was only ever blocked is not recorded, so its removal stops nothing."""
    scene.declare("a.service")
    scene.on_disk("a.service", "[Service]\nExecStart=/bin/mine\n")
    scene.up("a.service")
    assert [] == scene.does()
    assert {} == scene.plan().records


@pytest.mark.parametrize(
    ("prior", "wish", "up", "done"),
    [
        (Prior.ACTIVE, "stopped", False, ["start p.service"]),
        (Prior.ACTIVE, "running", True, []),
        (Prior.ACTIVE, "any", False, []),
        (Prior.INACTIVE, "running", True, ["stop p.service"]),
        (Prior.INACTIVE, "any", True, []),
    ],
)
def test_what_a_unit_was_comes_back(
    scene: Any, prior: Prior, wish: str, done: list[str], *, up: bool
) -> None:
    """N: a unit named for its state only goes back to what it was, if we changed it."""
    gone(scene)
    scene.applied("p.service", None, wish=wish)
    scene.was("p.service", prior)
    (scene.up if up else scene.down)("p.service")
    scene.set(prune_after=0.0)
    assert [*done, "remove p.service"] == sorted(scene.does(), key=lambda line: "remove" in line)


def test_a_file_written_by_a_pass_that_was_killed_is_removed(scene: Any) -> None:
    """O2, N: written, not recorded, then declared no more: the intent makes it ours."""
    gone(scene)
    scene.declare("n.service")
    content = scene.units.pop("n.service").fragment.content
    scene.on_disk("n.service", content)
    digest = scene.disk["n.service"].digest
    scene.intend("n.service", IntentKind.WRITE, path="n.service", digest=digest)
    scene.up("n.service")
    assert [] == scene.does()
    assert {"n.service"} == scene.plan().absences.keys()
    scene.recorded["absences"] = {"n.service": 9000.0}
    assert {"stop n.service", "delete n.service"} < set(scene.does())


def test_a_link_made_by_a_pass_that_was_killed_is_removed(scene: Any) -> None:
    """O2: an enablement that was intended and not recorded goes with its unit."""
    gone(scene, "g.service")
    path = "default.target.wants/g.service"
    del scene.links[path]
    scene.intend("g.service", IntentKind.LINK)
    assert f"unlink {path}" in scene.does()


def test_dependents_come_back_after_a_removal(scene: Any) -> None:
    """R4, C5: what stays declared and only went down with the removed unit is started."""
    gone(scene, "g.service")
    scene.settled("p.service", "[Unit]\nPartOf=g.service\n" + scene_text())
    scene.settled("q.service", "[Unit]\nRequires=g.service\n" + scene_text())
    scene.up("g.service", consists_of=("p.service",), required_by=("q.service",))
    done = scene.does()
    assert "start p.service" in done
    assert "start q.service" not in done


def test_a_drop_in_that_is_gone_is_removed_alone(scene: Any) -> None:
    """R1, C12: a drop-in no longer declared goes after its time; its unit changes by C."""
    scene.settled("a.service")
    scene.record_file("a.service.d/50.conf", "[Service]\nNice=1\n")
    assert [] == scene.does()
    scene.recorded["absences"] = {"a.service.d/50.conf": 9000.0}
    assert [
        "delete a.service.d/50.conf",
        "daemon-reload",
        "reset-failed a.service",
        "restart a.service",
    ] == scene.does()
    scene.disk.pop("a.service.d/50.conf")
    assert "forget a.service.d/50.conf" in scene.does()


def test_a_loose_drop_in_that_is_gone_is_removed(scene: Any) -> None:
    """R1, C12: a type-wide drop-in goes; nothing restarts for it."""
    scene.record_file("service.d/50.conf", "[Service]\nNice=1\n")
    scene.recorded["absences"] = {"service.d/50.conf": 9000.0}
    assert ["delete service.d/50.conf", "daemon-reload"] == scene.does()


def test_a_mask_of_ours_goes_with_its_unit(scene: Any) -> None:
    """R4, N: our mask is undone; what ran before runs again."""
    gone(scene)
    scene.applied("p.service", None, wish="stopped", masked=True)
    scene.was("p.service", Prior.ACTIVE)
    scene.status["p.service"] = UnitStatus("p.service", "masked", "inactive", "dead")
    scene.not_a_file("p.service", DiskKind.MASK)
    scene.set(prune_after=0.0)
    assert ["unmask p.service", "daemon-reload", "start p.service", "remove p.service"] == (
        scene.does()
    )


SHIPPED, OURS = "/usr/lib/p.service", "/unit-folder/p.service"


@pytest.mark.parametrize(
    ("before", "stands", "done"),
    [
        ({}, OURS, ["unlink"]),
        ({"default": SHIPPED}, OURS, ["unlink", "link"]),
        ({"default": OURS}, OURS, []),
        ({"default": SHIPPED}, None, ["unlink", "link"]),
    ],
    ids=["none", "replaced", "same", "ours-is-gone"],
)
def test_enablement_of_a_unit_that_stays_comes_back(
    scene: Any, before: dict[str, str], stands: str | None, done: list[str]
) -> None:
    """R6, N5: links that stood before us are put back, those that are as they were are left."""
    gone(scene)
    scene.applied("p.service", None, wish="any")
    path = "default.target.wants/p.service"
    scene.link(path, "p.service")
    if stands is None:
        del scene.disk_links[path]
    scene.was("p.service", Prior.INACTIVE, **before)
    scene.down("p.service")
    scene.set(prune_after=0.0)
    acts = [a for a in scene.plan().actions if a.path == path]
    assert done == [a.verb.value for a in acts]
    assert [SHIPPED for verb in done if verb == "link"] == [
        a.target for a in acts if a.verb is Verb.LINK
    ]


def test_enablement_is_not_put_back_over_somebody_elses(scene: Any) -> None:
    """R6: a link that somebody made since then stays as it is."""
    gone(scene)
    scene.applied("p.service", None, wish="any")
    scene.was("p.service", Prior.INACTIVE, default=SHIPPED)
    path = "default.target.wants/p.service"
    scene.disk_links[path] = "/home/p.service"
    scene.down("p.service")
    scene.set(prune_after=0.0)
    assert ["remove p.service"] == scene.does()
    scene.link(path, "p.service")
    scene.disk_links[path] = "/home/p.service"
    assert [] == [a for a in scene.plan().actions if a.verb is Verb.LINK]


def test_what_we_made_leaves_no_link(scene: Any) -> None:
    """R4: a unit that is gone altogether has no use for links that dangled before."""
    gone(scene, "g.service")
    scene.was("g.service", Prior.INACTIVE, other=SHIPPED)
    assert "link" not in " ".join(scene.does()).split()


@pytest.mark.parametrize(
    ("state", "wish", "done"),
    [
        (Prior.ACTIVE, "stopped", ["start"]),
        (Prior.INACTIVE, "stopped", []),
        (Prior.ACTIVE, "any", []),
    ],
)
def test_a_shipped_unit_that_we_had_stopped_runs_again(
    scene: Any, state: Prior, wish: str, done: list[str]
) -> None:
    """R6: what ran before ours kept it stopped is started by the shipped definition."""
    gone(scene, "g.service")
    scene.known["g.service"] = replace(scene.known["g.service"], wish=wish)
    scene.was("g.service", state)
    scene.down("g.service")
    scene.observed["shadowed"] = {"g.service": "/usr/lib/g.service"}
    assert done == [a.verb.value for a in scene.plan().actions if a.phase is Phase.RUN]


def test_a_shipped_unit_of_the_session_is_not_restarted_by_a_removal(scene: Any) -> None:
    """C16, R6: our definition goes, and the process that carries the session stays."""
    gone(scene, "g.service")
    scene.up("g.service", slice="session.slice")
    scene.observed["shadowed"] = {"g.service": "/usr/lib/g.service"}
    assert [] == [a for a in scene.plan().actions if a.phase in {Phase.RUN, Phase.STOP}]
