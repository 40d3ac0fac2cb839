"""One declared unit: its files, its links, its run state (semantics.md C, D)."""

from dataclasses import replace

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Sync, Verb
from unitward.model.recorded import Prior, RecordedFile, RecordedUnit
from unitward.reconcile.plan.change import Change, Run, reports_drift, run_of
from unitward.reconcile.plan.files import FileJudgement, delete_actions, write_actions
from unitward.reconcile.plan.links import link_actions, mask_actions
from unitward.reconcile.plan.protected import is_protected
from unitward.reconcile.plan.running import decide_down, decide_up, reset_action, start_action
from unitward.reconcile.plan.sides import OWN_UNIT, Draft, Sides
from unitward.reconcile.plan.want import Want, Wish, is_oneshot, is_true, want
from unitward.unitfile.effects import Effect


def plan_unit(unit: DesiredUnit, change: Change, bounced: str, sides: Sides, draft: Draft) -> None:
    """Decide everything about one unit; `bounced` is why its run state is decided already."""
    draft.places[unit.name] = unit.place
    wanted = want(unit, sides)
    record = _base_record(unit, sides)
    draft.records[unit.name] = record
    if change.foreign is not None:
        reason = f"{change.foreign.file.path}: {change.foreign.reason}"
        draft.say(unit.name, Sync.BLOCKED, reason)
        return
    if change.is_drift and reports_drift(unit, sides):
        drifted = next(j for j in change.judgements if j.is_drift)
        reason = f"{drifted.file.path} {drifted.reason} (drift: report)"
        draft.say(unit.name, Sync.DRIFTED, reason)
        return
    lacking = sides.observed.missing.get(unit.name)
    if lacking and sides.observed.is_up(unit.name) and change.effect >= Effect.RESTART:
        reason = f"{lacking} missing; the running process is kept until it appears"
        draft.say(unit.name, Sync.WAITING, reason)
        return
    deferred = _why_deferred(unit, change, sides)
    if deferred:
        draft.say(unit.name, Sync.PENDING, deferred)
        return
    for judgement in change.judgements:
        if judgement.is_changed:
            draft.do(write_actions(judgement, unit.name))
        else:
            note_found(judgement, unit.name, sides, draft)
    for path in change.orphans:
        draft.do(delete_actions(path, unit.name, "no longer declared", sides))
    links = [*link_actions(unit, sides), *mask_actions(unit, sides)]
    if links and wanted.wish is not Wish.ABSENT:
        draft.do(links)
    if bounced:
        draft.say(unit.name, Sync.PENDING, bounced)
    else:
        record = _plan_running(unit, change, wanted, record, sides, draft)
    draft.records[unit.name] = replace(record, wish=wanted.wish.value)
    intent = sides.recorded.open_run(unit.name)
    if intent is not None and wanted.wish in {Wish.STOPPED, Wish.ABSENT, Wish.COMPLETE}:
        draft.close.append(intent.ident)
    verdict = draft.verdicts[unit.name]
    if verdict.sync in {Sync.IN_SYNC, Sync.WAITING} and (change.touches_files or links):
        first = next(a for a in reversed(draft.actions) if a.unit == unit.name)
        draft.say(unit.name, Sync.PENDING, first.reason)
    elif verdict.sync is Sync.IN_SYNC and unit.name in sides.observed.foreign_dropins:
        names = ", ".join(sides.observed.foreign_dropins[unit.name])
        draft.say(unit.name, Sync.OVERRIDDEN, f"{names}: not of unitward's making")


def note_found(judgement: FileJudgement, owner: str, sides: Sides, draft: Draft) -> None:
    """Have a file recorded that stands as it should and that the ledger does not know so."""
    file = judgement.file
    known = sides.recorded.files.get(file.path)
    if known is None or known.digest != file.digest or known.unit != owner:
        draft.found.append(RecordedFile(file.path, owner, file.digest, file.content))


def _base_record(unit: DesiredUnit, sides: Sides) -> RecordedUnit:
    known = sides.known(unit.name)
    if known is not None:
        return replace(known, place=unit.place, on_remove=unit.policy.on_remove)
    prior = Prior.NONE
    if unit.is_policy_only:
        up = sides.observed.is_up(unit.name)
        prior = Prior.ACTIVE if up else Prior.INACTIVE
    return RecordedUnit(unit.name, unit.place, unit.policy.on_remove, prior=prior)


def _why_deferred(unit: DesiredUnit, change: Change, sides: Sides) -> str:
    """Rows C3 with keep, C14 and C15: the files stay as they are in this pass."""
    if not change.touches_files or change.is_new:
        return ""
    if change.effect is Effect.NOW and unit.policy.on_change is OnChange.KEEP:
        return f"{change.reason}; not written: the reload alone would act on it (on_change: keep)"
    for name in _instances_of(unit, sides):
        status = sides.observed.units.get(name)
        if status is None:
            continue
        if status.active == "deactivating" or status.job_type == "stop":
            return f"{name} is on its way down; written when it is"
        mid_run = status.active == "activating" and status.sub != "auto-restart"
        forced = unit.policy.on_change is OnChange.RESTART
        if mid_run and is_oneshot(unit.text) and not forced:
            return f"{name} is in the middle of its run; written when it ends"
    return ""


def _instances_of(unit: DesiredUnit, sides: Sides) -> list[str]:
    if not unit.is_template:
        return [unit.name]
    declared = [u.name for u in sides.desired.units.values() if u.template == unit.name]
    return [*declared, *sides.observed.hand_started.get(unit.name, ())]


def _plan_running(
    unit: DesiredUnit,
    change: Change,
    wanted: Want,
    record: RecordedUnit,
    sides: Sides,
    draft: Draft,
) -> RecordedUnit:
    detail = sides.observed.details.get(unit.name)
    run = run_of(change, unit, can_reload=detail is not None and detail.can_reload)
    if unit.is_template:
        draft.say(unit.name, Sync.IN_SYNC, wanted.reason)
        _plan_hand_started(unit, run, change, sides, draft)
        return record
    if unit.suffix == ".timer":
        _plan_timer(unit, change, sides, draft)
    if not sides.observed.is_up(unit.name):
        changed = ""
        if change.is_new:
            changed = wanted.reason
        elif run in {Run.RESTART, Run.STOP_START}:
            changed = change.reason
        if unit.name == OWN_UNIT:
            draft.say(unit.name, Sync.IN_SYNC, "unitward itself")
            return record
        if changed and not change.is_new:
            draft.do([reset_action(unit)])
        return decide_down(unit, wanted, record, sides, draft, changed=changed)
    status = sides.observed.units[unit.name]
    if wanted.wish is Wish.STOPPED or run is Run.LEAVE:
        record = decide_up(unit, wanted, record, sides, draft)
        if change.gained and status.active == "active":
            _start_gained(unit, change, sides, draft)
        return record
    obstacle = _obstacle(unit, sides)
    if obstacle is not None:
        draft.say(unit.name, *obstacle)
        return record
    _change_running(unit, change, run, sides, draft)
    draft.say(unit.name, Sync.PENDING, change.reason)
    return replace(record, tries=0)


def _obstacle(unit: DesiredUnit, sides: Sides) -> tuple[Sync, str] | None:
    """Rows C16 to C18: why a running unit is not restarted although it changed."""
    detail = sides.observed.details.get(unit.name)
    if is_protected(unit, detail) and unit.policy.on_change is not OnChange.RESTART:
        return Sync.PENDING, "protected: takes effect at next login"
    refuses = any(
        is_true(unit.text.last("Unit", key)) for key in ("RefuseManualStart", "RefuseManualStop")
    )
    if refuses or (detail and (detail.refuse_manual_start or detail.refuse_manual_stop)):
        return Sync.PENDING, "refuses manual restart: takes effect at its next start"
    condition = sides.observed.skipped_conditions.get(unit.name)
    if condition:
        return Sync.SKIPPED, f"not restarted: {condition} does not hold now"
    return None


def _change_running(
    unit: DesiredUnit, change: Change, run: Run, sides: Sides, draft: Draft
) -> None:
    verb = Verb.RELOAD if run is Run.RELOAD else Verb.RESTART
    action = start_action(unit, sides, verb, change.reason)
    if run is not Run.RELOAD:
        draft.do([reset_action(unit)])
    if run is not Run.STOP_START:
        draft.do([action])
        return
    neighbours = _neighbours(unit, sides)
    stop = Action(
        Phase.STOP,
        Verb.STOP,
        unit.name,
        f"{change.reason}; stopped by its old definition",
        place=unit.place,
        neighbours=neighbours,
    )
    again = [
        Action(Phase.RUN, Verb.START, name, f"went down with {unit.name}", place=unit.place)
        for name in neighbours
    ]
    draft.do([stop, action, *again])


def _neighbours(unit: DesiredUnit, sides: Sides) -> tuple[str, ...]:
    """Return the active closure of what a stop of the unit takes down."""
    found: dict[str, None] = {}
    asking = [unit.name]
    while asking:
        detail = sides.observed.details.get(asking.pop())
        if detail is None:
            continue
        for name in (*detail.required_by, *detail.bound_by, *detail.consists_of):
            if name not in found and name != unit.name and sides.observed.is_up(name):
                found[name] = None
                asking.append(name)
    return tuple(found)


def _start_gained(unit: DesiredUnit, change: Change, sides: Sides, draft: Draft) -> None:
    for name in change.gained:
        if not sides.observed.is_up(name) and name not in sides.desired.units:
            reason = f"{unit.name} now pulls it in"
            draft.do([Action(Phase.RUN, Verb.START, name, reason, place=unit.place)])


def _plan_hand_started(
    unit: DesiredUnit, run: Run, change: Change, sides: Sides, draft: Draft
) -> None:
    if run not in {Run.RESTART, Run.STOP_START}:
        return
    for name in sides.observed.hand_started.get(unit.name, ()):
        if sides.observed.is_up(name):
            reason = f"{change.reason} in its template"
            draft.do([Action(Phase.RUN, Verb.RESTART, name, reason, place=unit.place)])


TIMES_THAT_COME = ("OnCalendar", "OnUnitActiveSec", "OnUnitInactiveSec", "OnActiveSec")
EVENTS_AT_START = ("OnBootSec", "OnStartupSec", "OnActiveSec", "OnCalendar")


def _plan_timer(unit: DesiredUnit, change: Change, sides: Sides, draft: Draft) -> None:
    """Row C8: a reload applies a changed timer, unless it had elapsed."""
    if not change.touches_files or change.is_new:
        return
    keys = {key for section, key in change.keys if section == "Timer"}
    status = sides.observed.units.get(unit.name)
    comes = any(unit.text.values("Timer", key) for key in TIMES_THAT_COME)
    if status is not None and status.sub == "elapsed" and comes and keys:
        reason = f"{change.reason}; it had elapsed"
        draft.do([start_action(unit, sides, Verb.RESTART, reason)])
    persistent = is_true(unit.text.last("Timer", "Persistent"))
    was_persistent = is_true(change.old.last("Timer", "Persistent"))
    if persistent and not was_persistent and unit.text.values("Timer", "OnCalendar"):
        reason = "Persistent= is new: what was missed before does not count"
        draft.do([Action(Phase.WRITE, Verb.STAMP, unit.name, reason, place=unit.place)])
    if keys & set(EVENTS_AT_START):
        draft.notes.append(
            f"{unit.name} may run now: {', '.join(sorted(keys))} changed, and a time between "
            "its last run and now counts"
        )
