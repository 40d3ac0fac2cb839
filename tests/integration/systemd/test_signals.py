"""What a real manager announces."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unitward.errors import ManagerCallError, ManagerUnreachableError
from unitward.model.unitstate import JobResult
from unitward.systemd.connection import ErrorName, manager_call
from unitward.systemd.events import (
    Disconnected,
    Event,
    JobFinished,
    ManagerBack,
    ReloadFinished,
    UnitChanged,
    UnitFilesChanged,
)
from unitward.systemd.manager import Manager

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"

Unit = Callable[..., str]


async def heard(events: list[Event], event: Event) -> None:
    """Wait until an event was heard."""
    async with asyncio.timeout(20):
        while event not in events:  # noqa: ASYNC110 - the list is what the tests look at
            await asyncio.sleep(0.01)


async def test_only_watched_units_are_told(
    manager: Manager, events: list[Event], unit: Unit, account: Any
) -> None:
    """Somebody else's start of a watched unit is told, with its job; of another unit nothing."""
    watched, other = unit(SLEEP), unit(SLEEP)
    manager.watch([watched])

    for name in (other, watched):
        account.systemctl("start", name)
    await heard(events, UnitChanged(watched, "active", "running"))
    account.systemctl("kill", "--signal=KILL", watched)
    await heard(events, UnitChanged(watched, "failed", "failed"))
    units = {e.name for e in events if isinstance(e, UnitChanged)}
    jobs = [(e.unit, e.result) for e in events if isinstance(e, JobFinished)]

    assert units == {watched}
    assert jobs == [(watched, JobResult.DONE)]


async def test_a_reload_is_one_event(
    manager: Manager, events: list[Event], unit: Unit, account: Any
) -> None:
    """A reload, whoever asks for it, tells its end and nothing of the units."""
    name = unit(SLEEP)
    manager.watch([name])
    await manager.start(name)
    await heard(events, UnitChanged(name, "active", "running"))
    events.clear()

    await manager.reload()
    await heard(events, ReloadFinished())
    first = list(events)
    events.clear()
    account.systemctl("daemon-reload")
    await heard(events, ReloadFinished())

    assert first == [ReloadFinished()]
    assert events == [ReloadFinished()]


async def test_reloads_do_not_overlap(manager: Manager, events: list[Event]) -> None:
    """Reloads asked for at the same time are done one after another."""
    await asyncio.gather(*(manager.reload() for _ in range(3)))
    await asyncio.sleep(0.1)

    assert events == [ReloadFinished()] * 3


async def test_changed_links_are_told(events: list[Event], unit: Unit, account: Any) -> None:
    """Somebody enabling a unit is told."""
    name = unit(f"{SLEEP}[Install]\nWantedBy=default.target\n")

    account.systemctl("enable", "--no-reload", name)
    await heard(events, UnitFilesChanged())

    assert [event for event in events if event != UnitFilesChanged()] == []


@pytest.mark.usefixtures("bus")
async def test_a_reexecuted_manager_is_noticed_and_serves_on(
    manager: Manager, events: list[Event], unit: Unit
) -> None:
    """When the manager executes itself anew, that is told and the connection still works."""
    name = unit(SLEEP)
    manager.watch([name])

    with pytest.raises(ManagerCallError) as refused:
        await manager._connection.call(manager_call("Reexecute"))
    await heard(events, ManagerBack())
    await heard(events, ReloadFinished())
    job = await manager.start(name)
    results = await manager.wait([job], limit_seconds=20)
    await heard(events, UnitChanged(name, "active", "running"))

    assert refused.value.name == ErrorName.NO_REPLY
    assert results == {job: JobResult.DONE}


@pytest.mark.usefixtures("bus")
async def test_a_dropped_bus_is_noticed(
    manager: Manager, events: list[Event], unit: Unit, account: Any
) -> None:
    """When the bus goes away it is told, waits end, calls fail by name, a new Manager works."""
    name = unit("[Service]\nType=oneshot\nExecStart=/bin/sleep 30\n")
    job = await manager.start(name)
    waiting = asyncio.create_task(manager.wait([job], limit_seconds=60))

    account.systemctl("restart", "dbus.service")
    await heard(events, Disconnected())
    async with asyncio.timeout(5):
        results = await waiting
    with pytest.raises(ManagerUnreachableError):
        await manager.system_state()
    again = await Manager.connect(account.env)
    states = await again.list_units([name])
    await again.close()

    assert results == {job: None}
    assert events.count(Disconnected()) == 1
    assert states[name].active == "activating"


@pytest.mark.parametrize("end", ["stop_manager", "kill_manager"])
async def test_a_new_manager_is_found_after_the_old_ones_end(
    manager: Manager, events: list[Event], account: Any, end: str
) -> None:
    """A manager that exits or is killed is noticed, cannot be reached, and later can again."""
    before = await manager.units_load_timestamp()

    await asyncio.to_thread(getattr(account, end))
    await heard(events, Disconnected())
    with pytest.raises(ManagerUnreachableError):
        await Manager.connect(account.env)
    await asyncio.to_thread(account.start_manager)
    again = await Manager.connect(account.env)
    after = await again.units_load_timestamp()
    await again.close()

    assert before < after


@pytest.mark.usefixtures("bus")
async def test_without_a_listener_only_own_jobs_are_told(unit: Unit, account: Any) -> None:
    """Who does not listen learns how its own jobs end, and is told of nothing else."""
    own, other = unit(SLEEP), unit(f"{SLEEP}[Install]\nWantedBy=default.target\n")
    quiet = await Manager.connect(account.env, listening=False)
    events: list[Event] = []
    quiet.listen(events.append)
    quiet.watch([own, other])

    account.systemctl("enable", "--no-reload", other)
    account.systemctl("start", other)
    job = await quiet.start(own)
    results = await quiet.wait([job], limit_seconds=20)
    await quiet.reload()
    account.systemctl("stop", other)
    stop = await quiet.stop(own)
    results |= await quiet.wait([stop], limit_seconds=20)
    await quiet.close()

    assert results == {job: JobResult.DONE, stop: JobResult.DONE}
    assert events == [
        JobFinished(job.path, own, JobResult.DONE),
        JobFinished(stop.path, own, JobResult.DONE),
    ]


@pytest.mark.parametrize("again", ["daemon-reload", "daemon-reexec"])
async def test_without_a_listener_a_job_is_told_across_a_reload(
    unit: Unit, account: Any, tmp_path: Path, again: str
) -> None:
    """The end of a job that somebody else queued first is told to those who asked for it, too.

    A private connection ends as the manager executes itself anew: nobody can tell any more.
    """
    go = tmp_path / "go"
    waits = f"until test -e {go}; do sleep 0.01; done"
    name = unit(f"[Service]\nType=oneshot\nExecStart=/bin/sh -c '{waits}'\n")
    quiet = await Manager.connect(account.env, listening=False)

    account.systemctl("start", "--no-block", name)
    job = await quiet.start(name)
    account.systemctl(again)
    before = job.result
    go.touch()
    results = await quiet.wait([job], limit_seconds=20)
    await quiet.close()

    lost = again == "daemon-reexec" and not account.has_bus
    assert before is None
    assert results == {job: None if lost else JobResult.DONE}
