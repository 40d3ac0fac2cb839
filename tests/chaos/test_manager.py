"""The manager and the bus, disturbed while a pass runs."""

import os
import signal
from typing import Any

import pytest
from tests.integration.chaos.trial import Trials

SILENCE_S = 30
PLACES = (("write", "before"), ("reload", "after"), ("restart", "before"), ("restart", "after"))


@pytest.fixture
def trials(account: Any, loop: Any) -> Trials:
    """Give an account of mixed units that has converged once."""
    made = Trials(account, loop, seed=0)
    made.begin()
    return made


def disturb(trials: Trials, kind: str, side: str, command: str) -> None:
    """Change everything; the daemon itself runs a command at a boundary, and goes on."""
    trials.change()
    trials.spawn_struck({"STRUCK_DO": command}, kind, side, "1")


@pytest.mark.parametrize(("kind", "side"), PLACES)
def test_reexecuted(trials: Trials, kind: str, side: str) -> None:
    """A manager that re-executes itself costs nothing: all converges, each service runs once."""
    done, manager = trials.account.home / "tmp/done", trials.account.manager_pid
    disturb(trials, kind, side, f"systemctl --user daemon-reexec && touch {done}")
    trials.loop.until(done.exists, "it is another one now")
    trials.quiet()
    trials.check()
    assert manager == trials.account.manager_pid
    assert trials.loop.runs


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize(("kind", "side"), PLACES)
def test_bus_killed(trials: Trials, kind: str, side: str) -> None:
    """A bus that is killed comes back with its socket; all converges, each service runs once."""
    account = trials.account
    bus = int(account.show("dbus.service", "MainPID")["MainPID"])
    disturb(trials, kind, side, f"kill -KILL {bus}")
    trials.loop.until(lambda: not os.path.exists(f"/proc/{bus}"), "it is killed")  # noqa: PTH110 - brief
    trials.quiet()
    trials.check()
    assert trials.loop.runs
    assert bus != int(account.show("dbus.service", "MainPID")["MainPID"]) > 0


@pytest.mark.parametrize(("kind", "side"), PLACES)
def test_manager_restarted(trials: Trials, kind: str, side: str) -> None:
    """Killed with all its units in the middle of a pass, and booted again, everything runs."""
    account = trials.account
    reached, go = (account.home / "tmp" / name for name in ("reached", "go"))
    os.mkfifo(go)
    disturb(trials, kind, side, f"touch {reached}; read x < {go}")
    trials.loop.until(reached.exists, "it is in the middle of a pass")
    account.kill_manager()
    account.start_manager()
    go.write_text("go\n")
    trials.quiet()
    assert trials.loop.runs
    trials.check_after_boot()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "side"), [("reload", "before"), ("restart", "before")])
def test_silent_manager(trials: Trials, kind: str, side: str) -> None:
    """A manager that says nothing for 30 s: what was asked of it is done once, and no more."""
    manager = trials.account.manager_pid
    stopped = f"kill -STOP {manager}; (sleep {SILENCE_S}; kill -CONT {manager}) >/dev/null 2>&1 &"
    disturb(trials, kind, side, stopped)
    try:
        trials.loop.until(lambda: _is_stopped(manager), "it is silent")
        trials.loop.until(lambda: not _is_stopped(manager), "it speaks again", 2 * SILENCE_S)
    finally:
        os.kill(manager, signal.SIGCONT)
    trials.quiet()
    trials.check()


def _is_stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 - brief
        return file.read().rpartition(")")[2].split()[0] == "T"
