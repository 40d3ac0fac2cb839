"""Units that are recorded but no longer declared (semantics.md R)."""

from collections.abc import Iterable

from unitward.model.declared import OnRemove
from unitward.model.desired import DesiredUnit
from unitward.model.observed import DiskKind
from unitward.model.plan import Action, Held, Phase, Sync, Verb
from unitward.model.recorded import Prior, RecordedUnit
from unitward.model.unittext import UnitText
from unitward.reconcile.plan.absent import (
    gone_units,
    is_rename_approved,
    is_renamed,
    may_remove,
    removal_digest,
    rename_digest,
    undeclared_files,
)
from unitward.reconcile.plan.files import delete_actions, recorded_text
from unitward.reconcile.plan.holds import held_reason
from unitward.reconcile.plan.links import (
    expected_links,
    give_back_links,
    has_link_intent,
    unlink_action,
)
from unitward.reconcile.plan.own import let_own_go
from unitward.reconcile.plan.protected import is_protected_name, lives_in_session
from unitward.reconcile.plan.sides import OWN_UNIT, Draft, Sides
from unitward.reconcile.plan.stopping import frozen_below, start_again, stop_action, taken_down
from unitward.unitfile.compare import merged
from unitward.unitfile.effects import Effect, effect_of_change
from unitward.unitfile.names import parse_name

NEVER_STOPPED = (".slice", ".target", ".mount", ".automount", ".swap")
SMALLEST_GUARDED = 4


def plan_removals(sides: Sides, draft: Draft) -> None:
    """Decide which recorded units go, and hold the pass's removals where a person must look."""
    gone = gone_units(sides)
    _track_absences(gone, sides, draft)
    due = [n for n in gone if may_remove(n, sides) and sides.hold_of(n) is None]
    if not is_renamed(sides):
        held = _hold(gone, due, sides, draft)
    elif is_rename_approved(sides):
        held = {}
        _take_identity(sides, draft)
    else:
        held = _hold_renamed(gone, sides, draft)
    for name in gone:
        draft.places[name] = sides.recorded.units[name].place
        reason = "" if name in held else _why_kept(name, sides)
        hold = sides.hold_of(name)
        if hold is not None:
            draft.say(name, Sync.HELD, held_reason(hold, "would: remove"), hold.until)
        elif name in held:
            draft.say(name, Sync.HELD, f"its removal waits for `unitward approve {held[name]}`")
        elif name not in due:
            _say_waiting(name, sides, draft)
        elif reason:
            draft.say(name, Sync.PENDING, reason)
        elif name == OWN_UNIT:
            let_own_go(sides, draft)
        else:
            _remove(sides.recorded.units[name], sides, draft)
    for template, names in sorted(sides.observed.hand_started.items()):
        left = [name for name in names if name not in sides.recorded.units]
        if template in due and left:
            draft.notes.append(f"{template} is removed; left running: {', '.join(left)}")
    _remove_loose(sides, draft)


def _why_kept(name: str, sides: Sides) -> str:
    """Return why a unit that is due is not removed in this pass, "" if it is."""
    status = sides.observed.units.get(name)
    if status is not None and (status.active == "deactivating" or status.job_type == "stop"):
        return "no longer declared; removed when it has stopped"
    if sides.observed.is_up(name):
        frozen = frozen_below(name, sides)
        if frozen:
            why = f"{frozen}, which is {sides.how_frozen(frozen)}"
            return f"no longer declared; its stop would take down {why}"
    return ""


def _track_absences(gone: Iterable[str], sides: Sides, draft: Draft) -> None:
    known = sides.recorded.absences
    for name in (*gone, *undeclared_files(sides)):
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
    draft.say(name, Sync.PENDING, "no longer declared; removed when prune_after ends", due)


def _hold_renamed(gone: list[str], sides: Sides, draft: Draft) -> dict[str, str]:
    """Row R2: under another identity nothing goes until a person approved it."""
    digest = rename_digest(sides)
    old, new = sides.recorded.identity, sides.settings.identity
    reason = f"the identity changed from {old} to {new}, so nothing is removed"
    draft.held.append(Held(reason, (*gone, *undeclared_files(sides)), digest))
    return dict.fromkeys(gone, digest)


def _take_identity(sides: Sides, draft: Draft) -> None:
    """Go on under the new identity; its approval named all that goes, so R3 asks no more."""
    draft.identity = sides.settings.identity
    draft.approvals.append(rename_digest(sides))


def _hold(gone: list[str], due: list[str], sides: Sides, draft: Draft) -> dict[str, str]:
    """Row R3: hold a pass that would remove everything, or more than half of four or more.

    What is absent counts from the first, though not all of it be due yet: a folder that is
    emptied slowly is emptied all the same.
    """
    unasked = [n for n in gone if n not in sides.desired.removed and n != OWN_UNIT]
    waiting = [name for name in due if name in unasked]
    total = len(sides.recorded.units.keys() - {OWN_UNIT})
    everything = len(unasked) == total
    most = total >= SMALLEST_GUARDED and 2 * len(unasked) > total
    if not waiting or not (everything or most):
        return {}
    digest = removal_digest(unasked)
    if digest in sides.recorded.approved:
        draft.approvals.append(digest)
        return {}
    reason = f"would remove {len(unasked)} of {total} units"
    draft.held.append(Held(reason, tuple(unasked), digest))
    return dict.fromkeys(waiting, digest)


def _remove(unit: RecordedUnit, sides: Sides, draft: Draft) -> None:
    reason = "no longer declared"
    if unit.name in sides.desired.removed:
        reason = f"listed under removed: at {sides.desired.removed[unit.name]}"
    draft.say(unit.name, Sync.PENDING, f"{reason}: removed")
    draft.do([Action(Phase.FORGET, Verb.REMOVE, unit.name, reason, place=unit.place)])
    draft.do(_run_state(unit, reason, sides, draft))
    links = {link.path: link.target for link in sides.links_of.get(unit.name, ())}
    links |= _unrecorded_links(unit.name, sides)
    if _was_made_by_us(unit, sides) and unit.name not in sides.observed.shadowed:
        draft.do(unlink_action(unit.name, path, target, reason) for path, target in links.items())
    else:
        draft.do(give_back_links(unit.name, links, reason, sides))
    for path in sides.files_of.get(unit.name, ()):
        draft.do(delete_actions(path, unit.name, reason, sides))
    if unit.masked and sides.observed.file(unit.name).kind is DiskKind.MASK:
        draft.do([Action(Phase.WRITE, Verb.UNMASK, unit.name, reason, place=unit.place)])


def _unrecorded_links(name: str, sides: Sides) -> dict[str, str]:
    """Return the links that an interrupted pass made for the unit and did not record."""
    if name not in sides.recorded.files or not has_link_intent(name, sides):
        return {}
    expected = expected_links(name, recorded_text(name, sides))
    links = sides.observed.links
    return {
        path: links[path] for path in sorted(expected & links.keys()) if links[path].endswith(name)
    }


def _run_state(unit: RecordedUnit, reason: str, sides: Sides, draft: Draft) -> list[Action]:
    """Rows R4 to R6, C12 and W: what becomes of the running unit."""
    name, up = unit.name, sides.observed.is_up(unit.name)
    kept = unit.on_remove is OnRemove.KEEP or is_protected_name(name)
    if kept or name.endswith(NEVER_STOPPED) or parse_name(name).is_template:
        return []
    is_shadowed = name in sides.observed.shadowed
    if not is_shadowed and _was_made_by_us(unit, sides):
        return _stop_and_reset(unit, reason, sides, draft)
    if up and lives_in_session(name, sides):
        return []
    prior = sides.recorded.was(name).state
    match prior:
        case _ if up and is_shadowed:
            again = f"{reason}; back to the shipped definition"
            return [Action(Phase.RUN, Verb.RESTART, name, again)]
        case Prior.ACTIVE if not up and unit.wish == "stopped":
            return [Action(Phase.RUN, Verb.START, name, f"{reason}; it ran before")]
        case _ if is_shadowed:
            return []
        case Prior.ACTIVE if up and _dropins_mattered(name, sides):
            return [Action(Phase.RUN, Verb.RESTART, name, f"{reason}; back to the shipped one")]
        case Prior.INACTIVE if up and unit.wish in {"running", "ran"}:
            return [stop_action(name, reason, sides)]
        case _:
            return []


def _was_made_by_us(unit: RecordedUnit, sides: Sides) -> bool:
    """Tell whether the definition that the unit runs by is unitward's own."""
    if unit.name not in sides.recorded.files:
        is_ours = sides.recorded.was(unit.name).state is Prior.NONE
        return is_ours and parse_name(unit.name).is_instance
    # A mask in the place of our file is somebody's own, and what runs was started from ours.
    return sides.observed.file(unit.name).kind in {DiskKind.ABSENT, DiskKind.MASK} or any(
        action.verb is Verb.DELETE for action in delete_actions(unit.name, unit.name, "", sides)
    )


def _stop_and_reset(unit: RecordedUnit, reason: str, sides: Sides, draft: Draft) -> list[Action]:
    """Row R4: stop by the old definition; what stays and went down with it comes back."""
    status = sides.observed.units.get(unit.name)
    reset = Action(Phase.RUN, Verb.RESET_FAILED, unit.name, reason, place=unit.place)
    if not sides.observed.is_up(unit.name):
        return [reset] if status is not None and status.active == "failed" else []
    back = [
        name
        for name in taken_down([unit.name], sides)
        if name in sides.desired.units and not _needs(sides.desired.units[name], unit.name)
    ]
    again = [a for n in back for a in start_again(n, f"went down with {unit.name}", sides, draft)]
    return [stop_action(unit.name, reason, sides, tuple(back)), reset, *again]


def _needs(unit: DesiredUnit, name: str) -> bool:
    """Tell whether the unit cannot run without the other."""
    return any(name in unit.text.words("Unit", key) for key in ("Requires", "BindsTo", "Requisite"))


def _dropins_mattered(unit: str, sides: Sides) -> bool:
    texts = [recorded_text(path, sides) for path in sides.files_of.get(unit, ())]
    suffix = unit[unit.rindex(".") :]
    effect, _ = effect_of_change(suffix, merged(*texts), UnitText(), dropin=True)
    return effect in {Effect.RESTART, Effect.STOP_START}


def _remove_loose(sides: Sides, draft: Draft) -> None:
    for path in undeclared_files(sides):
        file = sides.recorded.files[path]
        if file.unit in sides.desired.units or not may_remove(path, sides):
            continue
        draft.do(delete_actions(path, file.unit, "no longer declared", sides))
