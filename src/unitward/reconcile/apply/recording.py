"""What the ledger has to say after a pass. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from unitward.model.plan import Action, Plan, Verb
from unitward.model.recorded import (
    Intent,
    Recorded,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.report import Outcome, Result
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.apply.intents import ENDED, STARTS, WRITES, closed_by, is_farewell
from unitward.store.ledger import Changes


def changes_of(
    plan: Plan,
    recorded: Recorded,
    results: Mapping[Action, Outcome],
    intents: Mapping[Intent, int],
    details: Mapping[str, UnitDetail],
    links: Iterable[RecordedLink],
    *,
    given_up: Collection[str] = (),
) -> Changes:
    """Return what to record: everything that was achieved, and nothing that was not.

    given_up: units that somebody else stopped while they were to be started or restarted.
    """
    done = [a for a, outcome in results.items() if outcome.result is Result.DONE]
    undone = {a for a, o in results.items() if _old_process_runs(a, o.result, details)}
    units = dict(plan.records)
    for action, outcome in results.items():
        unit = units.get(action.unit)
        if unit is not None and action not in undone:
            units[action.unit] = _after(unit, action, outcome.result, details, plan.life)
    forgotten = tuple(a.unit for a in done if is_farewell(a))
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
        closed=closed_by(plan, recorded, results, intents, undone=undone, given_up=given_up),
        nudged=tuple(recorded.orders.nudges[name] for name in sorted(started)),
        before=tuple(was for was in plan.before if was != recorded.before.get(was.unit)),
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
                doubted="",
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
