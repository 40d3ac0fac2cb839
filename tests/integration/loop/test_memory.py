"""What the daemon and the commands know of units that the manager has unloaded."""

import json
from pathlib import Path
from typing import Any

from tests.integration.semantics.declare import PATIENT, manifest, saying, service
from tests.integration.semantics.scene import said

ONCE = {"Type": "oneshot"}
COLLECTED = {"CollectMode": "inactive-or-failed"}
NOWHERE: Any = {"wanted_by": "", "own": {"state": "running"}}
"""A unit that nothing refers to: once it is down, the manager unloads it."""


def remembered(account: Any) -> set[str]:
    """Return the units of which the last run is kept."""
    file = Path(account.env["XDG_RUNTIME_DIR"], "unitward", "remembered.json")
    return set(json.loads(file.read_text())["units"]) if file.exists() else set()


def planned(account: Any) -> list[Any]:
    """Return the actions that `plan` names, in a process of its own."""
    ended = account.run("unitward", "plan", "-o", "json")
    assert ended.returncode == 0, ended
    return list(json.loads(ended.stdout)["actions"])


def test_a_stop_by_hand_outlives_the_unit(account: Any, loop: Any) -> None:
    """V10: what a person stopped stays so though its unit is unloaded; each command knows, too."""
    loop.configure(PATIENT)
    account.write("a.yaml", manifest(service("a", **NOWHERE)))
    loop.start()
    loop.until(lambda: loop.is_active("a.service"), "it runs")

    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.sync_of("a.service") == "stopped-by-hand", "it is seen")
    account.systemctl("daemon-reload")
    assert "a.service" not in account.units()
    loop.sync()
    assert "stopped-by-hand" == loop.sync_of("a.service")
    assert [] == planned(account)
    assert "stopped by hand" in account.run("unitward", "explain", "a.service").stdout
    assert not loop.is_active("a.service")


def test_a_run_that_ended_is_not_made_again(account: Any, loop: Any) -> None:
    """O5, W4, V11: what began before the reload and ended is complete, though it was unloaded."""
    account.write(
        "a.yaml",
        manifest(
            service("once", saying("once", ":"), keys=ONCE, **NOWHERE),
            service("short", saying("short", ":"), **NOWHERE),
            service("target", saying("target", ":"), keys=ONCE),
        ),
    )
    loop.start()
    loop.settled()
    loop.sync()
    account.systemctl("daemon-reload")
    loop.sync()

    assert ["once", "short", "target"] == sorted(said(account))
    assert not {"once.service", "short.service"} & account.units()
    assert {"in-sync"} == {unit["sync"] for unit in loop.report["units"]}
    assert [] == planned(account)


def test_a_unit_that_was_removed_is_forgotten(account: Any, loop: Any) -> None:
    """R4: what a removed unit did is told no more, and one of its name that comes later runs."""
    loop.configure("prune_after: 0")
    account.write("a.yaml", manifest(service("a", **NOWHERE)))
    account.write("b.yaml", manifest(service("b", **NOWHERE)))
    loop.start()
    account.systemctl("stop", "a.service")
    loop.until(lambda: "a.service" in remembered(account), "its stop is kept")
    (account.desired / "a.yaml").unlink()
    loop.until(lambda: not (account.unit_dir / "a.service").exists(), "it is removed")
    loop.sync()
    assert "a.service" not in remembered(account)

    account.write("a.yaml", manifest(service("a", **NOWHERE)))
    loop.until(lambda: loop.is_active("a.service"), "the new one runs")
    assert loop.is_active("b.service")


def test_what_is_remembered_outlives_the_daemon(account: Any, loop: Any) -> None:
    """V10: a daemon that is started anew knows what the one before it heard."""
    loop.configure(PATIENT)
    account.write("a.yaml", manifest(service("a", **NOWHERE)))
    loop.start()
    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.sync_of("a.service") == "stopped-by-hand", "it is seen")
    loop.stop()
    assert "a.service" not in account.units()

    loop.start()
    assert "stopped-by-hand" == loop.sync_of("a.service")
    loop.stop()
    account.stop_manager()
    account.start_manager()
    loop.start()
    assert loop.is_active("a.service")


def test_a_reexecution_forgets_nothing(account: Any, loop: Any) -> None:
    """V10, T7: after a re-execution, which ends the connection, nothing is done a second time."""
    loop.configure(PATIENT)
    account.write("a.yaml", manifest(service("a", **NOWHERE), service("b")))
    loop.start()
    before = loop.invocation("b.service")
    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.sync_of("a.service") == "stopped-by-hand", "it is seen")

    account.systemctl("daemon-reexec")
    loop.until(lambda: "connected to the user manager again" in loop.log, "it connects anew")
    loop.sync()
    assert "stopped-by-hand" == loop.sync_of("a.service")
    assert before == loop.invocation("b.service")
    account.write("a.yaml", manifest(service("a", **NOWHERE), service("b"), service("c")))
    loop.until(lambda: loop.is_active("c.service"), "changes are seen as before")


def test_what_is_stopped_and_disabled_by_hand_stays_down(account: Any, loop: Any) -> None:
    """V10, D3: the links come back, what a person stopped does not; `plan` agrees."""
    loop.configure(PATIENT)
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    link = account.unit_dir / "default.target.wants/a.service"

    account.systemctl("disable", "--now", "a.service")
    loop.until(link.exists, "it is linked again")
    loop.sync()

    assert "stopped-by-hand" == loop.sync_of("a.service")
    assert [] == planned(account)
    assert not loop.is_active("a.service")


def test_what_ended_before_is_known_from_the_first_pass(account: Any, loop: Any) -> None:
    """V11, D3: what was complete when the daemon began stays so when it is unloaded later."""
    account.write("a.yaml", manifest(service("short", saying("short", ":"))))
    assert 0 == account.run("unitward", "apply", "--yes").returncode
    link = account.unit_dir / "default.target.wants/short.service"
    loop.start()

    account.systemctl("disable", "short.service")
    loop.until(link.exists, "it is linked again")
    loop.settled()
    loop.sync()

    assert ["short"] == said(account)
    assert "in-sync" == loop.sync_of("short.service")
    assert [] == planned(account)


def test_an_apply_leaves_what_it_heard(account: Any, loop: Any) -> None:
    """O5, V11: what `apply` began before the reload and ended then is known after it."""
    account.write(
        "a.yaml",
        manifest(
            service("short", saying("short", ":"), **NOWHERE),
            service("once", saying("once", ":"), keys=ONCE, **NOWHERE),
            service("failed", saying("failed", "exit 7"), unit=COLLECTED, keys=ONCE, **NOWHERE),
        ),
    )
    ended = account.run("unitward", "apply", "--yes")
    assert "exit status 7" in ended.stdout
    assert not {"short.service", "once.service", "failed.service"} & account.units()
    assert [] == planned(account)

    loop.start()
    loop.sync()
    assert ["failed", "once", "short"] == sorted(said(account))
    assert "failed" == loop.sync_of("failed.service")
    assert "in-sync" == loop.sync_of("short.service") == loop.sync_of("once.service")


def test_a_failure_outlives_the_unit(account: Any, loop: Any) -> None:
    """V5, H4: what failed and was unloaded for that is told as failed, and can be tried again."""
    fails = saying("tried", "test -e %h/good")
    account.write("a.yaml", manifest(service("a", fails, unit=COLLECTED, keys=ONCE, **NOWHERE)))
    loop.start()
    loop.until(lambda: loop.sync_of("a.service") == "failed", "it is seen")
    loop.sync()

    assert "a.service" not in account.units()
    assert ["failed"] == [unit["active"] for unit in loop.report["units"]]
    assert "exit status 1" in account.run("unitward", "status").stdout
    assert [] == planned(account)
    assert 0 != account.run("systemctl", "--user", "reset-failed", "a.service").returncode
    loop.sync()
    assert "failed" == loop.sync_of("a.service")
    assert ["tried"] == said(account)

    (account.home / "good").touch()
    assert 0 == account.run("unitward", "retry", "a.service").returncode
    loop.until(lambda: loop.sync_of("a.service") == "in-sync", "it is tried again")
    loop.sync()
    assert ["tried"] * 2 == said(account)
    assert ["inactive"] == [unit["active"] for unit in loop.report["units"]]
