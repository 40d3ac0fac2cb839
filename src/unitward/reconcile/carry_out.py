"""A pass from its plan on: plan -> apply -> report.

Apart from `one_pass.py`, so that looking loads nothing that changes anything.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from unitward.model.plan import Plan
from unitward.model.recorded import Recorded
from unitward.model.report import Outcomes, Report, Result
from unitward.reconcile.account import Account
from unitward.reconcile.again import Reported
from unitward.reconcile.apply import Doors, apply
from unitward.reconcile.apply.intents import is_farewell
from unitward.reconcile.one_pass import Considered
from unitward.reconcile.report import make_report
from unitward.store.identity import own_name
from unitward.store.ledger import Ledger
from unitward.store.remembered import write_remembered
from unitward.systemd.manager import Manager


async def carry_out(
    considered: Considered,
    account: Account,
    manager: Manager,
    ledger: Ledger,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Carry out the plan and say how every unit stands afterwards.

    What the manager may forget of units is left for other processes, too.
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
    if (remembered := manager.remembered()) is not None:
        write_remembered(account.folders.remembered, remembered)
    _note_absences(decided, recorded, ledger, outcomes)
    if decided.approvals and (outcomes.outcomes or decided.identity):
        ledger.spend_approvals(decided.approvals)
    _note_identity(considered, account, ledger)
    _tidy_orders(considered, ledger)
    return _report(considered, account, ledger, outcomes)


def _report(considered: Considered, account: Account, ledger: Ledger, outcomes: Outcomes) -> Report:
    """Say how every unit stands; a pass like the one before says it with the same objects."""
    desired, observed, decided = considered.desired, considered.observed, considered.plan
    now, caches = time.time(), account.caches
    if outcomes.outcomes:
        return make_report(desired, ledger.read(), observed, decided, outcomes, finished_at=now)
    last = caches.reported
    if last is None or not last.holds_for(decided, observed):
        report = make_report(desired, considered.recorded, observed, decided, outcomes)
        caches.reported = last = Reported(decided, observed.units, report)
    return replace(last.report, finished_at=now)


def _note_absences(plan: Plan, recorded: Recorded, ledger: Ledger, outcomes: Outcomes) -> None:
    """Note since when what is still there is absent; of what is gone the ledger knows no more."""
    left = {
        outcome.action.unit
        for outcome in outcomes.outcomes
        if outcome.result is Result.DONE and is_farewell(outcome.action)
    }
    absences, known = (
        {name: since for name, since in found.items() if name not in left}
        for found in (plan.absences, recorded.absences)
    )
    if absences != known:
        ledger.set_absences(absences)


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
