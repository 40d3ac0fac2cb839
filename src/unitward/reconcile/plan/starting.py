"""Starts, and what the ledger says of a process that runs with what is declared."""

from dataclasses import replace

from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Sync, Verb
from unitward.model.recorded import Intent, RecordedUnit
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.contents import contents_digest, contents_learned, restart_patterns
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.want import Wish, want


def start_action(unit: DesiredUnit, sides: Sides, verb: Verb, reason: str) -> Action:
    """Return a start, restart or reload that records what the process then runs with."""
    contents = sides.observed.external
    return Action(
        Phase.RUN,
        verb,
        unit.name,
        reason,
        place=unit.place,
        run_digest=unit.run_digest,
        external_digest=contents_digest(unit.name, restart_patterns(unit), contents),
        reload_digest=contents_digest(unit.name, unit.policy.reload_on, contents),
        invocation=_invocation(unit, sides),
    )


def _invocation(unit: DesiredUnit, sides: Sides) -> str:
    """Return the InvocationID of the process that a start replaces, as far as it is known."""
    detail = sides.observed.details.get(unit.name)
    if detail is not None:
        return detail.invocation_id
    known = sides.known(unit.name)
    return known.invocation if known else ""


def reset_action(unit: DesiredUnit, reason: str = "") -> Action:
    """Return the reset that keeps a unit from hitting its start limit."""
    reason = reason or "a changed definition starts counting anew"
    return Action(Phase.RUN, Verb.RESET_FAILED, unit.name, reason, place=unit.place)


def adopt_running(unit: DesiredUnit, record: RecordedUnit, sides: Sides) -> RecordedUnit:
    """Return the record of a unit whose process runs with what is declared now."""
    detail = sides.observed.details.get(unit.name)
    return replace(
        adopt_contents(unit, record, sides),
        run_digest=unit.run_digest,
        invocation=detail.invocation_id if detail else record.invocation,
        life=sides.observed.manager.life,
    )


def adopt_contents(unit: DesiredUnit, record: RecordedUnit, sides: Sides) -> RecordedUnit:
    """Return the record with the watched contents as they are now."""
    contents = sides.observed.external
    restart = contents_digest(unit.name, restart_patterns(unit), contents)
    reload = contents_digest(unit.name, unit.policy.reload_on, contents)
    return replace(
        record,
        external_digest=restart or record.external_digest,
        reload_digest=reload or record.reload_digest,
    )


def learn_contents(unit: DesiredUnit, record: RecordedUnit, sides: Sides) -> RecordedUnit:
    """Return the record with the contents of paths that are watched from now on."""
    now = adopt_contents(unit, record, sides)
    return replace(
        record,
        external_digest=contents_learned(record.external_digest, now.external_digest),
        reload_digest=contents_learned(record.reload_digest, now.reload_digest),
    )


def start(
    unit: DesiredUnit, record: RecordedUnit, sides: Sides, draft: Draft, reason: str
) -> RecordedUnit:
    """Start a unit, unless it conflicts with a declared unit that runs or is being started."""
    rival = running_rival(unit.name, sides, draft)
    if rival:
        draft.say(unit.name, Sync.WAITING, f"conflicts with {rival}, which runs")
        return record
    draft.do([start_action(unit, sides, Verb.START, reason)])
    draft.say(unit.name, Sync.PENDING, reason)
    return record


def running_rival(unit: str, sides: Sides, draft: Draft) -> str:
    """Return the declared unit that a start would stop, so that two never oust each other."""
    detail = sides.observed.details.get(unit)
    rivals: set[str] = {*detail.conflicts, *detail.conflicted_by} if detail else set()
    rivals |= sides.rivals.get(unit, frozenset())
    for name in sorted(rivals - {unit}):
        other = sides.desired.units.get(name)
        up = sides.observed.is_up(name)
        if sides.is_frozen(name) and up:
            return name
        if other is None or want(other, sides).wish is Wish.STOPPED:
            continue
        if up or draft.runs(name):
            return name
    return ""


def ran_since(intent: Intent, detail: UnitDetail) -> bool:
    """Tell whether the unit was started after the intent was committed."""
    return bool(detail.invocation_id) and detail.invocation_id != intent.invocation


def is_settled(
    intent: Intent,
    unit: DesiredUnit,
    record: RecordedUnit,
    detail: UnitDetail,
    sides: Sides,
) -> bool:
    """Tell whether the process that an intent asked for ran already."""
    return intent_row(intent, unit, record, detail, sides) == "P2"


def intent_row(
    intent: Intent,
    unit: DesiredUnit,
    record: RecordedUnit,
    detail: UnitDetail,
    sides: Sides,
) -> str:
    """Return the row of table P, P1 to P3, for a unit that an interrupted pass was to run."""
    if not ran_since(intent, detail):
        return "P1"
    if record.run_digest == unit.run_digest and record.invocation == detail.invocation_id:
        return "P2"
    started = sides.wall(detail.exec_main_start_timestamp or detail.inactive_exit_timestamp)
    loaded = sides.observed.manager.loaded_at / 1e6
    files = list(unit.files())
    template = sides.desired.units.get(unit.template)
    if template is not None:
        files += template.files()
    written = max((sides.observed.file(f.path).changed_at / 1e6 for f in files), default=0.0)
    if not intent.invocation and not record.run_digest and not detail.need_daemon_reload:
        loaded = started  # a first start may come before the reload (O5)
    return "P2" if started >= loaded >= written else "P3"
