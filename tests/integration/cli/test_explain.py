"""`explain`: one unit on one screen, each step held against what systemd and the disk say."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

SCREEN_LINES = 24
Explained = Callable[..., dict[str, Any]]


@pytest.fixture
def explained(account: Any, document: Any) -> Explained:
    """Give a function that explains a unit, as a document that keeps to its schema."""

    def run(unit: str = "api") -> dict[str, Any]:
        ended = account.run("unitward", "explain", unit, "-o", "json")
        assert (0, "") == (ended.returncode, ended.stderr)
        found: dict[str, Any] = document(ended)
        return found

    return run


def test_every_step_of_a_running_unit_is_as_systemd_says(
    account: Any, explained: Explained, api: str
) -> None:
    """W3, P4: line, file, loaded definition, process and last action of a unit in sync."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")

    found = explained()

    shown = account.show("api.service", "FragmentPath", "MainPID", "InvocationID", "ActiveState")
    live = found["live"]
    assert [{"source": "api.yaml:3", "text": "api.service:"}] == found["lines"]
    installed = (account.unit_dir / "api.service").read_bytes()
    assert [
        {
            "path": "api.service",
            "standing": "ours",
            "digest": hashlib.sha256(installed).hexdigest(),
        }
    ] == found["files"]
    assert shown["FragmentPath"] == found["loaded"]["fragment"]
    assert not found["loaded"]["older"]
    assert (shown["MainPID"], shown["InvocationID"], shown["ActiveState"]) == (
        str(live["main_pid"]),
        live["invocation"],
        live["active"],
    )
    assert ("W3", "P4", "C4") == tuple(found[k]["row"] for k in ("wants", "verdict", "change"))
    assert [] == found["actions"]
    assert "start api.service: pulled in by default.target" == found["last"]["summary"]
    assert ("apply", "done") == (found["last"]["trigger"], found["last"]["result"])
    assert abs(time.time() - found["last"]["at"]) < 60


def test_a_stop_by_hand_is_shown_by_its_moments(
    account: Any, explained: Explained, api: str
) -> None:
    """V10: asked to stop before the process ended, both moments as systemd has them."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    account.systemctl("stop", "api.service")

    found = explained()

    assert ("stopped-by-hand", "V10") == (found["sync"], found["verdict"]["row"])
    moments = {moment["what"]: moment["at"] for moment in found["moments"]}
    assert moments["asked to stop"] < moments["process ended"]
    shown = account.systemctl(
        "show", "--timestamp=unix", "-p", "ActiveExitTimestamp", "--value", "api.service"
    )
    assert abs(int(shown.strip().removeprefix("@")) - moments["asked to stop"]) < 1.5
    text = account.run("unitward", "explain", "api").stdout
    assert " before its process ended (V10)" in text
    assert text.count("\n") <= SCREEN_LINES


def test_a_kill_is_no_request_to_stop(account: Any, explained: Explained, api: str) -> None:
    """V12: a process that a signal ended says so, and that nobody asked systemd for it."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    account.systemctl("kill", "api.service")
    account.wait_for(
        lambda: account.show("api.service", "ActiveState")["ActiveState"] == "inactive", "it ended"
    )
    assert "V12" == explained()["verdict"]["row"]


def test_a_failure_is_told_with_its_status(account: Any, explained: Explained, api: str) -> None:
    """V13: the exit status that made it a failure."""
    account.write("api.yaml", api.replace("/bin/sleep infinity", "/bin/sh -c 'exit 7'"))
    account.run("unitward", "apply")
    account.wait_for(
        lambda: account.show("api.service", "ActiveState")["ActiveState"] == "failed", "it failed"
    )
    found = explained()
    assert {"row": "V13", "reason": "failed: exit status 7"} == found["verdict"]
    assert "exit-code" == found["live"]["result"]


def test_a_change_names_its_line_and_what_it_will_do(
    account: Any, explained: Explained, api: str
) -> None:
    """C4: the changed line, the row, and a pass that then does exactly what was said."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    account.write("api.yaml", api.replace("infinity", "1000"))

    found = explained()

    assert "C4" == found["change"]["row"]
    assert {
        "source": "api.yaml:5",
        "text": "Service: {ExecStart: /bin/sleep 1000}",
    } == found["lines"][1]
    assert found["loaded"]["older"]
    account.run("unitward", "apply")
    assert "restart api.service: [Service] ExecStart changed (C4)" == found["actions"][-1]
    assert found["actions"][-1] == explained()["last"]["summary"]


def test_files_of_others_and_edits_are_told_apart(
    account: Any, explained: Explained, api: str
) -> None:
    """D1, D5: our edited file, somebody else's drop-in, and that a reload is due."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    (account.unit_dir / "api.service").write_text("[Service]\nExecStart=/bin/sleep 9\n")
    dropin = account.unit_dir / "api.service.d/x.conf"
    dropin.parent.mkdir()
    dropin.write_text("[Service]\nNice=3\n")

    found = explained()
    assert {"api.service": "edited by hand", "api.service.d/x.conf": "foreign"} == {
        file["path"]: file["standing"] for file in found["files"]
    }
    assert "P5" == found["verdict"]["row"]
    assert [] == found["loaded"]["dropins"]
    assert found["loaded"]["older"]

    account.systemctl("daemon-reload")
    assert [str(dropin)] == explained()["loaded"]["dropins"]


def test_what_is_not_declared_any_more_is_explained_until_it_goes(
    account: Any, explained: Explained, api: str
) -> None:
    """R1: the unit whose line was taken away says where it stood and what becomes of it."""
    manifest = account.write("api.yaml", api)
    account.write("other.yaml", api.replace("api", "other"))
    account.run("unitward", "apply")
    manifest.unlink()

    found = explained()
    assert not found["declared"]
    assert [{"source": "api.yaml:3", "text": ""}] == found["lines"]
    assert "no longer declared" in found["reason"]
    assert "no longer; it was at api.yaml:3" in account.run("unitward", "explain", "api").stdout


def test_an_unknown_unit_is_4_and_no_manager_is_5(account: Any, api: str) -> None:
    """A unit that nobody declared, and an account without a manager, have their exit codes."""
    account.write("api.yaml", api)
    unknown = account.run("unitward", "explain", "nope")
    assert (4, "") == (unknown.returncode, unknown.stdout)
    assert unknown.stderr.startswith("unitward: nope.service: neither declared nor managed")
    account.stop_manager()
    assert 5 == account.run("unitward", "explain", "api").returncode


def test_with_the_daemon_it_tells_the_same(
    account: Any, daemon: Any, explained: Explained, api: str
) -> None:
    """Beside a running daemon nothing is in the way, and the last action is the daemon's."""
    account.write("api.yaml", api)
    account.wait_for(
        lambda: account.show("api.service", "ActiveState")["ActiveState"] == "active", "it runs"
    )
    account.run("unitward", "sync")
    found = explained()
    assert ("in-sync", "W3", "P4") == (
        found["sync"],
        found["wants"]["row"],
        found["verdict"]["row"],
    )
    assert "start api.service: pulled in by default.target" == found["last"]["summary"]
    assert "apply" != found["last"]["trigger"]
    assert None is daemon.poll()
    status = json.loads(account.run("unitward", "status", "-o", "json").stdout)
    assert daemon.pid == status["daemon"]


def test_a_start_that_outlasts_its_pass_is_not_begun_anew(
    account: Any, explained: Explained
) -> None:
    """P2, O5: a new oneshot that still runs when its pass ends is seen to be the one meant."""
    body = "    Service: {Type: oneshot, ExecStart: /bin/sleep 1000}\n"
    install = "    Install: {WantedBy: default.target}\n"
    account.write("job.yaml", f"version: 1\nunits:\n  job.service:\n{body}{install}")
    account.run("unitward", "apply")
    before = account.show("job.service", "InvocationID", "ActiveState")
    assert "activating" == before["ActiveState"]

    found = explained("job")

    assert ("starting", "P2") == (found["sync"], found["verdict"]["row"])
    assert [] == found["actions"]
    account.run("unitward", "apply")
    assert before == account.show("job.service", "InvocationID", "ActiveState")


@pytest.mark.parametrize(
    ("unit", "service", "said", "row"),
    [
        ("", "Slice: session.slice", "protected: takes effect at next login", "C16"),
        (", RefuseManualStop: yes", "", "pending: refuses manual restart", "C17"),
        ("", "Type: oneshot", "in the middle of its run; written when it ends", "C14"),
    ],
)
def test_the_plan_says_why_a_changed_unit_runs_on(
    account: Any, explained: Explained, unit: str, service: str, said: str, row: str
) -> None:
    """C14, C16, C17: what keeps a unit from its restart stands in the plan, before anything."""
    manifest = f"""\
version: 1
units:
  api.service:
    Unit: {{Description: API{unit}}}
    Service:
      ExecStart: /bin/sleep 1000
      {service}
    Install: {{WantedBy: default.target}}
"""
    account.write("api.yaml", manifest)
    account.run("unitward", "apply")
    account.write("api.yaml", manifest.replace("1000", "2000"))
    before = account.show("api.service", "InvocationID")

    assert said in account.run("unitward", "plan").stdout
    assert row == explained()["change"]["row"]

    account.run("unitward", "apply")
    assert before == account.show("api.service", "InvocationID")


BROKEN = "ExecStrat: /bin/sleep infinity"


def test_a_frozen_unit_names_its_mistake_and_the_hold_on_it(
    account: Any, explained: Explained, api: str
) -> None:
    """F1, H1: the row, the line to mend, the order of a person; the process is left alone."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    before = account.show("api.service", "InvocationID")
    account.run("unitward", "hold", "api", "--reason", "looked at")
    account.write("api.yaml", api.replace("ExecStart: /bin/sleep infinity", BROKEN))

    found = explained()

    assert ("invalid", "F1") == (found["sync"], found["wants"]["row"])
    assert "api.yaml:5:15: [Service] has no ExecStrat=" in found["change"]["reason"]
    assert "" == found["verdict"]["row"]
    assert "not judged" in found["verdict"]["reason"]
    [order] = found["orders"]
    assert ("hold", "looked at", 0) == (order["kind"], order["reason"], order["until"])
    assert [] == found["actions"]
    account.run("unitward", "apply")
    assert before == account.show("api.service", "InvocationID")


def test_a_held_change_needs_no_reload(account: Any, explained: Explained, api: str) -> None:
    """H1: what waits for the end of a hold is not on disk, so that a reload brings nothing."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    account.run("unitward", "hold", "api", "--for", "1h", "--reason", "moving")
    account.write("api.yaml", api.replace("infinity", "1000"))
    found = explained()
    assert ("held", "H1") == (found["sync"], found["change"]["row"])
    assert not found["loaded"]["older"]
    assert [] == found["actions"]
    text = account.run("unitward", "explain", "api").stdout
    assert text.startswith("api.service  held until ")
    assert "hold since " in text


def test_a_forgotten_unit_is_its_owners(account: Any, explained: Explained, api: str) -> None:
    """N4: the order and what takes it back; neither wish nor verdict of ours."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    account.run("unitward", "forget", "api")
    account.run("unitward", "apply")
    found = explained()
    assert ("blocked", "N4") == (found["sync"], found["wants"]["row"])
    assert ["forget"] == [order["kind"] for order in found["orders"]]
    assert "active" == found["live"]["active"]
    assert (
        "`unitward adopt api.service` takes it back"
        in account.run("unitward", "explain", "api").stdout
    )


def test_a_blocked_unit_and_its_adoption(account: Any, explained: Explained, api: str) -> None:
    """N2: not written; once given over, what the next pass does; then ours."""
    (account.unit_dir / "api.service").write_text("[Service]\nExecStart=/bin/sleep 9\n")
    account.write("api.yaml", api)
    found = explained()
    assert ("blocked", "N2") == (found["sync"], found["change"]["row"])
    assert ["foreign"] == [file["standing"] for file in found["files"]]
    assert [] == found["actions"]

    account.run("unitward", "adopt", "api")
    found = explained()
    assert ["adopt"] == [order["kind"] for order in found["orders"]]
    assert "keep copy api.service: adopted; a copy is kept" == found["actions"][0]

    account.run("unitward", "apply")
    found = explained()
    assert ([], ["ours"]) == (found["orders"], [file["standing"] for file in found["files"]])


def test_a_removal_tells_what_it_waits_for(account: Any, explained: Explained, api: str) -> None:
    """R1, R2, R3: the list that names it, the mistake elsewhere, the approval by its digest."""
    account.write("api.yaml", api)
    account.write("b.yaml", api.replace("api.service", "b.service"))
    account.run("unitward", "apply")
    account.write("api.yaml", "version: 1\nremoved: [api.service]\n")
    found = explained()
    assert ("R1", "api.yaml:2") == (found["wants"]["row"], found["removed"])
    assert found["actions"]

    account.write("b.yaml", api.replace("api.service", "b.service").replace("Exec", "Oxec"))
    found = explained()
    assert ("R2", []) == (found["wants"]["row"], found["actions"])
    assert "b.yaml:5" in found["wants"]["reason"]

    (account.home / ".config/unitward/config.yaml").write_text("prune_after: 0s\n")
    for name in ("api.yaml", "b.yaml"):
        (account.desired / name).unlink()
    found = explained()
    assert "R3" == found["wants"]["row"]
    digest = found["wants"]["reason"].rpartition(" ")[2]
    assert 0 == account.run("unitward", "approve", digest).returncode
    assert "R1" == explained()["wants"]["row"]


@pytest.mark.parametrize(
    ("path", "whom"),
    [("service.d/10-x.conf", "each service"), ("api-.service.d/10-x.conf", "each api-*.service")],
)
def test_dropins_for_many_units_are_explained(
    account: Any, explained: Explained, path: str, whom: str
) -> None:
    """C12: whom a type-wide or prefix drop-in adds to, before and after it is installed."""
    account.write(path, "[Service]\nNice=3\n")
    found = explained(path)
    assert ("pending", True) == (found["sync"], found["declared"])
    assert f"create {path}: new" == found["actions"][0]
    account.run("unitward", "apply")
    found = explained(path)
    assert ("in-sync", "C12") == (found["sync"], found["change"]["row"])
    assert whom in found["wants"]["reason"]
    assert ["ours"] == [file["standing"] for file in found["files"]]


def test_a_template_names_its_instances(account: Any, explained: Explained) -> None:
    """C11: its declared instances; one that was started by hand is explained as what it is."""
    account.write(
        "w.yaml",
        "version: 1\nunits:\n  w@.service:\n    Service: {ExecStart: /bin/sleep infinity}\n"
        "    Install: {WantedBy: default.target}\n    instances: [a]\n",
    )
    account.run("unitward", "apply")
    account.systemctl("start", "w@hand.service")
    found = explained("w@.service")
    assert "C11" == found["change"]["row"]
    assert "its declared instances: w@a.service" in found["wants"]["reason"]
    assert "W3" == explained("w@a")["wants"]["row"]
    by_hand = explained("w@hand")
    assert ("", "C11") == (by_hand["sync"], by_hand["wants"]["row"])
    assert "active" == by_hand["live"]["active"]


def test_units_of_others_are_explained_as_theirs(account: Any, explained: Explained) -> None:
    """What the manager knows and nobody declared: whose file it is, and no verdict of ours."""
    (account.unit_dir / "mine.service").write_text("[Service]\nExecStart=/bin/sleep 9\n")
    mine, shipped = explained("mine"), explained("default.target")
    assert ["foreign"] == [file["standing"] for file in mine["files"]]
    assert "`unitward adopt mine.service`" in mine["wants"]["reason"]
    assert ("", [], False) == (shipped["sync"], shipped["files"], shipped["declared"])
    text = account.run("unitward", "explain", "default.target").stdout
    assert text.startswith("default.target  not unitward's\n")


def test_a_path_of_one_units_dropin_leads_to_the_unit(account: Any, api: str) -> None:
    """Asked for a file of a unit, it names the unit to ask for."""
    account.write("api.yaml", api)
    account.write("api.service.d/10-x.conf", "[Service]\nNice=3\n")
    ended = account.run("unitward", "explain", "api.service.d/10-x.conf")
    assert (1, True) == (ended.returncode, "`unitward explain api.service`" in ended.stderr)
