"""Which row judges how a unit runs, in words, with the points in time that decided. Pure.

The rows come from the code that decides: `verdict.py` and `down.py` for table V, `starting.py`,
`change.py` and `running.py` for table P.
"""

import signal

from unitward.model.desired import DesiredUnit
from unitward.model.explanation import Moment, Ruling
from unitward.model.records import dataclass
from unitward.model.timespan import write_timespan
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.plan.change import Change, edited_row
from unitward.reconcile.plan.down import judge
from unitward.reconcile.plan.files import FileSync
from unitward.reconcile.plan.running import OLDER, TAKEN_OVER, may_be_older
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.starting import intent_row
from unitward.reconcile.plan.verdict import Judgement, restarts_itself
from unitward.reconcile.plan.want import Want, Wish
from unitward.reconcile.words import failure_text
from unitward.unitfile.effects import Effect

NONE = Ruling("", "")
SECOND = 1_000_000
ASKED = frozenset({"V7", "V9", "V10"})
"""Rows for a unit whose stop was asked for."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A ruling of table V or P and what it was read from."""

    ruling: Ruling
    moments: tuple[Moment, ...] = ()


def evidence_of(unit: DesiredUnit, change: Change, wanted: Want, sides: Sides) -> Evidence:
    """Say by which row the unit's running, or not running, is judged.

    A unit that may be in any state is not judged while it is down.
    """
    detail = sides.observed.details.get(unit.name)
    if unit.is_template or detail is None:
        return Evidence(NONE)
    if sides.observed.is_up(unit.name):
        return _of_process(unit, change, detail, sides)
    if detail.active_state == "deactivating":
        return Evidence(Ruling("C15", "it is on its way down"))
    if wanted.wish not in {Wish.RUNNING, Wish.RAN}:
        return Evidence(Ruling("", "it need not run"))
    judged = judge(unit, wanted, detail, sides)
    ruling = Ruling(judged.row, _down_text(judged, unit, detail))
    return Evidence(ruling, _of_run(detail, sides, asked=judged.row in ASKED))


def _down_text(judged: Judgement, unit: DesiredUnit, detail: UnitDetail) -> str:
    match judged.row:
        case "V1":
            return "undecided: a job is queued on it, or the manager is stopping"
        case "V2":
            return f"skipped: {_conditions(unit)} did not hold when it was to start"
        case "V3":
            return "nothing is known of it, though it ran in this manager's life"
        case "V4":
            return "it never ran in this manager's life"
        case "V5":
            return "its run ended: " + _end_text(detail)
        case "V6":
            return "stopped by hand: ended by SIGTERM before it was up"
        case "V7":
            return f"failed: asked to stop, and ended by {detail.result}"
        case "V8":
            return "stopped by unitward itself, or before unitward knew it"
        case "V9":
            return f"it follows {judged.cause}: asked to stop with it"
        case "V10":
            return f"stopped by hand: {_asked_text(detail)}"
        case "V11":
            return "complete: its process ended by itself, successfully"
        case "V12":
            name = signal.Signals(detail.exec_main_status).name
            return f"stopped by hand: its process was ended by {name}, nobody asked it to stop"
        case _:
            return f"failed: {_end_text(detail)}"


def _conditions(unit: DesiredUnit) -> str:
    """Return the conditions that we declare; others may stand in files that are not ours."""
    found = [
        f"{entry.key}={entry.value}"
        for entry in unit.text.entries
        if entry.section == "Unit" and entry.key.startswith("Condition") and entry.value
    ]
    match found:
        case []:
            return "a condition of it"
        case [condition]:
            return condition
        case _:
            return f"one of {', '.join(found)}"


def _end_text(detail: UnitDetail) -> str:
    failed = detail.result != "success"
    return failure_text(detail) if failed else "successfully"


def _asked_text(detail: UnitDetail) -> str:
    if not detail.exec_main_start_timestamp or detail.remain_after_exit:
        return "asked to stop"
    gap = detail.exec_main_exit_timestamp - detail.active_exit_timestamp
    return f"asked to stop {_short(gap)} before its process ended"


def _short(microseconds: int) -> str:
    """Return a length that may be far below a second."""
    if microseconds < SECOND:
        return f"{microseconds / 1000:.3g} ms"
    return write_timespan(microseconds / SECOND)


def _of_run(detail: UnitDetail, sides: Sides, *, asked: bool) -> tuple[Moment, ...]:
    """Return the points in time of a run that is over, in their order."""
    checked = 0 if detail.condition_result else detail.condition_timestamp
    found = (
        ("condition did not hold", checked),
        ("process started", detail.exec_main_start_timestamp),
        ("was up", detail.active_enter_timestamp),
        ("asked to stop" if asked else "no longer up", detail.active_exit_timestamp),
        ("process ended", detail.exec_main_exit_timestamp),
        ("was down", detail.inactive_enter_timestamp),
    )
    known = sorted((at, what) for what, at in found if at)
    return tuple(Moment(what, sides.wall(at)) for at, what in known)


def _of_process(unit: DesiredUnit, change: Change, detail: UnitDetail, sides: Sides) -> Evidence:
    status = sides.observed.units[unit.name]
    if restarts_itself(status):
        text = "its process ended, and systemd is about to start it again (Restart=)"
        return Evidence(Ruling("V0", text), _of_run(detail, sides, asked=False))
    return Evidence(_process_ruling(unit, change, detail, sides), _of_age(unit, detail, sides))


def _process_ruling(unit: DesiredUnit, change: Change, detail: UnitDetail, sides: Sides) -> Ruling:
    known = sides.known(unit.name)
    intent = sides.recorded.open_run(unit.name)
    if intent is not None and known is not None:
        row = intent_row(intent, unit, known, detail, sides)
        return Ruling(row, INTENDED[row])
    for judgement in change.judgements:
        if judgement.sync is FileSync.EDITED:
            row = edited_row(judgement, unit, sides)
            return Ruling(row, f"{judgement.file.path} {EDITED[row]}")
    if known is None:
        if may_be_older(unit, detail, sides):
            return Ruling(
                "P7", "the ledger does not know it: its process may be older than its file"
            )
        return Ruling("", "the ledger does not know it yet")
    if known.doubted and known.doubted == detail.invocation_id:
        return Ruling("P7", TAKEN_OVER)
    if change.effect >= Effect.RESTART:
        return Ruling("", "it runs what was applied last, before the change")
    if known.run_digest and known.run_digest != unit.run_digest:
        return Ruling("", OLDER)
    return Ruling("P4", "it runs what was applied last, whatever the timestamps say")


INTENDED = {
    "P1": "its restart was not seen to its end, and the same process still runs",
    "P2": "its start was not seen to its end; this process began with what is loaded",
    "P3": "its start was not seen to its end; this process may have begun with something else",
}
EDITED = {
    "P5": "was edited after its process started: put back, no restart",
    "P6": "was edited before its process started: put back, and restarted if that asks for it",
}


def _of_age(unit: DesiredUnit, detail: UnitDetail, sides: Sides) -> tuple[Moment, ...]:
    """Return when the definition was written and loaded, and when the process started."""
    template = sides.desired.units.get(unit.template)
    files = (*unit.files(), *(template.files() if template else ()))
    written = [sides.observed.file(file.path).changed_at for file in files]
    process = detail.exec_main_start_timestamp
    started = process or detail.active_enter_timestamp
    found = (
        ("file changed", max(written, default=0) / 1e6),
        ("definitions loaded", sides.observed.manager.loaded_at / 1e6),
        ("process started" if process else "was up", sides.wall(started) if started else 0.0),
    )
    known = sorted((at, what) for what, at in found if at)
    return tuple(Moment(what, at) for at, what in known)
