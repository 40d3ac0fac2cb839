"""A unit that is not up: whether and when it is started (semantics.md W4, W7, V)."""

import zlib
from dataclasses import replace

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.orders import NudgeKind
from unitward.model.plan import Sync
from unitward.model.recorded import RecordedUnit
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.asked import CLD_EXITED
from unitward.reconcile.kinds import is_oneshot
from unitward.reconcile.plan.order import is_newer_than_loaded
from unitward.reconcile.plan.protected import is_outranked
from unitward.reconcile.plan.running import SUCCESS_AFTER
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.starting import (
    adopt_running,
    is_settled,
    ran_since,
    reset_action,
    start,
)
from unitward.reconcile.plan.verdict import Down, Judgement, judge_down
from unitward.reconcile.plan.want import Want, Wish
from unitward.reconcile.words import failure_text

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
TRIES_WITHOUT_RESTART = 3
RETRIED = "tried anew, as asked"
UNLOADABLE = frozenset({"bad-setting", "error"})


def judge(unit: DesiredUnit, wanted: Want, detail: UnitDetail, sides: Sides) -> Judgement:
    """Tell why a unit that should run is down, our own intents included (row V8).

    What we stopped ourselves, or did not know when it ended, was not stopped by hand.
    """
    known = sides.known(unit.name)
    judged = judge_down(detail, known, wanted.wish, sides.observed)
    intent = sides.recorded.open_run(unit.name)
    if judged.down is Down.UNDECIDED:
        return judged
    if intent is not None and not ran_since(intent, detail):
        return Judgement("V8", Down.OURS)
    if judged.down is Down.BY_HAND and (known is None or known.wish == Wish.STOPPED.value):
        return Judgement("V8", Down.OURS)
    return judged


def decide_down(
    unit: DesiredUnit,
    wanted: Want,
    record: RecordedUnit,
    sides: Sides,
    draft: Draft,
    *,
    changed: str = "",
    edited: bool = False,
) -> RecordedUnit:
    """Decide for a unit that is not up.

    changed: why its content is new, "" if it is not. edited: any meaning of its text changed.
    """
    detail = sides.observed.details.get(unit.name) or UnitDetail(unit.name)
    match wanted.wish:
        case Wish.STOPPED:
            draft.say(unit.name, Sync.IN_SYNC, wanted.reason)
        case Wish.ABSENT:
            draft.say(unit.name, Sync.ABSENT, f"absent: {wanted.reason}")
        case Wish.COMPLETE if edited:
            return start(unit, record, sides, draft, changed or "its times changed")
        case Wish.COMPLETE:
            draft.say(unit.name, Sync.IN_SYNC, wanted.reason)
        case Wish.ANY:
            return _decide_any(unit, wanted, record, detail, sides, draft)
        case Wish.RAN | Wish.RUNNING:
            case = _Case(unit, wanted, detail, sides, draft, changed, edited=edited)
            return case.decide(record)
    return record


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
        if intent.invocation and not ran_since(intent, detail):
            return start(unit, record, sides, draft, "finish what was interrupted")
        draft.close.append(intent.ident)
    if detail.active_state == "failed" and is_nudged(unit.name, detail, sides, NudgeKind.RETRY):
        draft.do([reset_action(unit, RETRIED)])
        return start(unit, replace(record, tries=0), sides, draft, RETRIED)
    if detail.active_state == "failed":
        draft.say(unit.name, Sync.FAILED, f"its last run failed: {failure_text(detail)}")
    else:
        draft.say(unit.name, Sync.WAITING if wanted.waiting else Sync.IN_SYNC, wanted.reason)
    return record


class _Case:
    """One unit that should run, or have run, and is down."""

    def __init__(
        self,
        unit: DesiredUnit,
        wanted: Want,
        detail: UnitDetail,
        sides: Sides,
        draft: Draft,
        changed: str,
        *,
        edited: bool,
    ) -> None:
        self.unit = unit
        self.wanted = wanted
        self.detail = detail
        self.sides = sides
        self.draft = draft
        self.changed = changed
        self.edited = edited or bool(changed)
        self.judged = judge(unit, wanted, detail, sides)

    def say(self, sync: Sync, reason: str, until: float = 0.0) -> None:
        self.draft.say(self.unit.name, sync, reason, until)

    def start(self, record: RecordedUnit, reason: str) -> RecordedUnit:
        return start(self.unit, record, self.sides, self.draft, reason)

    def decide(self, record: RecordedUnit) -> RecordedUnit:
        waits = self._what_it_waits_for()
        if waits is not None:
            self.say(*waits)
            return record
        intent = self.sides.recorded.open_run(self.unit.name)
        if intent is not None:
            if not ran_since(intent, self.detail):
                return self.start(record, "finish what was interrupted")
            self.draft.close.append(intent.ident)
            if is_settled(intent, self.unit, record, self.detail, self.sides):
                record = adopt_running(self.unit, record, self.sides)
        if self.wanted.wish is Wish.RAN:
            return self._decide_ran(record)
        return self._decide_running(record)

    def _what_it_waits_for(self) -> tuple[Sync, str] | None:
        lacking = self.sides.observed.missing.get(self.unit.name)
        if lacking:
            return Sync.WAITING, f"{lacking} missing; started when it appears"
        status = self.sides.observed.units.get(self.unit.name)
        if self.judged.down is Down.UNDECIDED:
            job = status.job_type if status else ""
            return Sync.STARTING, f"a {job or 'foreign'} job is queued on it"
        if is_outranked(self.detail):
            return Sync.OVERRIDDEN, f"{self.detail.fragment_path} stands before unitward's file"
        if status is None or self.edited or is_newer_than_loaded(self.unit, self.sides):
            return None
        if status.load in UNLOADABLE:
            why = failure_text(self.detail)
            return Sync.FAILED, f"systemd cannot load it: {why or status.load}"
        if status.load == "masked":
            return Sync.OVERRIDDEN, "masked by someone else; never started while it is"
        return None

    def _reports(self, record: RecordedUnit) -> bool:
        """Say drift that is not corrected; tell whether that was all."""
        drifts = record.wish == self.wanted.wish.value and not self.changed
        nudged = is_nudged(self.unit.name, self.detail, self.sides, *NudgeKind)
        if not drifts or nudged or not self.sides.reports_drift(self.unit):
            return False
        self.say(Sync.DRIFTED, f"{self.judged.down.value} (drift: report)")
        return True

    def _decide_ran(self, record: RecordedUnit) -> RecordedUnit:
        """Row W4 and V5: it runs once for its content, whatever comes of it."""
        failed = self.judged.down is Down.FAILED or self.detail.active_state == "failed"
        if failed and self._is_retried():
            return self._start_anew(record)
        if not self.changed and self._ran_with_this_content(record):
            self._say_ran()
            return record if record.run_digest else adopt_running(self.unit, record, self.sides)
        if self.judged.down is Down.SKIPPED and not self.edited:
            self.say(Sync.SKIPPED, "skipped: a condition of it does not hold")
            return record
        if self._reports(record):
            return record
        reason = self.changed or self.wanted.reason
        if record.run_digest and not self.changed:
            reason = "has not run since its content changed"
        return self.start(replace(record, tries=0), reason)

    def _ran_with_this_content(self, record: RecordedUnit) -> bool:
        if record.run_digest:
            kept = self.unit.policy.on_change is OnChange.KEEP
            return kept or record.run_digest == self.unit.run_digest
        ran = self.judged.down in {Down.COMPLETE, Down.FAILED}
        return ran or (self._was_taken_over() and self.judged.down is not Down.SKIPPED)

    def _was_taken_over(self) -> bool:
        """Row P7: its file stood already, so that only a lost ledger makes it look new."""
        files = self.unit.files()
        return self.sides.known(self.unit.name) is None and any(
            self.sides.observed.file(f.path).digest == f.digest for f in files
        )

    def _say_ran(self) -> None:
        if self.judged.down is Down.FAILED or self.detail.active_state == "failed":
            self.say(Sync.FAILED, f"its run failed: {failure_text(self.detail)}")
        else:
            self.say(Sync.IN_SYNC, "complete: it ran since its content changed")

    def _decide_running(self, record: RecordedUnit) -> RecordedUnit:
        judged = self.judged
        match judged.down:
            case Down.SKIPPED if not self.edited:
                self.say(Sync.SKIPPED, "skipped: a condition of it does not hold")
            case Down.COMPLETE if not self.changed:
                self.say(Sync.IN_SYNC, "complete: it ended by itself, successfully")
            case Down.FOLLOWS:
                self.say(Sync.WAITING, f"follows {judged.cause}: {_state(judged, self.sides)}")
            case _ if self._reports(record):
                pass
            case Down.BY_HAND:
                return self._after_stop_by_hand(record)
            case Down.FAILED if not self.edited:
                return self._after_failure(record)
            case Down.UNKNOWN if not self.edited:
                return self._after_unknown(record)
            case _:
                reason = self.changed or self.wanted.reason
                return self.start(replace(record, tries=0), reason)
        return record

    def _after_stop_by_hand(self, record: RecordedUnit) -> RecordedUnit:
        stopped_at = self.sides.wall(self.detail.inactive_enter_timestamp)
        until = stopped_at + self.sides.settings.stop_grace
        if is_nudged(self.unit.name, self.detail, self.sides, *NudgeKind):
            return self.start(replace(record, tries=0), "resumed after a stop by hand")
        if self.sides.observed.now < until:
            reason = "stopped by hand; started again when stop_grace ends"
            self.say(Sync.STOPPED_BY_HAND, reason, until)
            return record
        return self.start(record, "stopped by hand longer ago than stop_grace")

    def _after_failure(self, record: RecordedUnit) -> RecordedUnit:
        detail, why = self.detail, failure_text(self.detail)
        if self._is_retried():
            return self._start_anew(record)
        if is_oneshot(self.unit.text) or detail.type == "oneshot":
            self.say(Sync.FAILED, f"its run failed: {why}")
            return record
        if _is_final(detail):
            self.say(Sync.FAILED, f"{why}, which RestartPreventExitStatus= excludes")
            return record
        ran_for = (detail.active_exit_timestamp - detail.active_enter_timestamp) / 1e6
        if detail.active_enter_timestamp and ran_for >= SUCCESS_AFTER:
            record = replace(record, tries=0)
        if self._is_given_up(record):
            self.say(Sync.FAILED, f"{why}; given up after {record.tries} tries")
            return record
        # A socket that cannot listen was down before, too: only its last change is noted then.
        ended = max(detail.inactive_enter_timestamp, detail.state_change_timestamp)
        failed_at = self.sides.wall(ended)
        due = failed_at + pause(self.unit.name, record.tries)
        if self.sides.observed.now < due:
            self.say(Sync.FAILED, f"{why}; tried again when its pause ends", due)
            return record
        record = self._tried(record)
        self.draft.do([reset_action(self.unit, "its start limit would refuse the next try")])
        return self.start(record, f"failed ({why}), try {record.tries}")

    def _after_unknown(self, record: RecordedUnit) -> RecordedUnit:
        if self._is_retried():
            return self._start_anew(record)
        if self._is_given_up(record):
            self.say(Sync.FAILED, f"does not stay up; given up after {record.tries} tries")
            return record
        due = record.tried_at + pause(self.unit.name, record.tries - 1)
        if record.tries and self.sides.observed.now < due:
            self.say(Sync.FAILED, "does not stay up; tried again when its pause ends", due)
            return record
        return self.start(self._tried(record), "it ran before and is gone")

    def _tried(self, record: RecordedUnit) -> RecordedUnit:
        """Return the record of a unit that is tried once more now."""
        return replace(record, tries=record.tries + 1, tried_at=self.sides.observed.now)

    def _is_retried(self) -> bool:
        return is_nudged(self.unit.name, self.detail, self.sides, NudgeKind.RETRY)

    def _start_anew(self, record: RecordedUnit) -> RecordedUnit:
        """Row H4: as if it had not been tried before."""
        self.draft.do([reset_action(self.unit, RETRIED)])
        return self.start(replace(record, tries=0), RETRIED)

    def _is_given_up(self, record: RecordedUnit) -> bool:
        """Tell whether a unit that does not restart itself was tried often enough."""
        return self.detail.restart in {"", "no"} and record.tries >= TRIES_WITHOUT_RESTART


def is_nudged(unit: str, detail: UnitDetail, sides: Sides, *kinds: NudgeKind) -> bool:
    """Tell whether a person asked for a start since the unit went down (H3, H4)."""
    nudge = sides.recorded.orders.nudges.get(unit)
    if nudge is None or nudge.kind not in kinds:
        return False
    went_down = detail.inactive_enter_timestamp
    return not went_down or sides.wall(went_down) <= nudge.at


def _state(judged: Judgement, sides: Sides) -> str:
    return "which runs" if sides.observed.is_up(judged.cause) else "which is not up"


def _is_final(detail: UnitDetail) -> bool:
    if detail.exec_main_code == CLD_EXITED:
        return detail.exec_main_status in detail.restart_prevent_codes
    return detail.exec_main_status in detail.restart_prevent_signals


def pause(unit: str, tries: int) -> float:
    """Return the seconds to wait after a failure: 5 s to 5 min, spread by the unit's name."""
    spread = zlib.crc32(f"{unit} {tries}".encode()) / 2**32
    base: float = min(FIRST_PAUSE * 2.0 ** min(tries, 10), LONGEST_PAUSE)
    return base * (0.9 + 0.2 * spread)
