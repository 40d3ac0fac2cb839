"""A unit that is up and whose definition does not force anything (semantics.md W, P)."""

from dataclasses import replace

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.plan import Sync, Verb
from unitward.model.recorded import RecordedUnit
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.plan.protected import does_not_hold, is_outranked, obstacle
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.starting import (
    adopt_running,
    is_settled,
    learn_contents,
    start_action,
)
from unitward.reconcile.plan.stopping import frozen_below, stop_action
from unitward.reconcile.plan.verdict import restarts_itself
from unitward.reconcile.plan.want import Want, Wish

SUCCESS_AFTER = 60.0
OLDER = "its process is older than its file"
TAKEN_OVER = "taken over; it may be older than its file"


def decide_up(
    unit: DesiredUnit, wanted: Want, record: RecordedUnit, sides: Sides, draft: Draft
) -> RecordedUnit:
    """Decide for a unit that is up; returns its record."""
    detail = sides.observed.details.get(unit.name)
    if wanted.wish is Wish.STOPPED:
        return _stop(unit, wanted, record, sides, draft)
    if finish_intent(unit, record, sides, draft):
        return record
    record = _taken_over(unit, record, detail, sides)
    intent = sides.recorded.open_run(unit.name)
    if intent is not None:
        draft.close.append(intent.ident)
        record = adopt_running(unit, record, sides)
    record = _count_success(record, detail, sides, draft)
    if unit.policy.env_files or unit.policy.restart_on or unit.policy.reload_on:
        record = learn_contents(unit, record, sides)
    older = False
    if detail is not None:
        same_process = bool(record.invocation) and record.invocation == detail.invocation_id
        if not same_process or not record.run_digest:
            record = adopt_running(unit, record, sides)
        older = record.run_digest != unit.run_digest
    if older:
        _say_older(unit, sides, draft)
    else:
        say_up(unit, wanted, record, sides, draft)
    return record


def finish_intent(unit: DesiredUnit, record: RecordedUnit, sides: Sides, draft: Draft) -> bool:
    """Restart a running unit whose restart was interrupted (P1, P3); tell whether it was.

    One whose condition does not hold waits for that (C18).
    """
    intent = sides.recorded.open_run(unit.name)
    detail = sides.observed.details.get(unit.name)
    if intent is None or detail is None or is_settled(intent, unit, record, detail, sides):
        return False
    condition = sides.observed.skipped_conditions.get(unit.name)
    if condition:
        held_back = does_not_hold(condition)
        draft.say(unit.name, held_back.sync, held_back.reason)
        return True
    reason = "finish what was interrupted"
    draft.do([start_action(unit, sides, Verb.RESTART, reason)])
    draft.say(unit.name, Sync.PENDING, reason)
    return True


def _stop(
    unit: DesiredUnit, wanted: Want, record: RecordedUnit, sides: Sides, draft: Draft
) -> RecordedUnit:
    if record.wish == wanted.wish.value and sides.reports_drift(unit):
        draft.say(unit.name, Sync.DRIFTED, f"runs, though {wanted.reason} (drift: report)")
        return record
    frozen = frozen_below(unit.name, sides)
    if frozen:
        draft.say(
            unit.name,
            Sync.PENDING,
            f"{wanted.reason}; would stop {frozen}, which is {sides.how_frozen(frozen)}",
        )
        return record
    draft.do([stop_action(unit.name, wanted.reason, sides)])
    draft.say(unit.name, Sync.PENDING, wanted.reason)
    return record


def _count_success(
    record: RecordedUnit,
    detail: UnitDetail | None,
    sides: Sides,
    draft: Draft,
) -> RecordedUnit:
    if not record.tries or detail is None or detail.active_state != "active":
        return record
    succeeded_at = sides.wall(detail.active_enter_timestamp) + SUCCESS_AFTER
    if sides.observed.now >= succeeded_at:
        return replace(record, tries=0)
    draft.wakes.append(succeeded_at)
    return record


def _say_older(unit: DesiredUnit, sides: Sides, draft: Draft) -> None:
    """Say that the process runs an older definition; reload it where that is what is asked."""
    if unit.policy.on_change is OnChange.KEEP:
        draft.say(unit.name, Sync.IN_SYNC, f"{OLDER} (on_change: keep)")
        return
    held_back = obstacle(unit, sides)
    detail = sides.observed.details.get(unit.name)
    if held_back is not None:
        draft.say(unit.name, held_back.sync, held_back.reason)
    elif unit.policy.on_change is OnChange.RELOAD and detail is not None and detail.can_reload:
        draft.do([start_action(unit, sides, Verb.RELOAD, OLDER)])
        draft.say(unit.name, Sync.PENDING, OLDER)
    else:
        draft.say(unit.name, Sync.IN_SYNC, f"{OLDER}; it runs the new one from its next start")


def _taken_over(
    unit: DesiredUnit, record: RecordedUnit, detail: UnitDetail | None, sides: Sides
) -> RecordedUnit:
    """Return the record with the process of which nobody knows what it was started with (P7)."""
    if detail is None:
        return record
    if sides.known(unit.name) is None and may_be_older(unit, detail, sides):
        return replace(record, doubted=detail.invocation_id)
    same = record.doubted == detail.invocation_id
    return record if same or not record.doubted else replace(record, doubted="")


def say_up(
    unit: DesiredUnit, wanted: Want, record: RecordedUnit, sides: Sides, draft: Draft
) -> None:
    """Say how a unit is that is up and runs what is declared."""
    status = sides.observed.units[unit.name]
    detail = sides.observed.details.get(unit.name)
    if status.job_type == "stop":
        draft.say(unit.name, Sync.STOPPING, "on its way down")
    elif restarts_itself(status):
        draft.say(unit.name, Sync.STARTING, "ended; systemd starts it again (Restart=)")
    elif status.active == "activating":
        draft.say(unit.name, Sync.STARTING, "on its way up")
    elif detail is not None and is_outranked(detail):
        reason = f"{detail.fragment_path} is loaded instead of unitward's file"
        draft.say(unit.name, Sync.OVERRIDDEN, reason)
    elif record.doubted:
        draft.say(unit.name, Sync.IN_SYNC, TAKEN_OVER)
    else:
        draft.say(unit.name, Sync.IN_SYNC, wanted.reason)


def may_be_older(unit: DesiredUnit, detail: UnitDetail | None, sides: Sides) -> bool:
    """Row P7: without a ledger nobody knows which definition a process was started with."""
    if detail is None or not detail.exec_main_start_timestamp:
        return False
    started = sides.wall(detail.exec_main_start_timestamp)
    return any(sides.observed.file(f.path).changed_at / 1e6 > started for f in unit.files())
