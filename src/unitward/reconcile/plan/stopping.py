"""What a stop takes down with it, and how it is brought back (semantics.md C5, V8)."""

from collections.abc import Iterable

from unitward.model.plan import Action, Phase, Verb
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.starting import start_action
from unitward.reconcile.plan.want import Wish, want


def taken_down(names: Iterable[str], sides: Sides) -> tuple[str, ...]:
    """Return the active closure of RequiredBy, BoundBy and ConsistsOf, without the names."""
    stopped = set(names)
    found: dict[str, None] = {}
    asking = sorted(stopped)
    while asking:
        detail = sides.observed.details.get(asking.pop(0))
        if detail is None:
            continue
        for name in (*detail.required_by, *detail.bound_by, *detail.consists_of):
            if name not in found and name not in stopped and sides.observed.is_up(name):
                found[name] = None
                asking.append(name)
    return tuple(found)


def frozen_below(name: str, sides: Sides) -> str:
    """Return a frozen unit that a stop of this one would take down, "" for none."""
    return next((n for n in taken_down([name], sides) if sides.is_frozen(n)), "")


def start_again(name: str, reason: str, sides: Sides, draft: Draft) -> list[Action]:
    """Return the start of a unit that one of our stops takes down, none where it must not run."""
    if sides.is_frozen(name) or draft.is_removing(name) or draft.runs(name):
        return []
    unit = sides.desired.units.get(name)
    if unit is None:
        return [Action(Phase.RUN, Verb.START, name, reason)]
    if want(unit, sides).wish is Wish.STOPPED:
        return []
    return [start_action(unit, sides, Verb.START, reason)]


def stop_action(name: str, reason: str, sides: Sides, neighbours: tuple[str, ...] = ()) -> Action:
    """Return a stop that remembers what has to be started again after it."""
    unit = sides.desired.units.get(name)
    place = unit.place if unit else None
    return Action(Phase.STOP, Verb.STOP, name, reason, place=place, neighbours=neighbours)
