"""What others do between a plan and its execution stands; the next pass takes it up.

Rows of docs/semantics.md: V10, P2, P3, D3, D5, N2, O5, O6, O8, T6.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.semantics.declare import PATIENT, SLEEP, manifest, saying, service
from tests.integration.semantics.midway import dropped, passes_on, words
from tests.integration.semantics.scene import command_of, said, state

OLD, NEW = "/bin/sleep 1111", "/bin/sleep 2222"
MOMENTS = ["planned", "written", "reloaded"]


def at(account: Any, moment: str) -> Callable[[], bool]:
    """Return a condition: the pass has its plan, wrote a's new file, or reloaded the manager."""
    path = account.unit_dir / "a.service"

    def loaded() -> str:
        return str(account.systemctl("show", "--property=UnitsLoadTimestampMonotonic"))

    before = loaded()
    match moment:
        case "planned":
            return lambda: True
        case "written":
            return lambda: NEW in path.read_text()
        case _:
            return lambda: loaded() != before


def patient(account: Any, grace: str = "5min") -> None:
    """Configure for how long what a person stopped stays down."""
    text = PATIENT.replace("5min", grace)
    (account.home / ".config/unitward/config.yaml").write_text(text)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_stopped_before_its_restart(account: Any, moment: str) -> None:
    """V10: a unit that a person stops while its restart is on the way stays down."""
    patient(account)
    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD), service("b", OLD)))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW), service("b", NEW)))
        report = await passes.do(
            lambda: account.systemctl("stop", "a.service"), at(account, moment)
        )
        assert "inactive" == state(account, "a.service")
        assert NEW == command_of(account, "b.service")
        assert {"a.service"} == dropped(report).keys()
        assert "changed meanwhile: somebody stopped it" in words(report, "a.service")[1]
        assert 0.0 < report.wake_at - report.finished_at < 1.0
        report = await passes.do()
        assert "inactive" == state(account, "a.service")
        assert "stopped-by-hand" == words(report, "a.service")[0]
        await passes.settle(1)
        account.systemctl("start", "a.service")
        assert NEW == command_of(account, "a.service")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_restarted_before_its_restart(account: Any, loop: Any, moment: str) -> None:
    """P2, P3: a person's restart is not repeated, unless it was by the old definition."""
    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD)))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW)))
        before = loop.invocation("a.service")
        report = await passes.do(
            lambda: account.systemctl("restart", "a.service"), at(account, moment)
        )
        theirs = loop.invocation("a.service")
        assert before != theirs
        assert "somebody restarted it" in dropped(report)["a.service"]
        await passes.settle(1)
        assert NEW == command_of(account, "a.service")
        assert (theirs == loop.invocation("a.service")) == (moment == "reloaded")


@pytest.mark.parametrize("moment", ["planned", "written"])
async def test_started_before_its_start(account: Any, loop: Any, moment: str) -> None:
    """P2, P3: a unit that a person starts first is taken over, or restarted if it is older."""
    patient(account, "0s")
    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD)))
        await passes.do()
        account.systemctl("stop", "a.service")
        account.write("a.yaml", manifest(service("a", NEW)))
        report = await passes.do(
            lambda: account.systemctl("start", "a.service"), at(account, moment)
        )
        theirs = loop.invocation("a.service")
        assert OLD == command_of(account, "a.service")
        assert "somebody started it" in dropped(report)["a.service"]
        await passes.settle(1)
        assert NEW == command_of(account, "a.service")
        after = loop.invocation("a.service")
        assert theirs != after
        await passes.settle(0)
        assert after == loop.invocation("a.service")


async def test_stop_that_takes_its_time(account: Any, loop: Any) -> None:
    """V10: a person's stop under way at the start of a step is left to end, and counts."""
    patient(account)
    os.mkfifo(account.home / "gate")
    slow = {"ExecStop": f'/bin/sh -c "read x < {account.home}/gate"'}
    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD, keys=slow)))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW, keys=slow)))
        report = await passes.do(lambda: account.systemctl("stop", "--no-block", "a.service"))
        assert "deactivating" == state(account, "a.service")
        assert OLD in (account.unit_dir / "a.service").read_text()
        assert "changed meanwhile" in dropped(report)["a.service"]
        (account.home / "gate").write_text("\n")
        loop.until(lambda: state(account, "a.service") == "inactive", "the stop ends")
        await passes.settle(1)
        assert "inactive" == state(account, "a.service")
        assert NEW in (account.unit_dir / "a.service").read_text()


async def test_stop_that_takes_the_place_of_our_restart(account: Any, loop: Any) -> None:
    """V10: a person's stop that cancels our restart job is not undone by the next pass."""
    patient(account)
    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD)))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW, keys={"Type": "notify"})))
        stopper = account.spawn(
            sys.executable,
            "-c",
            "import subprocess, time\n"
            "show = ['systemctl', '--user', 'show', '--value', '-p', 'SubState', 'a.service']\n"
            "while b'start' not in subprocess.run(show, capture_output=True).stdout:\n"
            "    time.sleep(0.01)\n"
            "subprocess.run(['systemctl', '--user', 'stop', 'a.service'])\n",
        )
        report = await passes.do()
        stopper.communicate(timeout=20)
        assert "another job took its place" in words(report, "a.service")[1]
        loop.until(lambda: state(account, "a.service") == "inactive", "the stop ends")
        await passes.settle(1)
        assert "inactive" == state(account, "a.service")


def test_stop_that_takes_the_place_of_a_job_left_over(account: Any, loop: Any) -> None:
    """V10: so is one that cancels a restart which had outlasted its pass."""
    os.mkfifo(account.home / "gate")
    slow = "/bin/sh -c 'trap \"read x < %h/gate; exit 0\" TERM; sleep infinity & wait'"
    loop.configure(PATIENT + "job_wait: 100ms\n")
    account.write("a.yaml", manifest(service("a", slow)))
    loop.start()
    loop.until(lambda: "gate" in command_of(account, "a.service"), "its trap is set")
    loop.settled()
    account.write("a.yaml", manifest(service("a", NEW)))
    loop.until(lambda: "still starting" in loop.log, "the pass ends before its job")
    account.systemctl("stop", "--no-block", "a.service")
    (account.home / "gate").write_text("\n")
    loop.until(lambda: state(account, "a.service") == "inactive", "the stop ends")
    for _ in range(2):
        loop.sync()
    assert "inactive" == state(account, "a.service"), loop.log
    assert "stopped-by-hand" == loop.sync_of("a.service")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_disabled_meanwhile(account: Any, moment: str) -> None:
    """D3: a person's `disable` in the middle of a pass stands until the next one."""
    link = account.unit_dir / "default.target.wants/a.service"
    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD)))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW)))
        await passes.do(lambda: account.systemctl("disable", "a.service"), at(account, moment))
        assert not link.is_symlink()
        await passes.settle(2)
        assert link.is_symlink()
        assert NEW == command_of(account, "a.service")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_foreign_reload(account: Any, loop: Any, moment: str) -> None:
    """O6: a daemon-reload of somebody else at any step changes nothing of the outcome."""
    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD), service("still")))
        await passes.do()
        before = loop.invocations("a.service", "still.service")
        account.write("a.yaml", manifest(service("a", NEW), service("still"), service("new")))
        report = await passes.do(lambda: account.systemctl("daemon-reload"), at(account, moment))
        assert {} == dropped(report)
        assert NEW == command_of(account, "a.service")
        assert SLEEP == command_of(account, "new.service")
        assert before["still.service"] == loop.invocation("still.service")
        after = loop.invocations("a.service", "new.service")
        await passes.settle(1)
        assert after == loop.invocations("a.service", "new.service")


async def test_name_taken_by_a_transient_unit_meanwhile(account: Any, loop: Any) -> None:
    """N2, O5: a transient unit that took the name since the plan runs on; ours waits for it."""

    def take() -> None:
        ended = account.run("systemd-run", "--user", "--unit=a", *OLD.split())
        assert 0 == ended.returncode, ended.stderr

    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", NEW)))
        report = await passes.do(take)
        theirs = loop.invocation("a.service")
        assert OLD == command_of(account, "a.service")
        assert "/transient/a.service took its name" in dropped(report)["a.service"]
        for _ in range(3):
            report = await passes.do()
        assert "overridden" == words(report, "a.service")[0]
        assert theirs == loop.invocation("a.service")
        account.systemctl("stop", "a.service")
        await passes.settle(2)
        assert NEW == command_of(account, "a.service")


async def test_name_of_a_running_unit_taken_by_a_transient_one(account: Any, loop: Any) -> None:
    """N2, O8: our unit goes and another takes its name before our restart; it is not restarted."""

    def take() -> None:
        account.systemctl("stop", "a.service")
        (account.unit_dir / "a.service").unlink()
        (account.unit_dir / "default.target.wants/a.service").unlink()
        account.systemctl("daemon-reload")
        ended = account.run("systemd-run", "--user", "--unit=a", "/bin/sleep", "3333")
        assert 0 == ended.returncode, ended.stderr

    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD)))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW)))
        report = await passes.do(take)
        theirs = loop.invocation("a.service")
        assert "changed meanwhile" in dropped(report)["a.service"]
        for _ in range(3):
            report = await passes.do()
            assert theirs == loop.invocation("a.service")
        assert "overridden" == words(report, "a.service")[0]


async def test_name_taken_by_a_generated_unit(account: Any) -> None:
    """N2: a generated unit is named as such, and comes back once nothing declares its name."""
    autostart = account.home / ".config/autostart"
    autostart.mkdir()
    entry = f"[Desktop Entry]\nType=Application\nName=gen\nExec={OLD}\n"
    (autostart / "gen.desktop").write_text(entry)
    account.systemctl("daemon-reload")
    name = "app-gen@autostart.service"
    account.systemctl("start", name)
    assert "/generator" in account.show(name, "FragmentPath")["FragmentPath"]
    patient(account)
    async with passes_on(account) as passes:
        others = manifest(*(service(letter) for letter in "bcd"))
        account.write("others.yaml", others)
        account.write("a.yaml", manifest(service("app-gen@autostart", NEW)))
        considered = await passes.look()
        planned = [a.reason for a in considered.plan.actions if a.unit == name]
        assert any("/generator" in reason for reason in planned)
        await passes.settle(2)
        assert NEW == command_of(account, name)
        assert entry == (autostart / "gen.desktop").read_text()
        (account.desired / "a.yaml").unlink()
        await passes.settle(3)
        assert OLD == command_of(account, name)
        assert "/generator" in account.show(name, "FragmentPath")["FragmentPath"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("way", ["set-property", "edit"])
async def test_drop_in_of_a_person_meanwhile(account: Any, moment: str, way: str) -> None:
    """D5: what a person sets on a unit during a pass stays, takes effect, and is said."""

    def change() -> None:
        if way == "set-property":
            account.systemctl("set-property", "a.service", "TasksMax=77")
            return
        # What `systemctl edit` does once its editor ends; it wants a terminal.
        folder = account.unit_dir / "a.service.d"
        folder.mkdir()
        (folder / "override.conf").write_text("[Service]\nTasksMax=77\n")
        account.systemctl("daemon-reload")

    async with passes_on(account) as passes:
        account.write("a.yaml", manifest(service("a", OLD)))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW)))
        await passes.do(change, at(account, moment))
        report = await passes.do()
        assert NEW == command_of(account, "a.service")
        assert "77" == account.show("a.service", "TasksMax")["TasksMax"]
        assert "overridden" == words(report, "a.service")[0]
        await passes.settle(0)


async def test_socket_and_service_are_dropped_together(account: Any, loop: Any) -> None:
    """C7: when a person restarts the service first, its socket is not stopped without it."""
    socket_unit = "  a.socket:\n    Socket: {ListenStream: '%t/NAME'}\n"
    install = "    Install: {WantedBy: sockets.target}\n"

    def text(name: str) -> str:
        return manifest(service("a", OLD), socket_unit.replace("NAME", name) + install)

    async with passes_on(account) as passes:
        account.write("a.yaml", text("one"))
        await passes.do()
        await passes.settle(1)
        account.systemctl("start", "a.service")
        await passes.settle(1)
        before = loop.invocation("a.socket")
        account.write("a.yaml", text("two"))
        report = await passes.do(lambda: account.systemctl("restart", "a.service"))
        assert {"a.service", "a.socket"} == dropped(report).keys()
        assert before == loop.invocation("a.socket")
        await passes.settle(1)
        assert {"active"} == {state(account, name) for name in ("a.service", "a.socket")}
        assert (account.runtime_dir / "two").is_socket()


async def test_unit_that_restarts_itself_is_not_waited_for(account: Any) -> None:
    """V0: a unit that systemd restarts over and over gets its new definition all the same."""
    again = {"Restart": "always", "RestartSec": "20ms"}
    free = {"StartLimitIntervalSec": "0"}
    async with passes_on(account) as passes:
        loops = service("a", "/bin/sleep 0.02", keys=again, unit=free)
        account.write("a.yaml", manifest(loops))
        await passes.do()
        account.write("a.yaml", manifest(service("a", NEW, keys=again, unit=free)))
        for _ in range(2):
            await passes.do()
        account.wait_for(lambda: command_of(account, "a.service") == NEW, "the new one runs")


def test_one_more_pass(account: Any, loop: Any) -> None:
    """T6: what was dropped is planned anew in exactly one more pass, soon after."""
    os.mkfifo(account.home / "gate")
    stop = f'/bin/sh -c "echo stopping >> {account.home}/said; read x < {account.home}/gate"'
    slow = {"ExecStop": stop}
    loop.configure(PATIENT + "job_wait: 30s\n")
    account.write("a.yaml", manifest(service("a", OLD), service("slow", OLD, keys=slow)))
    loop.start()
    passes = loop.settled()
    account.write("a.yaml", manifest(service("a", NEW), service("slow", NEW, keys=slow)))
    loop.until(lambda: said(account) == ["stopping"], "the pass waits for the stop")
    account.systemctl("restart", "a.service")
    (account.home / "gate").write_text("\n")
    loop.until(lambda: command_of(account, "a.service") == NEW, "it is planned anew")
    assert passes + 2 == loop.settled()
    assert "changed meanwhile: somebody restarted it" in loop.log
    assert {"in-sync"} == {loop.sync_of(name) for name in ("a.service", "slow.service")}


def test_stopped_while_the_daemon_restarts_it(account: Any, loop: Any) -> None:
    """V10: ten times, a stop in the middle of the daemon's pass is not undone."""
    loop.configure(PATIENT)
    account.write("a.yaml", manifest(service("a", saying("0"))))
    loop.start()
    for turn in range(1, 11):
        account.systemctl("start", "a.service")
        loop.sync()
        account.write("a.yaml", manifest(service("a", saying(str(turn)))))
        path = account.unit_dir / "a.service"
        loop.until(lambda turn=turn, path=path: f"echo {turn} " in path.read_text(), "written")
        account.systemctl("stop", "a.service")
        for _ in range(2):
            loop.sync()
        assert "inactive" == state(account, "a.service"), loop.log
        assert "stopped-by-hand" == loop.sync_of("a.service")
