"""Desired + Recorded + Observed -> Plan. Pure: decides everything before the first effect.

Read `units.py` for one unit, `removal.py` for what is no longer declared, `order.py` for
the order. The tables W, V, P, C, R and D of semantics.md are the modules beside them.
"""

import hashlib
from dataclasses import replace

from unitward.model.desired import Desired
from unitward.model.observed import Observed
from unitward.model.plan import Action, Held, Phase, Plan, Sync, Verb
from unitward.model.recorded import Recorded
from unitward.model.settings import Settings
from unitward.reconcile.plan.change import Change, weigh
from unitward.reconcile.plan.files import FileSync, judge_file, write_actions
from unitward.reconcile.plan.order import in_order, reload_reason
from unitward.reconcile.plan.removal import plan_removals
from unitward.reconcile.plan.sides import OWN_UNIT, Draft, Sides
from unitward.reconcile.plan.sockets import bounce_starts, bounce_stops, find_bounces
from unitward.reconcile.plan.units import note_found, plan_unit


def plan(desired: Desired, recorded: Recorded, observed: Observed, settings: Settings) -> Plan:
    """Decide what a pass does. The same three sides always give the same plan."""
    sides = Sides(desired, recorded, observed, settings)
    draft = Draft()
    for name, freeze in {**desired.frozen, **desired.unsupported}.items():
        draft.places[name] = freeze.place
        word = Sync.UNSUPPORTED if name in desired.unsupported else Sync.INVALID
        draft.say(name, word, f"{freeze.reason}; stays as it is")
    if desired.unavailable is not None or observed.manager.system_state == "stopping":
        draft.absences.update(recorded.absences)
        return _finish(draft, sides, [])
    _plan_units(sides, draft)
    _plan_loose(sides, draft)
    plan_removals(sides, draft)
    _finish_stops(sides, draft)
    _hold_many_restarts(sides, draft)
    actions = draft.actions
    if desired.held_by_strict:
        _hold_revision(sides, draft)
        actions = []
    reason = reload_reason(actions, sides)
    if reason:
        actions = [*actions, Action(Phase.RELOAD, Verb.RELOAD_MANAGER, "", reason)]
    return _finish(draft, sides, in_order(_own_last(actions), sides))


def _finish(draft: Draft, sides: Sides, actions: list[Action]) -> Plan:
    later = [wake for wake in draft.wakes if wake > sides.observed.now]
    return Plan(
        revision=sides.desired.revision,
        actions=tuple(actions),
        verdicts=dict(sorted(draft.verdicts.items())),
        places=draft.places,
        records=draft.records,
        absences=draft.absences,
        close=tuple(draft.close),
        found=tuple(draft.found),
        life=sides.observed.manager.life,
        held=tuple(draft.held),
        notes=tuple(draft.notes),
        wake_at=min(later, default=0.0),
    )


def _plan_units(sides: Sides, draft: Draft) -> None:
    changes: dict[str, Change] = {
        name: weigh(unit, sides) for name, unit in sides.desired.units.items()
    }
    bounced: dict[str, str] = {}
    for bounce in find_bounces(changes, sides):
        bounced.update(dict.fromkeys(bounce.members, bounce.reason))
        draft.do(bounce_stops(bounce, sides))
        draft.do(bounce_starts(bounce, sides))
    for name, unit in sides.desired.units.items():
        plan_unit(unit, changes[name], bounced.get(name, ""), sides, draft)


def _finish_stops(sides: Sides, draft: Draft) -> None:
    """Row V8: start again what an interrupted stop of ours took down with it."""
    planned = {a.unit for a in draft.actions if a.phase is Phase.RUN}
    for intent in sides.recorded.intents:
        for name in intent.neighbours:
            if name not in planned and not sides.observed.is_up(name):
                reason = f"went down with {intent.unit}; finish what was interrupted"
                draft.do([Action(Phase.RUN, Verb.START, name, reason)])


def _plan_loose(sides: Sides, draft: Draft) -> None:
    """Row C12: type-wide and prefix drop-ins are written; nothing foreign restarts for them."""
    for file in sides.desired.loose:
        owner = file.path.partition("/")[0]
        judgement = judge_file(file, sides)
        draft.places[file.path] = file.place
        if judgement.sync is FileSync.FOREIGN:
            draft.say(file.path, Sync.BLOCKED, f"{file.path}: {judgement.reason}")
        elif judgement.is_changed:
            draft.do(write_actions(judgement, owner))
            draft.say(file.path, Sync.PENDING, judgement.reason)
        else:
            draft.say(file.path, Sync.IN_SYNC, "installed")
            note_found(judgement, owner, sides, draft)


def _hold_many_restarts(sides: Sides, draft: Draft) -> None:
    """Row R10: a pass that would restart more than `max_restarts` units waits for a person."""
    restarted = sorted(
        {a.unit for a in draft.actions if a.verb is Verb.RESTART and a.phase is Phase.RUN}
    )
    if len(restarted) <= sides.settings.max_restarts:
        return
    digest = hashlib.sha256("\n".join(restarted).encode()).hexdigest()[:12]
    if digest in sides.recorded.approved:
        return
    templates = {u.template for n in restarted if (u := sides.desired.units.get(n))}
    affected = {*restarted, *templates} - {""}
    draft.actions = [a for a in draft.actions if a.unit not in affected]
    reason = f"would restart {len(restarted)} units"
    draft.held.append(Held(reason, tuple(restarted), digest))
    for name in affected:
        draft.say(name, Sync.HELD, f"{reason}; waits for `unitward approve {digest}`")


def _hold_revision(sides: Sides, draft: Draft) -> None:
    """`strict: true`: one invalid file holds the whole revision back."""
    because = sides.desired.incomplete_because
    for name in {action.unit for action in draft.actions} & draft.verdicts.keys():
        draft.say(name, Sync.HELD, f"strict: the revision waits for {because}")
    draft.notes.append(f"strict: nothing is applied while {because} is invalid")


def _own_last(actions: list[Action]) -> list[Action]:
    """Row O10: unitward's own unit is restarted after everything else."""
    return [
        replace(a, phase=Phase.OWN) if a.unit == OWN_UNIT and a.phase is Phase.RUN else a
        for a in actions
    ]
