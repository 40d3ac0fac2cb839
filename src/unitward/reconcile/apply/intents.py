"""Intents of a pass: what is committed before an effect, and when it is over. Pure."""

from collections.abc import Collection, Mapping

from unitward.model.plan import Action, Plan, Verb
from unitward.model.recorded import Intent, IntentKind, Recorded
from unitward.model.report import Outcome, Result
from unitward.unitfile.names import parse_name

ENDED = frozenset({Result.DONE, Result.FAILED})
WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.RESTORE})
STARTS = frozenset({Verb.START, Verb.RESTART})
LEAVES = frozenset({Verb.REMOVE, Verb.FORGET})
VERBS = {
    IntentKind.WRITE: WRITES,
    IntentKind.LINK: frozenset({Verb.ENABLE}),
    IntentKind.RUN: STARTS,
    IntentKind.STOP: frozenset({Verb.STOP}),
    IntentKind.REMOVE: LEAVES,
}


def is_farewell(action: Action) -> bool:
    """Tell whether a unit is recorded no more once the action is done."""
    return action.verb in LEAVES and not action.path


def intent_of(action: Action) -> Intent | None:
    """Return what the ledger must know before the action begins, None for nothing."""
    match action.verb:
        case Verb.CREATE | Verb.UPDATE | Verb.RESTORE:
            return Intent(0, action.unit, IntentKind.WRITE, action.path, action.digest)
        case Verb.ENABLE:
            return Intent(0, action.unit, IntentKind.LINK)
        case Verb.START | Verb.RESTART:
            return Intent(
                0,
                action.unit,
                IntentKind.RUN,
                digest=action.run_digest,
                invocation=action.invocation,
            )
        case Verb.STOP:
            return Intent(0, action.unit, IntentKind.STOP, neighbours=action.neighbours)
        case Verb.REMOVE | Verb.FORGET:
            return Intent(0, action.unit, IntentKind.REMOVE, action.path)
        case _:
            return None


def closed_by(
    plan: Plan,
    recorded: Recorded,
    results: Mapping[Action, Outcome],
    intents: Mapping[Intent, int],
    *,
    undone: Collection[Action],
    given_up: Collection[str],
) -> tuple[int, ...]:
    """Return the intents whose effect has ended, well or badly, or never began.

    An effect whose job still runs, or that a cut-short pass owes, leaves its intent open: the
    next pass finishes it. undone: actions that ended and left what they should have changed.
    given_up: units that somebody else stopped meanwhile; nobody has to start those any more.
    """
    ended = {
        (a.unit, a.verb, a.path)
        for a, o in results.items()
        if o.result in ENDED and a not in undone
    }
    closed = list(plan.close)
    owed = _owed(plan, recorded, results)
    for intent, ident in intents.items():
        is_run = intent.kind is IntentKind.RUN
        over = any((intent.unit, verb, intent.path) in ended for verb in VERBS[intent.kind])
        if over or (is_run and (intent.unit in given_up or not _is_owed(intent.unit, owed))):
            closed.append(ident)
    standing = {(file.path, file.digest) for file in plan.found}
    reopened = {(i.unit, i.kind, i.path) for i in intents}
    for old in recorded.intents:
        if (old.unit, old.kind, old.path) in reopened:
            continue
        stands = old.kind is IntentKind.WRITE and (old.path, old.digest) in standing
        if stands or old.kind in {IntentKind.LINK, IntentKind.STOP}:
            closed.append(old.ident)
    return tuple(dict.fromkeys(closed))


def _owed(plan: Plan, recorded: Recorded, results: Mapping[Action, Outcome]) -> set[str]:
    """Return the units that this pass or an interrupted one began, or may have begun, to change."""
    untouched = {Result.STALE, Result.SKIPPED}
    begun = [a for a in plan.actions if a not in results or results[a].result not in untouched]
    before = [i for i in recorded.intents if i.kind in {IntentKind.RUN, IntentKind.STOP}]
    owed = {a.unit for a in begun} | {i.unit for i in before}
    owed |= {name for a in begun if a.verb is Verb.STOP for name in a.neighbours}
    owed |= {name for i in before for name in i.neighbours}
    return owed - {""}


def _is_owed(unit: str, owed: Collection[str]) -> bool:
    return unit in owed or parse_name(unit).template in owed
