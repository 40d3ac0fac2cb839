"""Units that a person keeps for themselves from now on: given up, with everything running."""

import hashlib

from unitward.model.plan import Action, Phase, Sync, Verb
from unitward.reconcile.plan.holds import held_reason
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.unitfile.mark import read_mark, strip_mark

REASON = "forgotten; what stands and runs stays as it is"


def plan_forgotten(sides: Sides, draft: Draft) -> None:
    """Give up what is recorded of forgotten units; say what to do about those still declared."""
    recorded = sides.recorded.units if sides.recorded.orders.forgotten else {}
    for name, unit in recorded.items():
        if not sides.is_forgotten(name):
            continue
        hold = sides.hold_of(name)
        if hold is not None:
            draft.say(name, Sync.HELD, held_reason(hold, "would: forget"), hold.until)
            draft.records[name] = unit
        elif not sides.is_frozen(name):
            _give_up(name, sides, draft)
    for name, place in sides.forgotten.items():
        draft.places[name] = place
        if name not in draft.verdicts:
            reason = f"forgotten; take it out of {place}, or `unitward adopt {name}`"
            draft.say(name, Sync.BLOCKED, reason)
    draft.moot.extend(_moot(sides))


def _give_up(name: str, sides: Sides, draft: Draft) -> None:
    draft.records.pop(name, None)
    draft.found = [file for file in draft.found if file.unit != name]
    for path in sides.files_of.get(name, ()):
        disk = sides.observed.file(path)
        mark = read_mark(disk.content) if disk.content is not None else None
        if disk.content is None or mark is None:
            continue
        body = strip_mark(disk.content)
        if mark.installation == sides.recorded.installation and body:
            digest = hashlib.sha256(body).hexdigest()
            draft.do(
                [
                    Action(
                        Phase.WRITE,
                        Verb.RELEASE,
                        name,
                        REASON,
                        path=path,
                        content=body,
                        digest=digest,
                        before=disk,
                    )
                ]
            )
    draft.do([Action(Phase.FORGET, Verb.FORGET, name, REASON, place=sides.forgotten.get(name))])


def _moot(sides: Sides) -> list[str]:
    """Return what was forgotten and is declared no more: there is nothing to leave alone."""
    if not sides.desired.complete:
        return []
    left = {*sides.forgotten, *sides.recorded.units, *sides.desired.frozen}
    left |= sides.desired.unsupported.keys()
    return [name for name in sides.recorded.orders.forgotten if name not in left]
