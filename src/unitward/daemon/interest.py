"""Units beyond the declared ones, and memories of them, that the daemon needs between passes."""

from unitward.model.plan import Sync
from unitward.reconcile import Considered


def referable(considered: Considered) -> list[str]:
    """Return the declared units whose history systemd has to keep while they are down.

    A transient unit of the name is left out: held, it would never make room for ours.
    """
    details = considered.observed.details
    return [
        name
        for name, unit in considered.desired.units.items()
        if not unit.is_template
        and name in considered.observed.units
        and not (name in details and details[name].transient)
    ]


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
