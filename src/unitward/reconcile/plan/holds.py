"""Units that a person holds (semantics.md H1, H2): left alone, with their changes shown."""

from dataclasses import replace

from unitward.model.desired import DesiredUnit
from unitward.model.orders import Hold
from unitward.model.plan import Sync, Verb
from unitward.reconcile.plan.change import Change
from unitward.reconcile.plan.gate import own_gate
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.units import plan_unit

# Steps that come with the others and tell a person nothing.
STEPS = frozenset({Verb.RESET_FAILED, Verb.STAMP, Verb.KEEP_COPY})


def plan_held(unit: DesiredUnit, hold: Hold, change: Change, sides: Sides, draft: Draft) -> None:
    """Leave a held unit alone and say what would be done without the hold."""
    draft.places[unit.name] = unit.place
    draft.say(unit.name, Sync.HELD, held_reason(hold, _instead(unit, change, sides)), hold.until)
    known = sides.known(unit.name)
    if known is not None:
        draft.records[unit.name] = replace(known, place=unit.place, on_remove=unit.policy.on_remove)


def held_reason(hold: Hold, instead: str = "") -> str:
    """Return why a unit is left alone, and what would be done instead."""
    return f"held: {hold.reason}" + (f"; {instead}" if instead else "")


def _instead(unit: DesiredUnit, change: Change, sides: Sides) -> str:
    gate = own_gate(unit, change, sides)
    if gate is not None:
        return gate.reason
    unheld = Draft()
    plan_unit(unit, change, "", sides, unheld)
    verbs = [a.verb for a in unheld.actions if a.unit == unit.name and a.verb not in STEPS]
    if verbs:
        return f"would: {' + '.join(dict.fromkeys(verb.value for verb in verbs))}"
    verdict = unheld.verdicts[unit.name]
    return "" if verdict.sync is Sync.IN_SYNC else f"{verdict.sync}: {verdict.reason}"
