"""Units beyond the declared ones, and memories of them, that the daemon needs between passes."""

from unitward.model.plan import Sync
from unitward.model.report import Report, Result
from unitward.reconcile.one_pass import Considered
from unitward.systemd.manager import Manager


async def keep_history(manager: Manager, considered: Considered, report: Report) -> None:
    """Have systemd remember the last run of each declared unit while it is down.

    A transient unit of the name is let go: held, it would never make room for ours. A name that
    others took during the pass is looked at by the next one.
    """
    details, units = considered.observed.details, considered.observed.units
    stale = {o.action.unit for o in report.outcomes if o.result is Result.STALE}
    taken = {name for name in stale & units.keys() if units[name].load == "not-found"}
    named = [name for name, unit in considered.desired.units.items() if not unit.is_template]
    transient = {name for name in named if name in details and details[name].transient}
    await manager.unref(transient)
    await manager.ref(n for n in named if n in units and n not in transient | taken)


def followed(considered: Considered) -> dict[str, str]:
    """Return the states of the units that a waiting unit follows (V9), for which it waits."""
    observed = considered.observed
    found: dict[str, str] = {}
    for name, verdict in considered.plan.verdicts.items():
        detail = observed.details.get(name)
        if verdict.sync is not Sync.WAITING or detail is None:
            continue
        rivals = (*detail.conflicts, *detail.conflicted_by)
        for other in (*detail.requires, *detail.binds_to, *detail.part_of, *rivals):
            status = observed.units.get(other)
            if status is not None:
                found[other] = status.active
    return found
