"""Units that are recorded but no longer declared (semantics.md R)."""

import hashlib
from collections.abc import Iterable

from unitward.model.declared import OnRemove
from unitward.model.plan import Action, Held, Phase, Sync, Verb
from unitward.model.recorded import Prior, RecordedUnit
from unitward.model.unittext import UnitText
from unitward.reconcile.plan.change import may_remove
from unitward.reconcile.plan.files import delete_actions
from unitward.reconcile.plan.links import unlink_action
from unitward.reconcile.plan.protected import PROTECTED_NAMES, PROTECTED_PREFIXES
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.words import duration_text
from unitward.unitfile.compare import merged
from unitward.unitfile.effects import Effect, effect_of_change
from unitward.unitfile.syntax import parse

NEVER_STOPPED = (".slice", ".target", ".mount", ".automount", ".swap")
SMALLEST_GUARDED = 4


def plan_removals(sides: Sides, draft: Draft) -> None:
    """Decide which recorded units go, and hold the pass's removals where a person must look."""
    gone = _gone(sides)
    _track_absences(gone, sides, draft)
    due = [name for name in gone if may_remove(name, sides)]
    held = _hold(due, sides, draft)
    for name in gone:
        draft.places[name] = sides.recorded.units[name].place
        if name in held:
            draft.say(name, Sync.HELD, f"its removal waits for `unitward approve {held[name]}`")
        elif name in due:
            _remove(sides.recorded.units[name], sides, draft)
        else:
            _say_waiting(name, sides, draft)
    _remove_loose(sides, draft)


def _gone(sides: Sides) -> list[str]:
    desired = sides.desired
    declared = desired.units.keys() | desired.frozen.keys() | desired.unsupported.keys()
    return sorted(sides.recorded.units.keys() - declared)


def _undeclared_files(sides: Sides) -> list[str]:
    """Return recorded drop-ins that no declaration asks for, of units that stay or of none."""
    desired = sides.desired
    declared = {f.path for u in desired.units.values() for f in u.files()}
    declared |= {f.path for f in desired.loose}
    kept = desired.frozen.keys() | desired.unsupported.keys()
    return [
        path
        for path, file in sides.recorded.files.items()
        if path not in declared
        and file.unit not in kept
        and (file.unit in desired.units or file.unit not in sides.recorded.units)
    ]


def _track_absences(gone: Iterable[str], sides: Sides, draft: Draft) -> None:
    known = sides.recorded.absences
    for name in (*gone, *_undeclared_files(sides)):
        if name in known:
            draft.absences[name] = known[name]
        elif sides.desired.complete:
            draft.absences[name] = sides.observed.now
        else:
            continue
        due = draft.absences[name] + sides.settings.prune_after
        if due > sides.observed.now:
            draft.wakes.append(due)


def _say_waiting(name: str, sides: Sides, draft: Draft) -> None:
    desired = sides.desired
    if not desired.complete:
        draft.say(name, Sync.PENDING, f"its removal waits for {desired.incomplete_because}")
        return
    due = draft.absences[name] + sides.settings.prune_after
    left = duration_text(max(1, round(due - sides.observed.now)))
    draft.say(name, Sync.PENDING, f"no longer declared; removed in {left}", due)


def removal_digest(names: Iterable[str]) -> str:
    """Return the identity of a set of removals, which an approval binds to."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]


def _hold(due: list[str], sides: Sides, draft: Draft) -> dict[str, str]:
    """Row R3: hold a pass that would remove everything, or more than half of four or more."""
    unasked = [name for name in due if name not in sides.desired.removed]
    total = len(sides.recorded.units)
    everything = len(unasked) == total
    most = total >= SMALLEST_GUARDED and 2 * len(unasked) > total
    if not unasked or not (everything or most):
        return {}
    digest = removal_digest(unasked)
    if digest in sides.recorded.approved:
        return {}
    reason = f"would remove {len(unasked)} of {total} units"
    draft.held.append(Held(reason, tuple(unasked), digest))
    return dict.fromkeys(unasked, digest)


def _remove(unit: RecordedUnit, sides: Sides, draft: Draft) -> None:
    reason = "no longer declared"
    if unit.name in sides.desired.removed:
        reason = f"listed under removed: at {sides.desired.removed[unit.name]}"
    draft.say(unit.name, Sync.PENDING, f"{reason}: removed")
    draft.do(_run_state(unit, reason, sides))
    for path, link in sides.recorded.links.items():
        if link.unit == unit.name:
            draft.do([unlink_action(unit.name, path, link.target, reason)])
    for path, file in sides.recorded.files.items():
        if file.unit == unit.name:
            draft.do(delete_actions(path, unit.name, reason, sides))
    if unit.masked:
        draft.do([Action(Phase.WRITE, Verb.UNMASK, unit.name, reason, place=unit.place)])
    draft.do([Action(Phase.FORGET, Verb.FORGET, unit.name, reason, place=unit.place)])


def _run_state(unit: RecordedUnit, reason: str, sides: Sides) -> list[Action]:
    """Rows R4 to R6, C12 and W: what becomes of the running unit."""
    up = sides.observed.is_up(unit.name)
    is_own = unit.name in PROTECTED_NAMES or unit.name.startswith(PROTECTED_PREFIXES)
    if is_own or unit.name.endswith(NEVER_STOPPED) or unit.on_remove is OnRemove.KEEP:
        return []
    again = Action(Phase.RUN, Verb.RESTART, unit.name, f"{reason}; back to the shipped definition")
    stop = Action(Phase.STOP, Verb.STOP, unit.name, reason, place=unit.place)
    reset = Action(Phase.RUN, Verb.RESET_FAILED, unit.name, reason, place=unit.place)
    if unit.name in sides.observed.shadowed:
        return [again] if up else []
    match unit.prior:
        case Prior.NONE:
            status = sides.observed.units.get(unit.name)
            failed = status is not None and status.active == "failed"
            return [stop, reset] if up else [reset] if failed else []
        case Prior.ACTIVE if up:
            return [again] if _dropins_mattered(unit.name, sides) else []
        case Prior.ACTIVE:
            return [Action(Phase.RUN, Verb.START, unit.name, f"{reason}; it ran before")]
        case Prior.INACTIVE:
            return [stop] if up and unit.wish in {"running", "ran"} else []


def _dropins_mattered(unit: str, sides: Sides) -> bool:
    texts = [parse(f.content).text for f in sides.recorded.files.values() if f.unit == unit]
    suffix = unit[unit.rindex(".") :]
    effect, _ = effect_of_change(suffix, merged(*texts), UnitText(), dropin=True)
    return effect in {Effect.RESTART, Effect.STOP_START}


def _remove_loose(sides: Sides, draft: Draft) -> None:
    for path in _undeclared_files(sides):
        file = sides.recorded.files[path]
        if file.unit in sides.desired.units or not may_remove(path, sides):
            continue
        draft.do(delete_actions(path, file.unit, "no longer declared", sides))
        draft.do([Action(Phase.FORGET, Verb.FORGET, file.unit, "no longer declared", path=path)])
