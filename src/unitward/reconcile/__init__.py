"""One pass: folder -> manifests -> desired -> observed -> plan -> apply -> report.

The only place that names every stage, in order.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unitward.manifest.guards import OWN_UNIT
from unitward.model.desired import Desired
from unitward.model.observed import Observed
from unitward.model.plan import Plan
from unitward.model.recorded import Recorded
from unitward.model.report import Report
from unitward.reconcile.account import Account
from unitward.reconcile.again import Decided, Declared
from unitward.reconcile.apply import Doors, apply
from unitward.reconcile.check import check
from unitward.reconcile.desire import Terms, decode_in_steps, desire
from unitward.reconcile.load import load
from unitward.reconcile.observe import observe
from unitward.reconcile.own_text import leave_undone, own_files
from unitward.reconcile.plan import plan
from unitward.reconcile.report import make_report
from unitward.store.identity import own_name
from unitward.store.ledger import Ledger
from unitward.store.own_change import Stage, read_change
from unitward.systemd.manager import Manager


@dataclass(frozen=True, slots=True)
class Considered:
    """A pass up to its plan: nothing has been changed yet."""

    desired: Desired
    recorded: Recorded
    observed: Observed
    plan: Plan

    def report(self) -> Report:
        """Say how every unit stands without carrying the plan out."""
        return make_report(self.desired, self.recorded, self.observed, self.plan)


async def declare(account: Account, recorded: Recorded, *, settled: bool = True) -> Desired:
    """Read the folder and put together what it asks for. Needs no user manager.

    settled: False when the folder never became quiet before this reading.
    """
    snapshot = await load(account.source, settled=settled)
    caches = account.caches
    terms = Terms(
        table=account.table,
        folder=str(account.source.root),
        home=str(account.folders.home),
        installation=recorded.installation,
        strict=account.settings.strict,
    )
    last = caches.declared
    if last is not None and last.holds_for(snapshot, recorded, terms):
        return _without_undone(last.desired, recorded, account)
    # Thousands of files take seconds: signals, the watchdog and the bus are heard between them.
    for _ in decode_in_steps(snapshot, terms, caches.desire):
        await asyncio.sleep(0)
    desired = desire(snapshot, recorded, terms, caches.desire)
    desired = await check(desired, recorded, account.env, caches.check)
    caches.declared = Declared(snapshot, recorded, terms, desired)
    return _without_undone(desired, recorded, account)


def _without_undone(desired: Desired, recorded: Recorded, account: Account) -> Desired:
    """Leave out what was undone of unitward's own unit, until something else is declared."""
    change = read_change(account.folders)
    if change is None or change.stage is not Stage.UNDONE or OWN_UNIT in desired.frozen:
        return desired
    declared = {path: file.digest for path, file in own_files(desired).items()}
    if desired.unavailable or declared != change.files:
        return desired
    return leave_undone(desired, recorded, f"undone: {change.reason}")


async def consider(
    account: Account, manager: Manager, recorded: Recorded, *, settled: bool = True
) -> Considered:
    """Run a pass up to its plan, which has no effect on units, files or the ledger."""
    desired = await declare(account, recorded, settled=settled)
    observed = await observe(desired, recorded, account.world(manager))
    last = account.caches.decided
    if last is not None and last.holds_for(desired, recorded, observed, account.settings):
        return Considered(desired, recorded, observed, last.plan)
    decided = plan(desired, recorded, observed, account.settings)
    account.caches.decided = Decided(desired, recorded, observed, account.settings, decided)
    return Considered(desired, recorded, observed, decided)


async def carry_out(
    considered: Considered,
    account: Account,
    manager: Manager,
    ledger: Ledger,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Carry out the plan and say how every unit stands afterwards.

    stop: asked between actions; once it says True no further action begins.
    Raises LedgerError when intents cannot be committed; nothing was changed then.
    """
    recorded, decided = considered.recorded, considered.plan
    doors = Doors(
        manager=manager,
        files=account.files,
        ledger=ledger,
        edited=account.folders.edited,
        stamps=_data_home(account) / "systemd" / "timers",
        job_wait=account.settings.job_wait,
    )
    outcomes = await apply(decided, recorded, considered.observed, doors, stop=stop)
    if decided.absences != recorded.absences:
        ledger.set_absences(decided.absences)
    if decided.approvals and (outcomes.outcomes or decided.identity):
        ledger.spend_approvals(decided.approvals)
    _note_identity(considered, account, ledger)
    _tidy_orders(considered, ledger)
    return make_report(
        considered.desired,
        ledger.read() if outcomes.outcomes else recorded,
        considered.observed,
        decided,
        outcomes,
        finished_at=time.time(),
    )


def _note_identity(considered: Considered, account: Account, ledger: Ledger) -> None:
    """Note whom the account stands for: at first, and once another identity was approved."""
    name = considered.plan.identity
    if not considered.recorded.identity:
        name = account.settings.identity or own_name(account.source.uid)
    if name:
        ledger.take_identity(name)


def _tidy_orders(considered: Considered, ledger: Ledger) -> None:
    """Drop the orders that are over."""
    now, orders = considered.observed.now, considered.recorded.orders
    if not all(hold.in_force(now) for hold in orders.holds.values()):
        ledger.orders.drop_expired(now)
    if considered.plan.moot:
        ledger.orders.remember(considered.plan.moot)


def _data_home(account: Account) -> Path:
    named = account.env.get("XDG_DATA_HOME", "")
    return Path(named) if named.startswith("/") else account.folders.home / ".local" / "share"
