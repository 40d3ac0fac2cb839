"""The rows: each measures unitward and the floor in turn, in the same account."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.account import (
    SETTLE_S,
    Account,
    children_faults,
    cpu_seconds,
    resident_mb,
    switches,
)
from tests.bench.figures import Figure

FLOOR = [sys.executable, str(Path(__file__).with_name("floor.py"))]
UNITWARD = [sys.executable, "-m", "unitward"]
# How many units the rows of first convergence and of removal are promised for.
GIVEN = 100
IDLE_S = 20.0
PASSES = 20


def names(count: int) -> list[str]:
    """Name the units of a benchmark of this size."""
    return [f"bench{number:04}.service" for number in range(count)]


def first(account: Account, units: int, times: int) -> Figure:
    """Converge an empty account for the first time: files, links and running services."""
    ours, floor = [], []
    for _ in range(times):
        account.reset()
        for name in names(units):
            account.declare(name)
        ours.append(account.timed([*UNITWARD, "apply", "--yes"]))
        _demand(account.active() == units, f"{units} services run")
        files = _installed(account)
        account.reset()
        floor.append(account.timed(FLOOR, _job(account, files=files, enable=list(files), start=1)))
        _demand(account.active() == units, f"the floor's {units} services run")
    goal = ("≤ 1.2 floors", 1.2) if units == GIVEN else ("aim: 1.2 floors", None)
    return Figure("first convergence", units, "s", ours, floor, *goal)


def nothing(account: Account, units: int, times: int) -> Figure:
    """Make passes that find nothing to do: CPU of the daemon, and nobody asked for help."""
    with _converged(account, units):
        account.unitward("sync")
        pid = account.daemon_pid
        loaded, faults = account.manager_stamp("UnitsLoadTimestampMonotonic"), children_faults(pid)
        ours = []
        for _ in range(times):
            before = cpu_seconds(pid)
            for _ in range(PASSES):
                account.have_a_pass(names(units)[0])
            ours.append((cpu_seconds(pid) - before) * 1000 / PASSES)
        _demand(children_faults(pid) == faults, "no subprocess")
        _demand(
            account.manager_stamp("UnitsLoadTimestampMonotonic") == loaded, "no reload in a pass"
        )
    limit = 60 if units == 1000 else None
    return Figure("nothing to do", units, "ms", ours, (), "≤ 60 ms of CPU", limit)


def changed(account: Account, units: int, times: int) -> Figure:
    """One manifest changed beside others: from saving it until the new process runs."""
    ours, floor = [], []
    with _converged(account, units):
        name = names(units)[0]
        for turn in range(times):
            ours.append(_latency(account, name, f"changed{turn}") - SETTLE_S)
            account.end_daemon()
            files = {name: (account.unit_dir / name).read_text().replace("changed", "bare")}
            floor.append(_floor(account, files=files, restart=[name]))
            account.start_daemon()
    goal = "≤ 1.2 floors, without settling"
    limit = 1.2 if units == 1000 else None
    return Figure("one manifest changed", units, "s", ours, floor, goal, limit)


def added(account: Account, units: int, times: int) -> Figure:
    """Add a manifest beside others: from saving it until the service's process is started."""
    with _converged(account, units):
        ours = [
            _latency(account, f"benchnew{turn}.service", f"new{turn}") * 1000
            for turn in range(times)
        ]
    limit = (SETTLE_S + 0.1) * 1000
    return Figure("new unit", units, "ms", ours, (), "≤ settling time + 100 ms", limit)


def removed(account: Account, units: int, times: int) -> Iterator[Figure]:
    """Remove units beside others, which have to stay: by the daemon, and by `apply`."""
    gone = names(units)[: min(GIVEN, units // 3)]
    by_daemon, by_apply, bare, process = [], [], [], []
    for _ in range(times):
        with _converged(account, units):
            by_daemon.append(_removal(account, gone) - SETTLE_S)
            _demand_gone(account, units, gone)
        with _converged(account, units):
            account.end_daemon()
            for name in gone:
                account.manifest(name).unlink()
            by_apply.append(account.timed([*UNITWARD, "apply", "--yes"]))
            _demand_gone(account, units, gone)
        with _converged(account, units):
            account.end_daemon()
            job = _job(account, stop=gone, unlink=_installed_by(gone))
            began = time.perf_counter()
            bare.append(float(account.run(FLOOR, job)))
            process.append(time.perf_counter() - began)
            _demand_gone(account, units, gone)
    goal = f"{len(gone)} of them, ≤ 1.2 floors, without settling"
    limit = 1.2 if len(gone) == GIVEN else None
    yield Figure("removal, by the daemon", units, "s", by_daemon, bare, goal, limit)
    yield Figure("removal, by `apply`", units, "s", by_apply, process, "aim: 1.2 floors")


def idle(account: Account, units: int, times: int) -> Sequence[Figure]:
    """Watch the daemon while nothing happens: memory and wake-ups."""
    memory, wakes = [], []
    for _ in range(times):
        with _converged(account, units):
            account.unitward("sync")
            pid = account.daemon_pid
            # The length of the observation, not a wait for something.
            before, began = switches(pid), time.monotonic()
            time.sleep(IDLE_S)
            wakes.append((switches(pid) - before) / (time.monotonic() - began))
            memory.append(resident_mb(pid))
    limits = (45.0, 1.0) if units == 1000 else (None, None)
    return (
        Figure("idle: resident memory", units, "MB", memory, (), "≤ 45 MB", limits[0]),
        Figure("idle: wake-ups", units, "/s", wakes, (), "< 1 a second", limits[1]),
    )


def commands(account: Account, units: int, times: int) -> Iterator[Figure]:
    """Run the commands as processes, beside a running daemon."""
    with _converged(account, units):
        for command, limit in (("status", 200), ("plan", 400), ("validate", 400)):
            line = [*UNITWARD, command]
            account.run(line)
            ours = [account.timed(line) * 1000 for _ in range(times * 3)]
            goal: tuple[str, float | None] = (f"≤ {limit} ms", limit)
            yield Figure(f"`{command}`", units, "ms", ours, (), *(goal if units == 1000 else ()))


@contextmanager
def _converged(account: Account, units: int) -> Iterator[None]:
    """Give an account in which this many services run, and the daemon beside them."""
    account.reset()
    for name in names(units):
        account.declare(name)
    account.unitward("apply", "--yes")
    account.start_daemon()
    _demand(account.active() == units, f"{units} services run")
    try:
        yield
    finally:
        account.end_daemon()


def _latency(account: Account, name: str, mark: str) -> float:
    """Return the seconds from saving a manifest until its service's process was started."""
    path = account.marks / mark
    began = time.monotonic()
    account.declare(name, f'/bin/sh -c "touch {path}; exec sleep infinity"')
    account.wait_for(path.exists, f"{name} has started")
    started = account.stamp(name, "ExecMainStartTimestampMonotonic")
    account.unitward("sync")
    return started - began


def _removal(account: Account, gone: list[str]) -> float:
    """Delete manifests; return the seconds until the daemon has made what they declared go.

    The daemon notes when that was, so nobody has to look often: opening the ledger each millisecond
    takes a sixth of a processor, and what the floor measures has all of them.
    """
    before = account.changed_at()
    began = time.time()
    for name in gone:
        account.manifest(name).unlink()
    removed = f"{len(gone)} units are removed"
    account.wait_for(lambda: account.changed_at() > before, removed, every=0.05)
    return account.changed_at() - began


def _demand_gone(account: Account, units: int, gone: list[str]) -> None:
    """Demand that units have left nothing behind, and that all others still run."""
    left = [path for path in _installed_by(gone) if (account.unit_dir / path).is_symlink()]
    left += [path for path in gone if (account.unit_dir / path).exists()]
    _demand(not left, f"{len(gone)} units have left no file and no link: {left}")
    account.wait_for(lambda: account.loaded() == account.active(), f"{len(gone)} are forgotten")
    _demand(account.active() == units - len(gone), f"all but {len(gone)} services run")


def _installed_by(units: list[str]) -> list[str]:
    """Return the paths in the unit folder that these units have there."""
    return [*units, *(f"default.target.wants/{name}" for name in units)]


def _installed(account: Account) -> dict[str, str]:
    return {path.name: path.read_text() for path in account.unit_dir.glob("bench*.service")}


def _job(account: Account, **parts: object) -> str:
    """Write a job for the floor; `start=1` is all of its files."""
    if parts.get("start") == 1:
        parts["start"] = parts["enable"]
    return json.dumps({"folder": str(account.unit_dir), **parts})


def _floor(account: Account, **parts: object) -> float:
    """Do a job by the floor; seconds without its start-up, as the daemon has none either."""
    return float(account.run(FLOOR, _job(account, **parts)))


def _demand(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"this run measures nothing, for it is not so that {what}")


ROWS: dict[str, Callable[[Account, int, int], Figure | Sequence[Figure] | Iterator[Figure]]] = {
    "first": first,
    "nothing": nothing,
    "changed": changed,
    "added": added,
    "removed": removed,
    "idle": idle,
    "commands": commands,
}
