"""Without a bus, too, a change is heard before an answer that could show it."""

from collections.abc import Callable
from typing import Any

from tests.integration.systemd.news import demand_newest_runs

from unitward.systemd.manager import Manager


async def test_a_new_run_is_told_before_an_answer(
    manager: Manager, account: Any, unit: Callable[..., str]
) -> None:
    """P2, on the private socket: whatever somebody restarts between two looks is noticed."""
    await demand_newest_runs(manager, account, unit, times=100)
