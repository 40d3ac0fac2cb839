"""One declared unit: its files, its links, its run state (semantics.md C, D)."""

from dataclasses import replace

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.observed import DiskKind
from unitward.model.plan import Action, Phase, Sync, Verb
from unitward.model.recorded import Before, Prior, RecordedFile, RecordedUnit
from unitward.reconcile.plan.acting import acting_note, bound_to_what_is_down
from unitward.reconcile.plan.change import STANDS, Change, Run, run_of
from unitward.reconcile.plan.down import decide_down
from unitward.reconcile.plan.files import (
    FileJudgement,
    FileSync,
    delete_actions,
    write_actions,
)
from unitward.reconcile.plan.gate import Gate
from unitward.reconcile.plan.links import (
    are_links_drift,
    link_actions,
    links_to,
    lost_its_install,
    mask_actions,
    mask_obstacle,
)
from unitward.reconcile.plan.protected import (
    is_outranked,
    is_protected_name,
    lives_in_session,
    obstacle,
)
from unitward.reconcile.plan.running import TAKEN_OVER, decide_up, finish_intent, say_up
from unitward.reconcile.plan.sides import OWN_UNIT, Draft, Sides
from unitward.reconcile.plan.starting import reset_action, running_rival, start, start_action
from unitward.reconcile.plan.stopping import start_again, stop_action, taken_down
from unitward.reconcile.plan.timers import plan_timer, something_can_come
from unitward.reconcile.plan.want import Want, Wish, want
from unitward.reconcile.traits import traits_of
from unitward.unitfile.effects import Effect, run_digest
from unitward.unitfile.names import parse_name
from unitward.unitfile.specifiers import expand_name_specifiers


def plan_unit(unit: DesiredUnit, change: Change, bounced: str, sides: Sides, draft: Draft) -> None:
    """Decide everything about one unit; `bounced` is why its run state is decided already."""
    draft.places[unit.name] = unit.place
    wanted = want(unit, sides)
    record = _base_record(unit, sides)
    if sides.known(unit.name) is None and unit.name not in sides.recorded.before:
        was = _before(unit, sides)
        if was.state is not Prior.NONE:
            draft.before[unit.name] = was
    _write_files(unit, change, sides, draft)
    links = _plan_links(unit, wanted, sides, draft)
    if links and not traits_of(unit).enabling and lost_its_install(unit):
        record = replace(record, install_digest="")
    note = acting_note(unit, change, sides)
    if note:
        draft.notes.append(note)
    if bounced:
        draft.say(unit.name, Sync.PENDING, bounced)
    else:
        record = _plan_running(unit, change, wanted, record, sides, draft)
    _close_needless_intent(unit, wanted, sides, draft)
    if wanted.wish is not Wish.ABSENT or sides.known(unit.name) is not None:
        wish = wanted.wish.value
        draft.records[unit.name] = record if record.wish == wish else replace(record, wish=wish)
    _say_the_rest(unit, change, links=links, sides=sides, draft=draft)


def plan_gated(unit: DesiredUnit, gate: Gate, sides: Sides, draft: Draft) -> None:
    """Leave a unit alone; reported drift alone does not stop an intent from being finished."""
    draft.places[unit.name] = unit.place
    draft.say(unit.name, gate.sync, gate.reason)
    known = sides.known(unit.name)
    if known is None:
        return
    draft.records[unit.name] = replace(known, place=unit.place, on_remove=unit.policy.on_remove)
    if gate.sync is not Sync.DRIFTED or sides.recorded.open_run(unit.name) is None:
        return
    if sides.observed.is_up(unit.name):
        finish_intent(unit, known, sides, draft)
    elif want(unit, sides).wish in {Wish.RUNNING, Wish.RAN}:
        start(unit, known, sides, draft, "finish what was interrupted")


def note_found(judgement: FileJudgement, owner: str, sides: Sides, draft: Draft) -> None:
    """Have a file recorded that stands as it should and that the ledger does not know so."""
    file = judgement.file
    known = sides.recorded.files.get(file.path)
    if known is None or known.digest != file.digest or known.unit != owner:
        draft.found.append(RecordedFile(file.path, owner, file.digest, file.content))


def _base_record(unit: DesiredUnit, sides: Sides) -> RecordedUnit:
    known = sides.known(unit.name)
    if known is not None:
        same = (known.place, known.on_remove) == (unit.place, unit.policy.on_remove)
        return known if same else replace(known, place=unit.place, on_remove=unit.policy.on_remove)
    return RecordedUnit(unit.name, unit.place, unit.policy.on_remove)


def _before(unit: DesiredUnit, sides: Sides) -> Before:
    """Return what a unit was that is acted on for the first time (R6, N5)."""
    status = sides.observed.units.get(unit.name)
    is_there = status is not None and status.load == "loaded"
    theirs = sides.observed.file(unit.name).kind is not DiskKind.FILE and not unit.template
    if not unit.is_policy_only and not (theirs and is_there):
        return Before(unit.name)
    state = Prior.ACTIVE if sides.observed.is_up(unit.name) else Prior.INACTIVE
    return Before(unit.name, state, links_to(unit.name, sides.observed.links))


def _write_files(unit: DesiredUnit, change: Change, sides: Sides, draft: Draft) -> None:
    for judgement in change.judgements:
        if judgement.is_changed:
            draft.do(write_actions(judgement, unit.name))
        elif judgement.sync is FileSync.SAME:
            note_found(judgement, unit.name, sides, draft)
    for path in change.orphans:
        draft.do(delete_actions(path, unit.name, "no longer declared", sides))


def _plan_links(unit: DesiredUnit, wanted: Want, sides: Sides, draft: Draft) -> bool:
    """Plan links and masks; tell whether anything is done for them."""
    if wanted.wish is Wish.ABSENT or is_outranked(sides.observed.details.get(unit.name)):
        return False
    links = link_actions(unit, sides)
    if links and sides.reports_drift(unit) and are_links_drift(unit, sides):
        links = []
    links += mask_actions(unit, sides)
    draft.do(links)
    return bool(links)


def _close_needless_intent(unit: DesiredUnit, wanted: Want, sides: Sides, draft: Draft) -> None:
    intent = sides.recorded.open_run(unit.name) if sides.recorded.intents else None
    if intent is not None and wanted.wish in {Wish.STOPPED, Wish.ABSENT, Wish.COMPLETE}:
        draft.close.append(intent.ident)


def _say_the_rest(
    unit: DesiredUnit, change: Change, *, links: bool, sides: Sides, draft: Draft
) -> None:
    """Where the run state says `in sync`, say what else is not."""
    if draft.verdicts[unit.name].sync is not Sync.IN_SYNC:
        return
    own = [a for a in draft.actions if a.unit == unit.name] if change.moves_files or links else []
    reported = sides.reports_drift(unit) and are_links_drift(unit, sides)
    if own and not _only_takes_over(own, unit, draft):
        draft.say(unit.name, Sync.PENDING, own[-1].reason)
    elif masked := mask_obstacle(unit, sides):
        ours = unit.name in sides.recorded.files
        draft.say(unit.name, Sync.PENDING if ours else Sync.BLOCKED, masked)
    elif reported and link_actions(unit, sides):
        draft.say(unit.name, Sync.DRIFTED, f"{link_actions(unit, sides)[0].reason} (drift: report)")
    elif unit.name in sides.observed.foreign_dropins:
        names = ", ".join(sides.observed.foreign_dropins[unit.name])
        draft.say(unit.name, Sync.OVERRIDDEN, f"{names}: not of unitward's making")


def _only_takes_over(actions: list[Action], unit: DesiredUnit, draft: Draft) -> bool:
    """Tell whether links that stand are recorded of a unit that is taken over (P7), no more."""
    taken_over = draft.verdicts[unit.name].reason == TAKEN_OVER
    return taken_over and all(a.verb is Verb.ENABLE and a.adopts for a in actions)


def _plan_running(
    unit: DesiredUnit,
    change: Change,
    wanted: Want,
    record: RecordedUnit,
    sides: Sides,
    draft: Draft,
) -> RecordedUnit:
    if _runs_on(unit, change, wanted, sides):
        say_up(unit, wanted, record, sides, draft)
        return record
    run = run_of(change, unit, sides)
    if unit.is_template:
        draft.say(unit.name, Sync.IN_SYNC, wanted.reason)
        _plan_hand_started(unit, run, change, sides, draft)
        return record
    if unit.suffix == ".timer":
        plan_timer(unit, change, sides, draft)
    status = sides.observed.units.get(unit.name)
    if status is not None and status.active == "deactivating":
        draft.say(unit.name, Sync.STOPPING, "on its way down")
        return record
    if not sides.observed.is_up(unit.name):
        return _plan_down(unit, change, run, wanted, record, sides, draft)
    if wanted.wish is Wish.STOPPED:
        return decide_up(unit, wanted, record, sides, draft)
    if run is Run.LEAVE and bound_to_what_is_down(unit, change, sides):
        # The reload would stop it behind our back; this start brings up what it binds to as well.
        run = Run.STOP_START
    held_back = None if run is Run.LEAVE else obstacle(unit, sides)
    if run is Run.RELOAD and held_back is not None and held_back.row == "C18":
        held_back = None
    if run is Run.LEAVE or held_back is not None:
        if change.effect >= Effect.RESTART or change.replaces:
            record = _older(unit, change, record, sides)
        record = decide_up(unit, wanted, record, sides, draft)
        if held_back is not None and draft.verdicts[unit.name].sync is not Sync.PENDING:
            draft.say(unit.name, held_back.sync, held_back.reason)
        _start_gained(unit, change, sides, draft)
        return record
    _change_running(unit.name, change, run, sides, draft)
    draft.say(unit.name, Sync.PENDING, change.reason)
    return replace(record, tries=0)


def _runs_on(unit: DesiredUnit, change: Change, wanted: Want, sides: Sides) -> bool:
    """Tell what `decide_up` finds of most units: up, and nothing called for a closer look."""
    status = sides.observed.units.get(unit.name)
    return (
        change is STANDS
        and status is not None
        and status.active == "active"
        and unit.name not in sides.observed.details
        and wanted.wish is not Wish.STOPPED
        and sides.recorded.open_run(unit.name) is None
        and not unit.is_template
    )


def _plan_down(
    unit: DesiredUnit,
    change: Change,
    run: Run,
    wanted: Want,
    record: RecordedUnit,
    sides: Sides,
    draft: Draft,
) -> RecordedUnit:
    if unit.name == OWN_UNIT:
        draft.say(unit.name, Sync.IN_SYNC, "unitward itself")
        return record
    changed = ""
    if change.is_new:
        changed = wanted.reason
    elif run in {Run.RESTART, Run.STOP_START}:
        changed = change.reason
    edited = change.effect > Effect.INSTALL
    if wanted.wish is Wish.COMPLETE:
        edited = edited and something_can_come(unit, sides)
    status = sides.observed.units.get(unit.name)
    was_tried = status is not None and status.active == "failed"
    if edited and was_tried and wanted.wish in {Wish.RUNNING, Wish.RAN}:
        draft.do([reset_action(unit)])
    return decide_down(unit, wanted, record, sides, draft, changed=changed, edited=edited)


def _older(unit: DesiredUnit, change: Change, record: RecordedUnit, sides: Sides) -> RecordedUnit:
    """Return the record of a unit that keeps running by its old definition."""
    detail = sides.observed.details.get(unit.name)
    digest = run_digest(unit.suffix, change.old) if change.old.entries else "unknown"
    if detail is None or detail.invocation_id == record.invocation:
        return replace(record, run_digest=record.run_digest or digest)
    return replace(record, run_digest=digest, invocation=detail.invocation_id)


def _change_running(name: str, change: Change, run: Run, sides: Sides, draft: Draft) -> None:
    """Apply a change to a running unit: a declared one, or a template's hand-started instance."""
    unit = sides.desired.units.get(name)
    verb = Verb.RELOAD if run is Run.RELOAD else Verb.RESTART
    if unit is not None:
        action = start_action(unit, sides, verb, change.reason)
    else:
        action = Action(Phase.RUN, verb, name, f"{change.reason} in its template")
    if run is not Run.RELOAD:
        reason = "a changed definition starts counting anew"
        draft.do([Action(Phase.RUN, Verb.RESET_FAILED, name, reason, place=action.place)])
    if run is not Run.STOP_START:
        draft.do([action])
        return
    below = taken_down([name], sides)
    reason = f"{change.reason}; stopped by its old definition"
    draft.do([stop_action(name, reason, sides, below), action])
    for other in below:
        draft.do(start_again(other, f"went down with {name}", sides, draft))


def _start_gained(unit: DesiredUnit, change: Change, sides: Sides, draft: Draft) -> None:
    """Rows C2 and C10: start what an active unit newly pulls in, not the unit itself."""
    status = sides.observed.units.get(unit.name)
    if not change.gained or status is None or status.active != "active":
        return
    parsed = parse_name(unit.name)
    for word in change.gained:
        name = expand_name_specifiers(word, parsed)
        if name is None or sides.observed.is_up(name) or sides.is_frozen(name):
            continue
        going = name in sides.recorded.units and name not in sides.desired.units
        if going or running_rival(name, sides, draft):
            continue
        other = sides.observed.units.get(name)
        if other is not None and other.load in {"masked", "bad-setting", "error"}:
            continue
        if name not in sides.desired.units and other is not None and other.load == "not-found":
            continue
        reason = f"{unit.name} now pulls it in"
        draft.do(start_again(name, reason, sides, draft))


def _plan_hand_started(
    unit: DesiredUnit, run: Run, change: Change, sides: Sides, draft: Draft
) -> None:
    """Row C11: instances that a person started follow their template too.

    Those that `Accept=yes` started serve open connections, which stay (C7).
    """
    if run is Run.LEAVE or is_protected_name(unit.name) or unit.policy.on_change is OnChange.KEEP:
        return
    if sides.starters.get(unit.name, "").endswith(".socket"):
        return
    for name in sides.observed.hand_started.get(unit.name, ()):
        detail = sides.observed.details.get(name)
        refuses = detail is not None and (detail.refuse_manual_start or detail.refuse_manual_stop)
        active = sides.observed.is_up(name) and not sides.is_frozen(name)
        if (active and name in sides.recorded.units) or lives_in_session(name, sides):
            continue
        if active and not refuses:
            _change_running(name, change, run, sides, draft)
