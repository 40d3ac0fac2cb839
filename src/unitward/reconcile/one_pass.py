"""One pass up to its plan: folder -> manifests -> desired -> observed -> plan.

`carry_out.py` goes on from there: plan -> apply -> report. The two are the only places that name
every stage, in order.

What decides is loaded when there is something to decide: the check of new files runs by then, and
27 modules are 6 ms that systemd need not wait for.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from unitward.manifest.guards import OWN_UNIT
from unitward.model.desired import Desired
from unitward.model.observed import Observed
from unitward.model.plan import Plan
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.report import Report
from unitward.reconcile.account import Account
from unitward.reconcile.again import Decided, Declared
from unitward.reconcile.check.with_systemd import check
from unitward.reconcile.desire import decode_in_steps, desire
from unitward.reconcile.load import is_locked, load
from unitward.reconcile.observe import observe
from unitward.reconcile.own_text import leave_own_alone, leave_undone, own_files
from unitward.reconcile.report import make_report
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
    read = await _read(account, recorded, settled=settled)
    return _without_undone(await _checked(read, account), recorded, account)


async def _read(account: Account, recorded: Recorded, *, settled: bool) -> Declared:
    """Return a reading of the folder with what it asks for, checked where nothing changed."""
    snapshot = await load(account.source, settled=settled)
    caches = account.caches
    terms = account.terms(recorded)
    last = caches.declared
    if last is not None and last.holds_for(snapshot, recorded, terms):
        return last
    # Thousands of files take seconds: signals, the watchdog and the bus are heard between them.
    for _ in decode_in_steps(snapshot, terms, caches.desire):
        await asyncio.sleep(0)
    return Declared(snapshot, recorded, terms, desire(snapshot, recorded, terms, caches.desire))


async def _checked(read: Declared, account: Account) -> Desired:
    """Return what a reading asks for without what systemd would refuse; the same if it is all."""
    caches = account.caches
    if read is caches.declared:
        return read.desired
    desired = await check(read.desired, read.recorded, account.env, caches.check)
    caches.declared = replace(read, desired=desired)
    return desired


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
    account: Account,
    manager: Manager,
    recorded: Recorded,
    *,
    settled: bool = True,
    looked: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> Considered:
    """Run a pass up to its plan, which has no effect on units, files or the ledger.

    looked: nothing was heard of since the last look ahead. Where the folder holds what was seen
    then, the pass decides about disk and units as they were at that moment, if it is not long ago.

    While systemd checks the files, the pass goes on as if nothing were found; where something
    is, it looks and decides anew. Of 100 new services that hides 50 of the check's 90 ms.
    meanwhile: what else there is to do before anything is changed, done while systemd still checks.
    """
    ahead, account.caches.ahead = account.caches.ahead, None
    read = await _read(account, recorded, settled=settled)
    return await _consider(read, account, manager, ahead if looked else None, meanwhile)


async def look_ahead(account: Account, manager: Manager, recorded: Recorded) -> None:
    """Consider what the folder holds before a pass is due for it, if that is anything new.

    The pass reads the folder again, and looks at the units and the disk unless that was just now.
    What it finds unchanged it need not decode, have checked and weigh a second time: beside 1000
    units that takes 0.1 s of CPU and the time of the check.
    Where something leaves, what the manager said about it is good for the pass while nothing is
    heard from the manager; the pass still looks at disk and units itself (decision 0040).
    """
    if is_locked(account.source):
        return
    read = await _read(account, recorded, settled=True)
    if read is not account.caches.declared:
        await _consider(read, account, manager)
        leaving = recorded.units.keys() - read.desired.units.keys() - read.desired.frozen.keys()
        account.caches.ahead = None if leaving else account.caches.decided


async def _consider(
    read: Declared,
    account: Account,
    manager: Manager,
    ahead: Decided | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Considered:
    recorded = read.recorded
    checking = asyncio.create_task(_checked(read, account))
    try:
        for _ in range(2):  # the check asks in a task of its own
            await asyncio.sleep(0)  # systemd begins before the pass goes on
        drafted = _without_undone(read.desired, recorded, account)
        now, monotonic = time.time(), time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        seen = ahead.observed_again(drafted, recorded, now, monotonic) if ahead else None
        considered = await _decide(drafted, recorded, account, manager, seen)
        meanwhile()
        desired = await checking
    finally:
        checking.cancel()
        await asyncio.wait({checking})
    if desired is read.desired:
        return considered
    return await _decide(_without_undone(desired, recorded, account), recorded, account, manager)


async def _decide(
    desired: Desired,
    recorded: Recorded,
    account: Account,
    manager: Manager,
    seen: Observed | None = None,
) -> Considered:
    observed = seen or await observe(desired, recorded, account.world(manager))
    last = account.caches.decided
    if last is not None and last.holds_for(desired, recorded, observed, account.settings):
        return Considered(desired, recorded, last.seen_again(observed), last.plan)
    from unitward.reconcile.plan import plan  # noqa: PLC0415 - see the top

    decided = plan(desired, recorded, observed, account.settings)
    account.caches.decided = Decided(desired, recorded, observed, account.settings, decided)
    return Considered(desired, recorded, observed, decided)


def without_own(considered: Considered, account: Account, reason: str) -> Considered:
    """Return a pass without what it would do to unitward's own unit."""
    desired = leave_own_alone(considered.desired, considered.recorded, reason)
    sides = (desired, considered.recorded, considered.observed)
    from unitward.reconcile.plan import plan  # noqa: PLC0415 - see the top

    return Considered(*sides, plan(*sides, account.settings))
