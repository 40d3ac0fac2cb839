"""What a Manager remembers of units that a real manager has unloaded."""

from typing import Any

import pytest
from tests.integration.systemd.conftest import WriteUnit

from unitward.systemd.jobs import JobRequest, Verb
from unitward.systemd.manager import Manager
from unitward.systemd.memory import Memory

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"
ONCE = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
FAILS = (
    "[Unit]\nCollectMode=inactive-or-failed\n"
    "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 7'\n"
)


@pytest.mark.parametrize("before_the_reload", [True, False])
async def test_an_end_is_remembered(
    account: Any, manager: Manager, unit: WriteUnit, before_the_reload: bool
) -> None:
    """What a unit did stays known after the manager unloaded it, for another connection, too."""
    once = unit(ONCE)
    stopped = unit(SLEEP)
    failed = unit(FAILS)
    skipped = unit(f"[Unit]\nConditionPathExists=/nowhere\n{SLEEP}")
    names = [once, stopped, failed, skipped]
    await manager.facts()
    if not before_the_reload:
        account.systemctl("daemon-reload")
    manager.keep(names)

    jobs = await manager.submit([JobRequest(Verb.START, name) for name in names])
    await manager.wait([job for job in jobs if not isinstance(job, Exception)], limit_seconds=20)
    account.systemctl("stop", stopped)
    if before_the_reload:
        account.systemctl("daemon-reload")
    account.wait_for(lambda: not set(names) & account.units(), "all are unloaded")
    listed = await manager.list_units(names)
    details = await manager.details(names)
    told = manager.remembered()

    assert ("success", 1, 0) == _end(details[once])
    assert 0 < details[once].inactive_exit_timestamp < details[once].inactive_enter_timestamp
    assert ("success", 2, 15) == _end(details[stopped])
    asked = details[stopped].active_exit_timestamp
    assert details[stopped].active_enter_timestamp < asked
    assert asked < details[stopped].exec_main_exit_timestamp
    assert ("exit-code", 1, 7) == _end(details[failed])
    assert ("failed", "failed") == (details[failed].active_state, listed[failed].active)
    assert {"inactive"} == {listed[name].active for name in (once, stopped, skipped)}
    assert (True, False) == (
        details[skipped].condition_timestamp > 0,
        details[skipped].condition_result,
    )
    again = await Manager.connect(account.env, memory=Memory(told))
    await again.facts()
    known = await again.details(names)
    await again.close()
    assert details == known


async def test_a_failure_is_cleared(account: Any, manager: Manager, unit: WriteUnit) -> None:
    """reset_failed clears what is remembered of an unloaded unit's failure, and no more."""
    name = unit(FAILS)
    manager.keep([name])
    await manager.wait([await manager.start(name)], limit_seconds=20)
    account.wait_for(lambda: name not in account.units(), "it is unloaded")
    failed = (await manager.details([name]))[name]

    assert {} == await manager.reset_failed([name])
    status = (await manager.list_units([name]))[name]
    detail = (await manager.details([name]))[name]

    assert ("failed", "exit-code") == (failed.active_state, failed.result)
    assert ("inactive", "dead") == (status.active, status.sub)
    assert ("inactive", "success", 7) == (
        detail.active_state,
        detail.result,
        detail.exec_main_status,
    )


async def test_a_later_run_that_nobody_heard_counts(
    account: Any, manager: Manager, unit: WriteUnit
) -> None:
    """What failed once and ended well since, while nobody listened, is not listed as failed."""
    name = unit(
        f"[Unit]\nCollectMode=inactive-or-failed\n{ONCE}ExecStart=/bin/sh -c 'test -e %h/x'\n"
    )
    manager.keep([name])
    await manager.facts()
    await manager.wait([await manager.start(name)], limit_seconds=20)
    account.wait_for(lambda: name not in account.units(), "it is unloaded")
    await manager.details([name])
    told = manager.remembered()
    await manager.close()
    (account.home / "x").touch()
    # What refers to it keeps it loaded.
    holder = unit(f"[Unit]\nWants={name}\n{SLEEP}")
    account.systemctl("start", holder)
    account.wait_for(lambda: account.show(name, "ActiveState")["ActiveState"] == "inactive", "")

    again = await Manager.connect(account.env, memory=Memory(told))
    await again.facts()
    status = (await again.list_units([name]))[name]
    detail = (await again.details([name]))[name]
    await again.close()

    assert "inactive" == status.active
    assert ("inactive", "success", 0) == (
        detail.active_state,
        detail.result,
        detail.exec_main_status,
    )


async def test_who_listens_later_hears(account: Any, unit: WriteUnit) -> None:
    """A connection that heard only its own jobs can be made to hear of units, too."""
    kept, known, over_bus = unit(SLEEP), {}, True
    for listens in (False, True):
        manager = await Manager.connect(account.env, listening=False)
        if listens:
            await manager.listen_to_units()
            await manager.listen_to_units()
        manager.keep([kept])
        await manager.wait([await manager.start(kept)], limit_seconds=20)
        await manager.wait([await manager.stop(kept)], limit_seconds=20)
        account.wait_for(lambda: kept not in account.units(), "it is unloaded")
        known[listens] = (await manager.details([kept]))[kept].active_exit_timestamp > 0
        over_bus = not manager.private
        await manager.close()

    assert {False: not over_bus, True: True} == known


def _end(detail: Any) -> tuple[str, int, int]:
    return detail.result, detail.exec_main_code, detail.exec_main_status
