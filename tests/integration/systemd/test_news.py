"""What was read of a unit is taken over while nothing was heard; a change is always heard first."""

from collections.abc import Callable
from typing import Any

from tests.integration.systemd.news import demand_newest_runs

from unitward.systemd.manager import Manager

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"
Unit = Callable[..., str]


async def test_a_new_run_is_told_before_an_answer(
    manager: Manager, account: Any, unit: Unit
) -> None:
    """P2, over the bus: whatever somebody restarts between two looks is noticed by the second."""
    await demand_newest_runs(manager, account, unit, times=100)


async def test_only_what_is_active_is_taken_over(
    manager: Manager, account: Any, unit: Unit
) -> None:
    """A unit that is down may be loaded from another file without a word: it is asked for again."""
    name = unit(SLEEP)
    [down] = (await manager.properties([name], ["fragment_path"])).values()
    (account.unit_dir / name).unlink()
    other = account.home / ".local/share/systemd/user" / name
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text(SLEEP)
    account.systemctl("start", name)
    await manager.list_units([name])
    found = await manager.properties([name], ["fragment_path"], active=[name])
    assert str(account.unit_dir / name) == down.fragment_path
    assert str(other) == found[name].fragment_path


async def test_a_reload_ends_what_was_read(manager: Manager, account: Any, unit: Unit) -> None:
    """What somebody's daemon-reload changes of an active unit is seen, though its run goes on."""
    name = unit(SLEEP)
    account.systemctl("start", name)
    first = await manager.properties([name], ["slice", "binds_to"])
    (account.unit_dir / name).write_text(f"[Unit]\nBindsTo=app.slice\n{SLEEP}")
    account.systemctl("daemon-reload")
    assert "active" == (await manager.list_units([name]))[name].active
    second = await manager.properties([name], ["slice", "binds_to"], active=[name])
    assert () == first[name].binds_to
    assert ("app.slice",) == second[name].binds_to


async def test_who_does_not_listen_asks_again(account: Any, unit: Unit) -> None:
    """`apply` hears nothing of other units' runs: what it reads it reads anew."""
    name = unit(SLEEP)
    account.systemctl("start", name)
    manager = await Manager.connect(account.env, listening=False)
    try:
        first = await manager.properties([name], ["invocation_id"])
        account.systemctl("restart", name)
        await manager.list_units([name])
        second = await manager.properties([name], ["invocation_id"], active=[name])
    finally:
        await manager.close()
    now = account.show(name, "InvocationID")["InvocationID"]
    assert first[name].invocation_id != now == second[name].invocation_id
