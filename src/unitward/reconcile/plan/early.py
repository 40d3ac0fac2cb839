"""New services that start before the manager reads its units again (semantics.md O5).

A service that systemd has not loaded is read from its file when it is started, so it need not
wait for a reload, which stands for as long as the generators of the account run. Many wait all
the same: systemd would read each of them twice, and tell of each what nobody asked.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Verb
from unitward.reconcile.kinds import started_by
from unitward.reconcile.plan.order import is_overlooked
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.want import targets_of

MOST_EARLY = 20
"""How many services may start before the reload: there each costs the manager and the bus 1.5 ms
more of CPU (252). For 20 that is about what the shortest reload takes, for 100 it is 0.15 s.
"""
PULLS_IN = ("Wants", "Requires", "Requisite", "BindsTo", "Upholds", "PartOf", "JoinsNamespaceOf")


def started_early(actions: Iterable[Action], sides: Sides) -> list[Action]:
    """Return the actions, the starts that need no reload moved before it unless they are many."""
    found = list(actions)
    acted = {action.unit for action in found}
    new = {name for name in acted if _is_unloaded(name, sides)}
    late = acted - new
    named_by = _named_by(acted, sides)
    moved = [
        replace(action, phase=Phase.EARLY_START)
        if _is_early(action, acted, late, named_by, sides)
        else action
        for action in found
    ]
    early = sum(action.phase is Phase.EARLY_START for action in moved)
    return moved if early <= MOST_EARLY else found


def _is_early(
    action: Action,
    acted: set[str],
    late: set[str],
    named_by: Mapping[str, set[str]],
    sides: Sides,
) -> bool:
    unit = sides.desired.units.get(action.unit)
    return (
        action.phase is Phase.RUN
        and action.verb is Verb.START
        and unit is not None
        and unit.suffix == ".service"
        and unit.name not in late
        and not named_by.get(unit.name, set()) - {unit.name}
        and not _stands_in_the_way(unit, acted, late)
    )


def _is_unloaded(name: str, sides: Sides) -> bool:
    """Tell whether systemd will read the unit's file at its start; a stub refuses instead."""
    status, unit = sides.observed.units.get(name), sides.desired.units.get(name)
    if unit is None or is_overlooked(unit, sides):
        return False
    return status is None or status.load == "not-found"


def _stands_in_the_way(unit: DesiredUnit, acted: set[str], late: set[str]) -> bool:
    """Tell whether the start would use an old definition, or miss its place in the order."""
    text = unit.text
    pulled_in = {word for key in PULLS_IN for word in text.words("Unit", key)}
    pulled_in |= {*text.words("Service", "Sockets"), text.last("Service", "Slice")}
    ordered = {word for key in ("After", "Conflicts") for word in text.words("Unit", key)}
    return bool(pulled_in & late - {unit.name} or ordered & acted - {unit.name})


def _named_by(acted: set[str], sides: Sides) -> Mapping[str, set[str]]:
    """Return for each name the units of this pass that order, oust, trigger or join it.

    One look at each unit: a first pass may start thousands.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for other in acted & sides.desired.units.keys():
        unit = sides.desired.units[other]
        names = {word for key in ("Before", "Conflicts") for word in unit.text.words("Unit", key)}
        for name in (*names, started_by(unit), *targets_of(unit, sides)):
            found[name].add(other)
    return found
