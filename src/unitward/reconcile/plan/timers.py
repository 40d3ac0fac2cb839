"""Timers: a reload applies what changed, save for one that had elapsed (semantics.md C8)."""

from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Verb
from unitward.model.timespan import parse_timespan
from unitward.reconcile.kinds import is_true
from unitward.reconcile.plan.change import Change
from unitward.reconcile.plan.protected import obstacle
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.starting import start_action

ALWAYS_COME = ("OnCalendar", "OnUnitActiveSec", "OnUnitInactiveSec", "OnActiveSec")
COME_ONCE = ("OnBootSec", "OnStartupSec")
FIRED_BY_RELOAD = frozenset({"OnCalendar", "OnActiveSec"})


def plan_timer(unit: DesiredUnit, change: Change, sides: Sides, draft: Draft) -> None:
    """Decide what a changed timer needs besides its file, and say what may fire."""
    keys = {key for section, key in change.all_keys if section == "Timer"}
    if change.is_new:
        _note(unit, [k for k in COME_ONCE if _is_past(unit, k, sides)], "are past", draft)
        return
    if not keys:
        return
    status = sides.observed.units.get(unit.name)
    elapsed = status is not None and status.sub == "elapsed"
    if elapsed and something_can_come(unit, sides) and obstacle(unit, sides) is None:
        reason = f"{change.reason}; it had elapsed"
        draft.do([start_action(unit, sides, Verb.RESTART, reason)])
        _note(unit, [k for k in COME_ONCE if _is_past(unit, k, sides)], "are past", draft)
    persistent = is_true(unit.text.last("Timer", "Persistent"))
    was_persistent = is_true(change.old.last("Timer", "Persistent"))
    if persistent and not was_persistent and unit.text.values("Timer", "OnCalendar"):
        reason = "Persistent= is new: what was missed before does not count"
        draft.do([Action(Phase.WRITE, Verb.STAMP, unit.name, reason, place=unit.place)])
    fired = keys & FIRED_BY_RELOAD
    due = sides.observed.due.get(unit.name)
    if "OnCalendar" in fired and due is not None and not (persistent and not was_persistent):
        fired -= {"OnCalendar"}
        if due:
            draft.notes.append(f"{unit.name} may run now: {due} lies between its last run and now")
    _note(unit, sorted(fired), "changed", draft)


def something_can_come(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether the timer can still elapse: a time that recurs, or one not yet past."""
    if any(unit.text.values("Timer", key) for key in ALWAYS_COME):
        return True
    return any(
        unit.text.values("Timer", key) and not _is_past(unit, key, sides) for key in COME_ONCE
    )


def _is_past(unit: DesiredUnit, key: str, sides: Sides) -> bool:
    """Tell whether every time of a key counted from the boot is over.

    The manager started after the boot: a time of `OnStartupSec=` may come a little later.
    """
    spans = [parse_timespan(value) for value in unit.text.values("Timer", key)]
    passed = sides.observed.now_monotonic / 1e6
    return bool(spans) and all(span is not None and span <= passed for span in spans)


def _note(unit: DesiredUnit, keys: list[str], what: str, draft: Draft) -> None:
    if keys:
        draft.notes.append(f"{unit.name} may run now: times of {', '.join(keys)} {what}")
