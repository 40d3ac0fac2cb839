"""The daemon and the commands on an account without a bus."""

import json
import os
from typing import Any

from tests.integration.semantics.declare import PATIENT, SLEEP, manifest, saying, service
from tests.integration.semantics.scene import said

ONCE = {"Type": "oneshot"}
NOWHERE: Any = {"wanted_by": "", "own": {"state": "running"}}
"""A unit that nothing refers to: once it is down, the manager unloads it."""


def told(account: Any, *command: str) -> dict[str, Any]:
    """Return the JSON of a command that has to succeed."""
    ended = account.run("unitward", *command, "-o", "json")
    assert ended.returncode == 0, ended
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_the_whole_of_it(account: Any, loop: Any) -> None:
    """Files, links, jobs, drift and removal come about, and each command says the way it went."""
    account.write(
        "a.yaml", manifest(service("a"), service("b"), service("once", "/bin/true", keys=ONCE))
    )
    loop.start()
    before = loop.invocations("a.service", "b.service")

    assert {"in-sync"} == {unit["sync"] for unit in loop.report["units"]}
    assert "over the private socket" in loop.log
    assert any("over the private socket" in text for text in loop.said)
    assert not (account.runtime_dir / "bus").exists()
    account.write("a.yaml", manifest(service("a", "/bin/sleep 5000")))
    loop.sync()
    loop.until(lambda: not loop.is_active("b.service"), "what is not declared is removed")
    assert before["a.service"] != loop.invocation("a.service")
    account.systemctl("kill", "--signal=KILL", "a.service")
    (account.unit_dir / "a.service").unlink()
    loop.until((account.unit_dir / "a.service").exists, "the file is put back")
    loop.until(lambda: loop.is_active("a.service"), "what failed runs again")

    assert "private socket" in account.run("unitward", "status").stdout
    assert ["a.service"] == [unit["name"] for unit in told(account, "status")["units"]]
    assert [] == told(account, "plan")["actions"]
    assert 0 == account.run("unitward", "sync").returncode
    assert "a.yaml" in account.run("unitward", "explain", "a.service").stdout
    assert 0 == account.run("unitward", "logs", "a.service").returncode


def test_without_the_daemon(account: Any) -> None:
    """V10, W4: `apply` and `status` do without a bus and without the daemon."""
    account.write("a.yaml", manifest(service("a"), service("once", saying("x", ":"), keys=ONCE)))

    assert 0 == account.run("unitward", "apply", "--yes").returncode
    assert ["x"] == said(account)
    account.write("a.yaml", manifest(service("a")))
    assert "private socket" in account.run("unitward", "status").stdout
    assert "active" == account.show("a.service", "ActiveState")["ActiveState"]


def test_a_bus_that_comes_and_goes(account: Any, loop: Any) -> None:
    """V10, T7: the daemon changes over to a bus and back, with a pass each time, and knows on."""
    loop.configure(PATIENT)
    account.write("a.yaml", manifest(service("a", **NOWHERE), service("b")))
    loop.start()
    before = loop.invocation("b.service")
    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.sync_of("a.service") == "stopped-by-hand", "it is seen")

    account.give_bus()
    loop.until(lambda: "changing over to it" in loop.log, "the bus is noticed")
    loop.until(lambda: _users_of_the_bus(account) >= {loop.pid}, "it is used")
    account.write("a.yaml", manifest(service("a", **NOWHERE), service("b"), service("c", SLEEP)))
    loop.until(lambda: loop.is_active("c.service"), "changes are applied over the bus")
    loop.sync()
    assert "stopped-by-hand" == loop.sync_of("a.service")
    assert not any("private" in note for note in loop.report["notes"])

    account.systemctl("stop", "dbus.socket", "dbus.service")
    loop.until(lambda: "again, over the private socket" in loop.log, "it falls back")
    (account.unit_dir / "c.service").write_text("[Service]\nExecStart=/bin/true\n")
    loop.until(
        lambda: "infinity" in (account.unit_dir / "c.service").read_text(), "drift is mended"
    )
    loop.sync()
    assert "stopped-by-hand" == loop.sync_of("a.service")
    assert before == loop.invocation("b.service")
    account.systemctl("start", "dbus.socket")
    loop.until(lambda: loop.log.count("changing over to it") >= 2, "and changes over again")
    loop.sync()
    assert not any("private" in note for note in loop.report["notes"])


def _users_of_the_bus(account: Any) -> set[int]:
    listed = account.run("busctl", "--user", "--json=short", "list")
    return {row["pid"] for row in json.loads(listed.stdout)} if listed.returncode == 0 else set()


def test_the_commands_take_the_bus_of_another_place(account: Any, loop: Any) -> None:
    """An address of a bus that has no manager, as dbus-run-session gives, is no way to one."""
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    bus = account.spawn(
        "dbus-daemon",
        "--session",
        "--nofork",
        f"--address=unix:path={account.home}/b",
        "--print-address=1",
    )
    assert "b" in bus.stdout.readline()

    ended = account.run(
        "unitward",
        "plan",
        "-o",
        "json",
        env={"DBUS_SESSION_BUS_ADDRESS": f"unix:path={account.home}/b"},
    )

    assert 0 == ended.returncode, ended.stderr
    assert [] == json.loads(ended.stdout)["actions"]
    assert os.path.exists(account.home / "b")  # noqa: PTH110 - a socket, not a file
