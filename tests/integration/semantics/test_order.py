"""The order within a pass (docs/semantics.md, O)."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.integration.semantics.declare import SLEEP, manifest, saying, service
from tests.integration.semantics.interrupt import begin_pass, pass_killed_when
from tests.integration.semantics.scene import command_of, said, state

from unitward.store.ledger import read_ledger
from unitward.systemd.events import ReloadFinished
from unitward.systemd.manager import Manager

PAIRS = 10


def test_everything_is_checked_first(account: Any, loop: Any) -> None:
    """O1: what systemd refuses and what needs it stay out; nothing of them is ever written."""
    account.write(
        "a.yaml",
        manifest(
            service("bad", "/bin/sleep 1", keys={"Type": "sometimes"}),
            service("needs", unit={"Requires": "bad.service"}),
            service("good"),
        ),
    )
    loop.start()
    assert loop.is_active("good.service")
    assert ["invalid"] * 2 == [loop.sync_of("bad.service"), loop.sync_of("needs.service")]
    assert {"good.service"} == {path.name for path in account.unit_dir.glob("*.service")}


def test_removed_unit_is_stopped_by_its_own_definition(account: Any, loop: Any) -> None:
    """O3: the stop command of a removed unit runs while its file and the old loading stand."""
    checks = "test -e .config/systemd/user/b.service && echo stopped >> said"
    stops = {"ExecStop": f"/bin/sh -c '{checks}'", "WorkingDirectory": '"%h"'}
    account.write("a.yaml", manifest(service("a")))
    account.write("b.yaml", manifest(service("b", keys=stops)))
    loop.start()
    (account.desired / "b.yaml").unlink()
    loop.until(lambda: not (account.unit_dir / "b.service").exists(), "it is removed")
    assert ["stopped"] == said(account)


def test_files_are_never_half_written(account: Any, loop: Any) -> None:
    """O4: a reader sees the old file or the new one through ten changes, never less."""
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    path = account.unit_dir / "a.service"
    whole, seen, done = {path.read_bytes()}, set[bytes](), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(10):
            unit = {"Description": str(number) * 9999}
            account.write("a.yaml", manifest(service("a", unit=unit)))
            loop.sync()
            whole.add(path.read_bytes())
    finally:
        done.set()
        reader.join()
    assert PAIRS < len(whole)
    assert set() == seen - whole


def started_at(account: Any, unit: str) -> int:
    """Return when a unit's process started, in CLOCK_MONOTONIC microseconds."""
    return int(account.show(unit, "ExecMainStartTimestampMonotonic").popitem()[1])


def test_new_units_start_before_the_reload(account: Any, loop: Any) -> None:
    """O5: a new service starts before the reload; one that follows a changed unit after it."""
    account.write("a.yaml", manifest(service("a", "/bin/sleep 1111")))
    loop.start()
    account.write(
        "a.yaml",
        manifest(
            service("a", "/bin/sleep 2222"),
            service("free", saying("free", ":")),
            service("tied", unit={"After": "a.service"}),
        ),
    )
    loop.sync()
    loaded = account.systemctl("show", "--property=UnitsLoadTimestampMonotonic")
    reloaded = int(loaded.partition("=")[2])
    assert "/bin/sleep 2222" == command_of(account, "a.service")
    assert started_at(account, "free.service") < reloaded
    assert reloaded < started_at(account, "a.service") <= started_at(account, "tied.service")
    loop.sync()
    assert ["free"] == said(account)
    assert {"in-sync"} == {loop.sync_of(f"{name}.service") for name in ("a", "free", "tied")}


async def test_one_reload(account: Any) -> None:
    """O6: a pass that changes twenty units reloads the manager once."""
    for word in ("one", "two"):
        account.write(
            "a.yaml",
            manifest(*(service(f"u{n}", unit={"Description": f"{word}"}) for n in range(20))),
        )
        manager = await Manager.connect(account.env)
        heard: list[object] = []
        manager.listen(heard.append)
        assert 0 == account.run("unitward", "apply").returncode
        await manager.facts()
        assert 1 == sum(isinstance(event, ReloadFinished) for event in heard)
        await manager.close()
    assert "two" == account.show("u19.service", "Description")["Description"]


@pytest.mark.usefixtures("bus")
def test_nothing_runs_after_a_reload_that_failed(account: Any, loop: Any) -> None:
    """O6: when the reload fails no unit is restarted by what may be the old definition."""
    account.write("a.yaml", manifest(service("a", "/bin/sleep 1111")))
    loop.start()
    loop.kill()
    before = loop.invocation("a.service")
    account.write("a.yaml", manifest(service("a", "/bin/sleep 2222")))
    manager, bus = account.manager_pid, account.show("dbus.service", "MainPID")["MainPID"]
    assert int(bus), "process 0 would be all of this test's own"
    written = "grep -q 2222 .config/systemd/user/a.service"
    hung = begin_pass(account, f"{written} && kill -STOP {manager}; false")
    try:
        stat = Path(f"/proc/{manager}/stat")
        loop.until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it hangs")
        assert 0 == subprocess.run(["/bin/kill", "-KILL", bus], check=False).returncode
        hung.communicate(timeout=30)
    finally:
        subprocess.run(["/bin/kill", "-CONT", str(manager)], check=True)
    assert 0 != hung.returncode
    assert before == loop.invocation("a.service")
    account.wait_for(lambda: account.run("busctl", "--user", "list").returncode == 0, "the bus")
    loop.start()
    assert "/bin/sleep 2222" == command_of(account, "a.service")


def test_starts_follow_dependencies(account: Any, loop: Any) -> None:
    """O7: ten pairs, new and changed three times, start in the order of their After= each time."""

    def text(turn: int) -> str:
        ready = {"Type": "oneshot", "RemainAfterExit": "yes"}
        return manifest(
            *(
                service(f"z{n}", saying(f"z{n}.{turn}", "sleep 0.05"), keys=ready)
                for n in range(PAIRS)
            ),
            *(
                service(f"a{n}", saying(f"a{n}.{turn}"), unit={"After": f"z{n}.service"})
                for n in range(PAIRS)
            ),
        )

    for turn in range(3):
        account.write("a.yaml", text(turn))
        if turn == 0:
            loop.start()
        loop.until(lambda turn=turn: len(said(account)) == 2 * PAIRS * (turn + 1), "all started")
        words = said(account)
        for n in range(PAIRS):
            assert words.index(f"z{n}.{turn}") < words.index(f"a{n}.{turn}")
            assert command_of(account, f"a{n}.service")
    exits = [
        int(account.show(f"z{n}.service", "ActiveEnterTimestampMonotonic").popitem()[1])
        for n in range(PAIRS)
    ]
    starts = [started_at(account, f"a{n}.service") for n in range(PAIRS)]
    assert all(ended <= began for ended, began in zip(exits, starts, strict=True))


def test_a_start_that_is_done_may_have_failed(account: Any, loop: Any) -> None:
    """O8: the pass that started a unit says that it failed, though its job was done."""
    account.write("a.yaml", manifest(service("a", "/bin/sh -c 'exit 7'")))
    loop.start()
    assert ("failed", True) == (loop.sync_of("a.service"), loop.passes == 1)
    assert "exit status 7" in loop.unit("a.service")["reason"]


def test_a_unit_of_our_name_is_not_ours(account: Any, loop: Any) -> None:
    """O8: a transient unit that runs under our name does not count as ours."""
    account.run("systemd-run", "--user", "--unit=a", "sleep", "1111")
    before = loop.invocation("a.service")
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    loop.sync()
    loop.sync()
    assert "overridden" == loop.sync_of("a.service")
    assert before == loop.invocation("a.service")
    account.systemctl("stop", "a.service")
    loop.until(lambda: command_of(account, "a.service") == SLEEP, "ours comes once it is gone")


@pytest.mark.parametrize("step", range(2, 12, 3))
def test_what_was_done_is_recorded(account: Any, loop: Any, step: int) -> None:
    """O9: wherever a pass is killed, the next one finishes it and no intent stays open."""
    account.write("a.yaml", manifest(service("a", saying("one")), service("still")))
    loop.start()
    loop.sync()
    loop.kill()
    before = loop.invocation("still.service")
    account.write("a.yaml", manifest(service("a", saying("two")), service("still"), service("b")))
    pass_killed_when(account, f'echo >> steps; test "$(wc -l < steps)" -ge {step}')
    loop.start()
    loop.sync()
    assert before == loop.invocation("still.service")
    assert ["one", "two"] == said(account)
    assert loop.is_active("b.service")
    ledger = read_ledger(loop.ledger_path)
    assert ledger is not None
    with ledger:
        recorded = ledger.read()
    assert () == recorded.intents
    for name in ("a.service", "b.service", "still.service"):
        assert (account.unit_dir / name).read_bytes() == recorded.files[name].content
        assert loop.invocation(name) == recorded.units[name].invocation


def test_own_unit_last(account: Any, loop: Any) -> None:
    """O10: unitward restarts its own unit once, after everything else, and goes on working."""

    def text(value: int) -> str:
        own = f"{sys.executable} -m unitward run"
        return manifest(
            service("unitward", own, keys={"Type": "notify", "Environment": f"TURN={value}"}),
            service("a", saying(f"{value}")),
            service("zz", "/bin/sleep 5000", keys={"Environment": f"TURN={value}"}),
        )

    loop.configure()
    account.write("a.yaml", text(1))
    assert 0 == account.run("unitward", "apply").returncode
    account.systemctl("start", "unitward.service")
    assert 0 == account.run("unitward", "sync").returncode
    first = loop.invocations("unitward.service", "a.service")
    account.write("a.yaml", text(2))
    account.wait_for(
        lambda: (
            loop.invocation("unitward.service") != first["unitward.service"]
            and loop.is_active("unitward.service")
        ),
        "it restarts itself",
    )
    own = account.show("unitward.service", "InactiveExitTimestampMonotonic").popitem()[1]
    assert max(started_at(account, unit) for unit in ("a.service", "zz.service")) < int(own)
    second = loop.invocation("unitward.service")
    assert 0 == account.run("unitward", "sync").returncode
    assert second == loop.invocation("unitward.service")
    assert ["1", "2"] == said(account)
    os.kill(int(account.show("unitward.service", "MainPID")["MainPID"]), 0)
    assert "active" == state(account, "a.service")
