"""Jobs on a real manager: how they end, and what their end does not say."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from unitward.errors import ManagerCallError, UnitwardError
from unitward.model.unitstate import JobResult, UnitDetail
from unitward.systemd.connection import ErrorName
from unitward.systemd.jobs import Job, JobRequest, Mode, Verb
from unitward.systemd.manager import Manager

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"
SLOW_START = "[Service]\nType=oneshot\nExecStart=/bin/sleep 60\n"

Unit = Callable[..., str]


async def result(manager: Manager, job: Job) -> JobResult | None:
    """Wait for one job."""
    return (await manager.wait([job], limit_seconds=20))[job]


async def settled(manager: Manager, name: str, active: str) -> UnitDetail:
    """Wait until a unit is in the active state named, and return what is known of it."""
    async with asyncio.timeout(20):
        while True:
            detail = (await manager.details([name]))[name]
            if detail.active_state == active:
                return detail
            await asyncio.sleep(0.01)


async def test_a_start_and_a_stop_end_done(manager: Manager, unit: Unit) -> None:
    """A service that can start runs when its job is done, and is gone when its stop is."""
    name = unit(SLEEP)

    started = await result(manager, await manager.start(name))
    running = (await manager.list_units([name]))[name]
    stopped = await result(manager, await manager.stop(name))
    after = (await manager.list_units([name]))[name]

    assert started is JobResult.DONE
    assert (running.active, running.sub) == ("active", "running")
    assert stopped is JobResult.DONE
    assert after.active == "inactive"


async def test_a_failed_start_ends_failed(manager: Manager, unit: Unit) -> None:
    """A oneshot whose command fails gives `failed`, and the detail says with which code."""
    name = unit("[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 7'\n")

    ended = await result(manager, await manager.start(name))
    detail = (await manager.details([name]))[name]

    assert ended is JobResult.FAILED
    assert (detail.active_state, detail.result) == ("failed", "exit-code")
    assert (detail.exec_main_code, detail.exec_main_status) == (1, 7)


async def test_a_stop_cancels_a_start(manager: Manager, unit: Unit) -> None:
    """Stopping a unit that is still starting ends its start job `canceled`."""
    name = unit(SLOW_START)

    start = await manager.start(name)
    stop = await manager.stop(name)

    assert await result(manager, start) is JobResult.CANCELED
    assert await result(manager, stop) is JobResult.DONE


async def test_a_missing_requirement_ends_dependency(manager: Manager, unit: Unit) -> None:
    """A unit whose requirement fails to start gives `dependency`."""
    broken = unit("[Service]\nType=oneshot\nExecStart=/bin/false\n")
    name = unit(f"[Unit]\nRequires={broken}\nAfter={broken}\n{SLEEP}")

    assert await result(manager, await manager.start(name)) is JobResult.DEPENDENCY


async def test_done_does_not_mean_running(manager: Manager, unit: Unit) -> None:
    """With Type=simple a missing executable ends `done`; the detail tells status 203."""
    name = unit("[Service]\nExecStart=/nonexistent/program\n")

    ended = await result(manager, await manager.start(name))
    detail = await settled(manager, name, "failed")

    assert ended is JobResult.DONE
    assert (detail.result, detail.exec_main_status) == ("exit-code", 203)


async def test_a_failed_condition_ends_done(manager: Manager, unit: Unit) -> None:
    """A unit that its condition skips ends `done`; the detail tells the condition."""
    name = unit(f"[Unit]\nConditionPathExists=/nonexistent\n{SLEEP}")

    manager.keep([name])
    ended = await result(manager, await manager.start(name))
    detail = (await manager.details([name]))[name]

    assert ended is JobResult.DONE
    assert (detail.active_state, detail.condition_result) == ("inactive", False)


async def test_fifty_units_start_in_one_batch(manager: Manager, unit: Unit) -> None:
    """Fifty starts asked for at once all end done, each with its own result."""
    names = [unit(SLEEP) for _ in range(50)]

    jobs = await manager.submit([JobRequest(Verb.START, name) for name in names])
    accepted = [job for job in jobs if isinstance(job, Job)]
    results = await manager.wait(accepted, limit_seconds=30)
    states = await manager.list_units(names)

    assert names == [job.unit for job in accepted]
    assert set(results.values()) == {JobResult.DONE}
    assert {state.active for state in states.values()} == {"active"}


async def test_one_bad_request_fails_alone(manager: Manager, unit: Unit) -> None:
    """In a batch, what the manager refuses stands in its own place and harms no other."""
    good, masked = unit(SLEEP), unit("")
    bad = unit("[Service]\nType=simple\n")
    refuses = unit(f"[Unit]\nRefuseManualStart=yes\n{SLEEP}")
    requests = [bad, good, "none-such.service", masked, refuses, "template@.service", "no unit"]

    replies = await manager.submit([JobRequest(Verb.START, name) for name in requests])
    names = [reply.name if isinstance(reply, ManagerCallError) else "" for reply in replies]

    assert [
        ErrorName.BAD_UNIT_SETTING,
        "",
        ErrorName.NO_SUCH_UNIT,
        ErrorName.UNIT_MASKED,
        ErrorName.ONLY_BY_DEPENDENCY,
        ErrorName.INVALID_ARGS,
        ErrorName.INVALID_ARGS,
    ] == names
    assert isinstance(replies[1], Job)
    assert await result(manager, replies[1]) is JobResult.DONE


async def test_a_start_does_not_cancel_a_persons_stop(manager: Manager, unit: Unit) -> None:
    """Mode fail refuses with TransactionIsDestructive while a stop is under way."""
    name = unit(
        "[Service]\nExecStart=/bin/sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'\n"
        "TimeoutStopSec=500ms\n"
    )
    await result(manager, await manager.start(name))
    await asyncio.sleep(0.1)
    stop = await manager.stop(name)

    with pytest.raises(ManagerCallError) as refused:
        await manager.start(name, Mode.FAIL)

    assert refused.value.name == ErrorName.TRANSACTION_IS_DESTRUCTIVE
    assert await result(manager, stop) is JobResult.DONE


async def test_a_job_is_matched_though_the_alias_was_asked(
    manager: Manager, unit: Unit, account: Any
) -> None:
    """A job asked for by an alias ends with its result, though systemd names the real unit."""
    name = unit(SLEEP)
    alias = f"alias-{name}"
    (account.unit_dir / alias).symlink_to(name)

    job = await manager.start(alias)

    assert job.unit == alias
    assert await result(manager, job) is JobResult.DONE
    assert (await manager.list_units([alias]))[alias].name == name


async def test_an_unfinished_job_is_told_as_none(manager: Manager, unit: Unit) -> None:
    """A job that outlasts the wait is None, shows in the queue, and is told later."""
    name = unit("[Service]\nType=oneshot\nExecStart=/bin/sleep 0.5\n")

    job = await manager.start(name)
    early = await manager.wait([job], limit_seconds=0.05)
    queue = await manager.list_jobs()
    late = await manager.wait([job], limit_seconds=20)

    assert early == {job: None}
    assert [(q.type, q.state) for q in queue if q.unit == name] == [("start", "running")]
    assert late == {job: JobResult.DONE}


async def test_jobs_survive_a_reload(manager: Manager, unit: Unit) -> None:
    """A job running across a reload still gives its result."""
    name = unit("[Service]\nType=oneshot\nExecStart=/bin/sleep 0.5\n")

    job = await manager.start(name)
    await manager.reload()
    before = job.result
    ended = await result(manager, job)

    assert before is None
    assert ended is JobResult.DONE


async def test_a_reload_of_a_unit_needs_exec_reload(manager: Manager, unit: Unit) -> None:
    """Reloading a unit that cannot is refused by name, and one that can is done."""
    without = unit(SLEEP)
    able = unit(f"{SLEEP}ExecReload=/bin/true\n")
    for name in (without, able):
        await result(manager, await manager.start(name))

    with pytest.raises(ManagerCallError) as refused:
        await manager.reload_unit(without)

    assert refused.value.name == ErrorName.JOB_TYPE_NOT_APPLICABLE
    assert await result(manager, await manager.reload_unit(able)) is JobResult.DONE


async def test_reset_failed_clears_the_start_limit(manager: Manager, unit: Unit) -> None:
    """After reset_failed a unit over its start limit runs again; unloaded units are no error."""
    name = unit("[Unit]\nStartLimitBurst=1\n[Service]\nType=oneshot\nExecStart=/bin/false\n")
    manager.keep([name])
    runs: list[str] = []
    for _ in range(2):
        await result(manager, await manager.start(name))
        runs.append((await manager.details([name]))[name].invocation_id)

    errors = await manager.reset_failed([name, "never-seen.service"])
    cleared = (await manager.details([name]))[name]
    await result(manager, await manager.start(name))
    again = (await manager.details([name]))[name]

    assert len(set(runs)) == 1
    assert errors == {}
    assert (cleared.active_state, cleared.result) == ("inactive", "success")
    assert again.invocation_id not in runs
    assert (again.result, again.exec_main_status) == ("exit-code", 1)


async def test_submitting_nothing_is_nothing(manager: Manager) -> None:
    """Empty batches give empty answers."""
    assert await manager.submit([]) == []
    assert await manager.wait([], limit_seconds=1) == {}
    assert await manager.details([]) == {}
    assert await manager.list_units([]) == {}


async def test_restart_gives_a_new_invocation(manager: Manager, unit: Unit) -> None:
    """A restart starts an inactive unit, and gives a running one another process."""
    name = unit(SLEEP)
    first_end = await result(manager, await manager.restart(name))
    first = (await manager.details([name]))[name]
    second_end = await result(manager, await manager.restart(name))
    second = (await manager.details([name]))[name]

    assert first_end is second_end is JobResult.DONE
    assert first.main_pid not in {0, second.main_pid}
    assert first.invocation_id != second.invocation_id
    assert first.exec_main_start_timestamp < second.exec_main_start_timestamp
    assert not [job for job in await manager.list_jobs() if job.unit == name]


async def test_an_error_is_one_of_ours(manager: Manager) -> None:
    """What the manager refuses is raised with its words, the call and the unit."""
    with pytest.raises(UnitwardError, match=r"StartUnit none-such\.service: .*not found"):
        await manager.start("none-such.service")
