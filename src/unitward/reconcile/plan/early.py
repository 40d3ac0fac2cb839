"""New services that start before the manager reads its units again (semantics.md O5).

A service that systemd has not loaded is read from its file when it is started, so it need not
wait for a reload, which stands for as long as the generators of the account run.
"""

from collections.abc import Iterable
from dataclasses import replace

from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Verb
from unitward.reconcile.plan.kinds import started_by
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.want import targets_of

PULLS_IN = ("Wants", "Requires", "Requisite", "BindsTo", "Upholds", "PartOf", "JoinsNamespaceOf")


def started_early(actions: Iterable[Action], sides: Sides) -> list[Action]:
    """Return the actions, the starts that need no reload moved before it."""
    found = list(actions)
    acted = {action.unit for action in found}
    new = {name for name in acted if _is_unloaded(name, sides)}
    return [
        replace(action, phase=Phase.EARLY_START) if _is_early(action, acted, new, sides) else action
        for action in found
    ]


def _is_early(action: Action, acted: set[str], new: set[str], sides: Sides) -> bool:
    unit = sides.desired.units.get(action.unit)
    return (
        action.phase is Phase.RUN
        and action.verb is Verb.START
        and unit is not None
        and unit.suffix == ".service"
        and unit.name in new
        and not _stands_in_the_way(unit, acted - {unit.name}, new, sides)
    )


def _is_unloaded(name: str, sides: Sides) -> bool:
    """Tell whether systemd will read the unit's file at its start; a stub refuses instead."""
    status = sides.observed.units.get(name)
    return name in sides.desired.units and (status is None or status.load == "not-found")


def _stands_in_the_way(unit: DesiredUnit, acted: set[str], new: set[str], sides: Sides) -> bool:
    """Tell whether the start would use an old definition, or miss its place in the order."""
    text = unit.text
    pulled_in = {word for key in PULLS_IN for word in text.words("Unit", key)}
    pulled_in |= {*text.words("Service", "Sockets"), text.last("Service", "Slice")}
    ordered = {word for key in ("After", "Conflicts") for word in text.words("Unit", key)}
    if pulled_in & (acted - new) or ordered & acted:
        return True
    return any(
        _names(sides.desired.units[n], unit.name, sides) for n in acted & set(sides.desired.units)
    )


def _names(other: DesiredUnit, name: str, sides: Sides) -> bool:
    """Tell whether another unit of this pass orders, ousts, triggers or joins the one named."""
    ordered = {word for key in ("Before", "Conflicts") for word in other.text.words("Unit", key)}
    return name in ordered or started_by(other) == name or name in targets_of(other, sides)
