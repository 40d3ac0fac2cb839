"""What the ledger has to say after a pass. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from unitward.model.plan import Action, Plan, Verb
from unitward.model.recorded import (
    Intent,
    IntentKind,
    Recorded,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.report import Outcome, Result
from unitward.model.unitstate import UnitDetail
from unitward.store.ledger import Changes

WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.RESTORE})
ENDED = frozenset({Result.DONE, Result.FAILED})
STARTS = frozenset({Verb.START, Verb.RESTART})
LEAVES = frozenset({Verb.REMOVE, Verb.FORGET})


def changes_of(
    plan: Plan,
    recorded: Recorded,
    results: Mapping[Action, Outcome],
    intents: Mapping[Intent, int],
    details: Mapping[str, UnitDetail],
    links: Iterable[RecordedLink],
) -> Changes:
    """Return what to record: everything that was achieved, and nothing that was not."""
    done = [a for a, outcome in results.items() if outcome.result is Result.DONE]
    units = dict(plan.records)
    for action, outcome in results.items():
        unit = units.get(action.unit)
        if unit is not None and not _old_process_runs(action, outcome.result, details):
            units[action.unit] = _after(unit, action, outcome.result, details, plan.life)
    forgotten = tuple(a.unit for a in done if a.verb in LEAVES and not a.path)
    started = {
        a.unit for a, o in results.items() if a.verb in STARTS and o.result in ENDED
    } & recorded.orders.nudges.keys()
    return Changes(
        units=tuple(unit for name, unit in units.items() if unit != recorded.units.get(name)),
        forgotten=forgotten,
        files=tuple(
            RecordedFile(a.path, a.unit, a.digest, a.content) for a in done if a.verb in WRITES
        )
        + plan.found,
        deleted_files=tuple(
            a.path for a in done if a.verb is Verb.DELETE or (a.verb is Verb.FORGET and a.path)
        ),
        links=tuple(links),
        deleted_links=tuple(a.path for a in done if a.verb is Verb.UNLINK),
        closed=_closed(plan, recorded, results, intents, details),
        nudged=tuple(recorded.orders.nudges[name] for name in sorted(started)),
    )


def _old_process_runs(action: Action, result: Result, details: Mapping[str, UnitDetail]) -> bool:
    """Tell whether a restart that failed left the process that it should have replaced."""
    detail = details.get(action.unit)
    return (
        action.verb is Verb.RESTART
        and result is Result.FAILED
        and detail is not None
        and detail.active_state == "active"
        and detail.invocation_id == action.invocation
    )


def _began(action: Action, result: Result, details: Mapping[str, UnitDetail]) -> bool:
    """Tell whether a start that is not over yet has replaced the process that ran before."""
    detail = details.get(action.unit)
    return (
        result is Result.PENDING
        and detail is not None
        and detail.invocation_id not in {"", action.invocation}
    )


def _after(
    unit: RecordedUnit,
    action: Action,
    result: Result,
    details: Mapping[str, UnitDetail],
    life: str,
) -> RecordedUnit:
    match action.verb:
        case Verb.ENABLE if result is Result.DONE:
            return replace(unit, install_digest=action.digest)
        case Verb.UNLINK if result is Result.DONE and action.reason == "enable: no":
            return replace(unit, install_digest="")
        case Verb.MASK if result is Result.DONE:
            return replace(unit, masked=True)
        case Verb.UNMASK if result is Result.DONE:
            return replace(unit, masked=False)
        case Verb.START | Verb.RESTART if result in ENDED or _began(action, result, details):
            detail = details.get(unit.name)
            return replace(
                unit,
                run_digest=action.run_digest,
                external_digest=action.external_digest,
                reload_digest=action.reload_digest,
                invocation=detail.invocation_id if detail else "",
                life=life,
            )
        case Verb.RELOAD if result is Result.DONE:
            return replace(
                unit,
                run_digest=action.run_digest,
                external_digest=action.external_digest,
                reload_digest=action.reload_digest,
            )
        case _:
            return unit


def _closed(
    plan: Plan,
    recorded: Recorded,
    results: Mapping[Action, Outcome],
    intents: Mapping[Intent, int],
    details: Mapping[str, UnitDetail],
) -> tuple[int, ...]:
    """Return the intents whose effect has ended, well or badly.

    An effect that did not begin, or whose job still runs, leaves its intent open: the next
    pass finishes it.
    """
    ended = {
        (a.unit, a.verb, a.path)
        for a, o in results.items()
        if o.result in ENDED and not _old_process_runs(a, o.result, details)
    }
    closed = list(plan.close)
    verbs = {
        IntentKind.WRITE: WRITES,
        IntentKind.LINK: {Verb.ENABLE},
        IntentKind.RUN: STARTS,
        IntentKind.STOP: {Verb.STOP},
        IntentKind.REMOVE: LEAVES,
    }
    for intent, ident in intents.items():
        if any((intent.unit, verb, intent.path) in ended for verb in verbs[intent.kind]):
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
