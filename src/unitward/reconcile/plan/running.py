"""What to do about a unit's run state when its definition does not force anything.

Decides for units that are up, units that should be stopped, and units that are down
though they should run (semantics.md W, V, P).
"""

import zlib
from dataclasses import replace

from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Sync, Verb
from unitward.model.recorded import Intent, RecordedUnit
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.plan.change import contents_digest, reports_drift, restart_patterns
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.verdict import CLD_EXITED, Down, judge_down
from unitward.reconcile.plan.want import Want, Wish
from unitward.reconcile.words import duration_text, failure_text

SUCCESS_AFTER = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
TRIES_WITHOUT_RESTART = 3


def start_action(unit: DesiredUnit, sides: Sides, verb: Verb, reason: str) -> Action:
    """Return a start, restart or reload that records what the process then runs with."""
    external = contents_digest(restart_patterns(unit), sides) or ""
    detail = sides.observed.details.get(unit.name)
    return Action(
        Phase.RUN,
        verb,
        unit.name,
        reason,
        place=unit.place,
        run_digest=unit.run_digest,
        external_digest=external,
        reload_digest=contents_digest(unit.policy.reload_on, sides) or "",
        invocation=detail.invocation_id if detail else "",
    )


def reset_action(unit: DesiredUnit) -> Action:
    """Return the reset that keeps a changed unit from hitting its start limit."""
    reason = "a changed definition starts counting anew"
    return Action(Phase.RUN, Verb.RESET_FAILED, unit.name, reason, place=unit.place)


def adopt_running(unit: DesiredUnit, record: RecordedUnit, sides: Sides) -> RecordedUnit:
    """Return the record of a unit whose process runs with what is declared now."""
    detail = sides.observed.details.get(unit.name)
    return replace(
        record,
        run_digest=unit.run_digest,
        external_digest=contents_digest(restart_patterns(unit), sides) or record.external_digest,
        reload_digest=contents_digest(unit.policy.reload_on, sides) or record.reload_digest,
        invocation=detail.invocation_id if detail else record.invocation,
        life=sides.observed.manager.life,
    )


def decide_up(
    unit: DesiredUnit, wanted: Want, record: RecordedUnit, sides: Sides, draft: Draft
) -> RecordedUnit:
    """Decide for a unit that is up and whose definition did not change; returns its record."""
    status = sides.observed.units[unit.name]
    detail = sides.observed.details.get(unit.name)
    if wanted.wish is Wish.STOPPED:
        _stop(unit, wanted, record, sides, draft)
        return record
    intent = sides.recorded.open_run(unit.name)
    if intent is not None and detail is not None and status.active != "deactivating":
        if not _is_settled(intent, unit, record, detail, sides):
            reason = "finish what was interrupted"
            draft.do([start_action(unit, sides, Verb.RESTART, reason)])
            draft.say(unit.name, Sync.PENDING, reason)
            return record
        draft.close.append(intent.ident)
        record = adopt_running(unit, record, sides)
    record = _count_success(record, detail, sides, draft)
    older = ""
    if detail is not None:
        same_process = bool(record.invocation) and record.invocation == detail.invocation_id
        if not same_process or not record.run_digest:
            record = adopt_running(unit, record, sides)
        elif record.run_digest != unit.run_digest:
            older = "its process is older than its file"
    _say_up(unit, wanted, status, older, draft)
    return record


def _stop(
    unit: DesiredUnit, wanted: Want, record: RecordedUnit, sides: Sides, draft: Draft
) -> None:
    if record.wish == wanted.wish.value and reports_drift(unit, sides):
        draft.say(unit.name, Sync.DRIFTED, f"runs, though {wanted.reason} (drift: report)")
        return
    draft.do([Action(Phase.STOP, Verb.STOP, unit.name, wanted.reason, place=unit.place)])
    draft.say(unit.name, Sync.PENDING, wanted.reason)


def _is_settled(
    intent: Intent,
    unit: DesiredUnit,
    record: RecordedUnit,
    detail: UnitDetail,
    sides: Sides,
) -> bool:
    """Tell whether the process that an intent asked for runs already (rows P1 to P3)."""
    if record.run_digest == unit.run_digest and record.invocation == detail.invocation_id:
        return True
    if intent.invocation == detail.invocation_id:
        return False
    started = sides.wall(detail.exec_main_start_timestamp or detail.active_enter_timestamp)
    loaded = sides.observed.manager.loaded_at / 1e6
    written = max((sides.observed.file(f.path).changed_at / 1e6 for f in unit.files()), default=0.0)
    return started >= loaded >= written


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


def _say_up(unit: DesiredUnit, wanted: Want, status: UnitStatus, older: str, draft: Draft) -> None:
    if status.active == "deactivating" or status.job_type == "stop":
        draft.say(unit.name, Sync.STOPPING, "on its way down")
    elif status.sub == "auto-restart":
        draft.say(unit.name, Sync.STARTING, "ended; systemd starts it again (Restart=)")
    elif status.active == "activating":
        draft.say(unit.name, Sync.STARTING, "on its way up")
    elif older:
        draft.say(unit.name, Sync.IN_SYNC, older)
    else:
        draft.say(unit.name, Sync.IN_SYNC, wanted.reason)


def decide_down(
    unit: DesiredUnit,
    wanted: Want,
    record: RecordedUnit,
    sides: Sides,
    draft: Draft,
    *,
    changed: str = "",
) -> RecordedUnit:
    """Decide for a unit that is not up; `changed` says why its content is new, "" if it is not."""
    detail = sides.observed.details.get(unit.name) or UnitDetail(unit.name)
    match wanted.wish:
        case Wish.STOPPED:
            draft.say(unit.name, Sync.IN_SYNC, wanted.reason)
            return record
        case Wish.ABSENT:
            draft.say(unit.name, Sync.ABSENT, wanted.reason)
            return record
        case Wish.COMPLETE:
            draft.say(unit.name, Sync.IN_SYNC, wanted.reason)
            return record
        case Wish.ANY:
            return _decide_any(unit, wanted, record, detail, sides, draft)
        case Wish.RAN | Wish.RUNNING:
            return _decide_wanted(unit, wanted, record, detail, sides, draft, changed)


def _decide_any(
    unit: DesiredUnit,
    wanted: Want,
    record: RecordedUnit,
    detail: UnitDetail,
    sides: Sides,
    draft: Draft,
) -> RecordedUnit:
    intent = sides.recorded.open_run(unit.name)
    if intent is not None:
        if intent.invocation and detail.inactive_enter_timestamp:
            draft.do([start_action(unit, sides, Verb.START, "finish what was interrupted")])
            draft.say(unit.name, Sync.PENDING, "finish what was interrupted")
            return record
        draft.close.append(intent.ident)
    if detail.active_state == "failed":
        draft.say(unit.name, Sync.FAILED, f"its last run failed: {failure_text(detail)}")
    else:
        draft.say(unit.name, Sync.WAITING if wanted.waiting else Sync.IN_SYNC, wanted.reason)
    return record


def _decide_wanted(
    unit: DesiredUnit,
    wanted: Want,
    record: RecordedUnit,
    detail: UnitDetail,
    sides: Sides,
    draft: Draft,
    changed: str,
) -> RecordedUnit:
    intent = sides.recorded.open_run(unit.name)
    judged = judge_down(detail, record, wanted.wish, sides.observed)
    is_ran = wanted.wish is Wish.RAN
    lacking = sides.observed.missing.get(unit.name)
    if lacking:
        draft.say(unit.name, Sync.WAITING, f"{lacking} missing; started when it appears")
        return record
    if judged.down is Down.UNDECIDED:
        status = sides.observed.units.get(unit.name)
        job = status.job_type if status else ""
        draft.say(unit.name, Sync.STARTING, f"a {job or 'foreign'} job is queued on it")
        return record
    if intent is not None and not (is_ran and _ran_since(intent, detail)):
        return _start(unit, record, sides, draft, "finish what was interrupted")
    if intent is not None:
        draft.close.append(intent.ident)
        record = adopt_running(unit, record, sides)
    if is_ran and not changed and _ran_with_this_content(unit, record, judged.down):
        record = adopt_running(unit, record, sides) if not record.run_digest else record
        _say_ran(unit, detail, judged.down, draft)
        return record
    if reports_drift(unit, sides) and record.wish == wanted.wish.value and not changed:
        draft.say(unit.name, Sync.DRIFTED, f"{judged.down.value} (drift: report)")
        return record
    match judged.down:
        case Down.SKIPPED if not changed:
            draft.say(unit.name, Sync.SKIPPED, "a condition of it does not hold")
        case Down.FOLLOWS:
            draft.say(unit.name, Sync.WAITING, f"follows {judged.cause}, which is not up")
        case Down.BY_HAND:
            return _after_stop_by_hand(unit, record, detail, sides, draft)
        case Down.COMPLETE if not changed and not is_ran:
            draft.say(unit.name, Sync.IN_SYNC, "complete: it ended by itself, successfully")
        case Down.FAILED if not changed:
            return _after_failure(unit, record, detail, sides, draft)
        case Down.UNKNOWN if not changed:
            return _after_unknown(unit, record, sides, draft)
        case _:
            reason = f"{changed or wanted.reason}"
            return _start(unit, replace(record, tries=0), sides, draft, reason)
    return record


def _start(
    unit: DesiredUnit, record: RecordedUnit, sides: Sides, draft: Draft, reason: str
) -> RecordedUnit:
    draft.do([start_action(unit, sides, Verb.START, reason)])
    draft.say(unit.name, Sync.PENDING, reason)
    return record


def _ran_since(intent: Intent, detail: UnitDetail) -> bool:
    return bool(detail.invocation_id) and detail.invocation_id != intent.invocation


def _ran_with_this_content(unit: DesiredUnit, record: RecordedUnit, down: Down) -> bool:
    if record.run_digest:
        return record.run_digest == unit.run_digest
    return down in {Down.COMPLETE, Down.FAILED}


def _say_ran(unit: DesiredUnit, detail: UnitDetail, down: Down, draft: Draft) -> None:
    if down is Down.FAILED or detail.active_state == "failed":
        draft.say(unit.name, Sync.FAILED, f"its run failed: {failure_text(detail)}")
    else:
        draft.say(unit.name, Sync.IN_SYNC, "complete: it ran since its content changed")


def _after_stop_by_hand(
    unit: DesiredUnit, record: RecordedUnit, detail: UnitDetail, sides: Sides, draft: Draft
) -> RecordedUnit:
    stopped_at = sides.wall(detail.inactive_enter_timestamp)
    until = stopped_at + sides.settings.stop_grace
    if sides.observed.now < until:
        left = max(1, round(until - sides.observed.now))
        reason = f"stopped by hand; started again in {duration_text(left)}"
        draft.say(unit.name, Sync.STOPPED_BY_HAND, reason, until)
        return record
    return _start(unit, record, sides, draft, "stopped by hand longer ago than stop_grace")


def _after_failure(
    unit: DesiredUnit, record: RecordedUnit, detail: UnitDetail, sides: Sides, draft: Draft
) -> RecordedUnit:
    why = failure_text(detail)
    if _is_final(detail):
        draft.say(unit.name, Sync.FAILED, f"{why}, which RestartPreventExitStatus= excludes")
        return record
    ran_for = (detail.active_exit_timestamp - detail.active_enter_timestamp) / 1e6
    if detail.active_enter_timestamp and ran_for >= SUCCESS_AFTER:
        record = replace(record, tries=0)
    if detail.restart in {"", "no"} and record.tries >= TRIES_WITHOUT_RESTART:
        draft.say(unit.name, Sync.FAILED, f"{why}; given up after {record.tries} tries")
        return record
    failed_at = sides.wall(detail.inactive_enter_timestamp)
    due = failed_at + pause(unit.name, record.tries)
    if sides.observed.now < due:
        left = max(1, round(due - sides.observed.now))
        reason = f"{why}; tried again in {duration_text(left)}"
        draft.say(unit.name, Sync.FAILED, reason, due)
        return record
    tries = record.tries + 1
    return _start(unit, replace(record, tries=tries), sides, draft, f"failed ({why}), try {tries}")


def _after_unknown(
    unit: DesiredUnit, record: RecordedUnit, sides: Sides, draft: Draft
) -> RecordedUnit:
    tries = record.tries + 1
    return _start(unit, replace(record, tries=tries), sides, draft, "it ran before and is gone")


def _is_final(detail: UnitDetail) -> bool:
    if detail.exec_main_code == CLD_EXITED:
        return detail.exec_main_status in detail.restart_prevent_codes
    return detail.exec_main_status in detail.restart_prevent_signals


def pause(unit: str, tries: int) -> float:
    """Return the seconds to wait after a failure: 5 s to 5 min, spread by the unit's name."""
    spread = zlib.crc32(f"{unit} {tries}".encode()) / 2**32
    base: float = min(FIRST_PAUSE * 2.0 ** min(tries, 10), LONGEST_PAUSE)
    return base * (0.9 + 0.2 * spread)
