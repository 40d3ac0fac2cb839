"""Why a unit that should run does not (semantics.md V, first match)."""

from enum import Enum

from unitward.model.observed import Observed
from unitward.model.recorded import RecordedUnit
from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.asked import (
    CLD_EXITED,
    was_asked_to_stop,
    was_killed_cleanly,
    was_stopped_while_starting,
)
from unitward.reconcile.plan.want import Wish


class Down(Enum):
    """What happened to a unit that is not up."""

    UNDECIDED = "undecided"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    NEVER_RAN = "never ran"
    BY_HAND = "stopped by hand"
    FOLLOWS = "follows another unit"
    OURS = "stopped by unitward"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict of table V: its row and, where another unit is the cause, that unit."""

    row: str
    down: Down
    cause: str = ""


def restarts_itself(status: UnitStatus) -> bool:
    """Row V0: tell whether systemd waits to start the unit again (`Restart=`)."""
    return status.sub.startswith("auto-restart")


def judge_down(
    detail: UnitDetail, known: RecordedUnit | None, wish: Wish, observed: Observed
) -> Judgement:
    """Tell why the unit is inactive or failed though it should run.

    `wish` is RUNNING, or RAN for a oneshot without RemainAfterExit. V8 (our own intent) is
    decided by the caller, who knows the intents.
    """
    status = observed.units.get(detail.name)
    queued = detail.job_id or (status is not None and status.job_id)
    if queued or observed.manager.system_state == "stopping":
        return Judgement("V1", Down.UNDECIDED)
    if detail.condition_timestamp > 0 and not detail.condition_result:
        return Judgement("V2", Down.SKIPPED)
    if not _has_history(detail):
        in_this_life = known is not None and known.life == observed.manager.life
        if in_this_life:
            return Judgement("V3", Down.UNKNOWN)
        return Judgement("V4", Down.NEVER_RAN)
    if wish is Wish.RAN:
        return Judgement("V5", Down.COMPLETE if detail.result == "success" else Down.FAILED)
    if was_stopped_while_starting(detail):
        return Judgement("V6", Down.BY_HAND)
    if was_asked_to_stop(detail):
        return _judge_asked(detail, observed)
    if detail.result == "success" and detail.exec_main_code == CLD_EXITED:
        return Judgement("V11", Down.COMPLETE)
    if was_killed_cleanly(detail):
        return Judgement("V12", Down.BY_HAND)
    return Judgement("V13", Down.FAILED)


def _has_history(detail: UnitDetail) -> bool:
    return detail.inactive_exit_timestamp > 0 or detail.active_state == "failed"


def _judge_asked(detail: UnitDetail, observed: Observed) -> Judgement:
    if detail.result in {"timeout", "watchdog"}:
        return Judgement("V7", Down.FAILED)
    for name in (*detail.requires, *detail.binds_to, *detail.part_of):
        status = observed.units.get(name)
        if status is not None and status.active in {"inactive", "failed", "deactivating"}:
            cause = observed.details.get(name)
            since = cause.inactive_enter_timestamp if cause else 0
            # What it is bound to and never ran went down with a reload that bound it.
            never_ran = since == 0 and name in detail.binds_to
            if cause is None or never_ran or since >= detail.active_enter_timestamp:
                return Judgement("V9", Down.FOLLOWS, name)
    for name in (*detail.conflicts, *detail.conflicted_by):
        if name != "shutdown.target" and observed.is_up(name):
            return Judgement("V9", Down.FOLLOWS, name)
    return Judgement("V10", Down.BY_HAND)
