"""Passes during which somebody else acts: between the plan and its execution, or further on."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from unitward.model.report import Report, Result
from unitward.reconcile.account import Account, assemble
from unitward.reconcile.carry_out import carry_out
from unitward.reconcile.one_pass import Considered, consider
from unitward.store.identity import identity
from unitward.store.ledger import Ledger, open_ledger
from unitward.systemd.manager import Manager


class Passes:
    """The passes of a daemon that is stopped between any two steps, for a person to act."""

    def __init__(self, account: Account, manager: Manager, ledger: Ledger) -> None:
        self._account = account
        self._manager = manager
        self._ledger = ledger

    async def look(self) -> Considered:
        """Run a pass up to its plan."""
        return await consider(self._account, self._manager, self._ledger.read())

    async def do(
        self,
        meanwhile: Callable[[], object] | None = None,
        when: Callable[[], bool] = lambda: True,
    ) -> Report:
        """Make a pass; `meanwhile` is done once, at the first boundary at which `when` holds.

        The first boundary lies between the plan and its first effect.
        """
        waiting = [meanwhile] if meanwhile is not None else []

        def reached() -> bool:
            if waiting and when():
                waiting.pop()()
            return False

        considered = await self.look()
        report = await carry_out(
            considered, self._account, self._manager, self._ledger, stop=reached
        )
        assert not waiting
        return report

    async def settle(self, most: int) -> None:
        """Make passes until one plans nothing, `most` with actions at the utmost."""
        for _ in range(most):
            await self.do()
        considered = await self.look()
        assert () == considered.plan.actions
        assert () == self._ledger.read().intents


@asynccontextmanager
async def passes_on(account: Any) -> AsyncIterator[Passes]:
    """Be connected to an account as the daemon is."""
    assembled = assemble(account.env)
    with open_ledger(assembled.folders.ledger, identity=identity(os.getuid())) as ledger:
        manager = await Manager.connect(assembled.env)
        try:
            yield Passes(assembled, manager, ledger)
        finally:
            await manager.close()


def dropped(report: Report) -> dict[str, str]:
    """Return what a pass dropped because somebody changed it meanwhile, and why."""
    return {o.action.unit: o.detail for o in report.outcomes if o.result is Result.STALE}


def words(report: Report, unit: str) -> tuple[str, str]:
    """Return what a report says of a unit."""
    verdict = next(u.verdict for u in report.units if u.name == unit)
    return verdict.sync.value, verdict.reason
