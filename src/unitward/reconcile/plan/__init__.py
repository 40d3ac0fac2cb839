"""Desired + Recorded + Observed -> Plan. Pure: decides everything before the first effect.

Read `gate.py` for units that are left alone, `units.py` for one unit, `removal.py` for what
is no longer declared, `holds.py` and `forgotten.py` for what people asked for, `order.py` for
the order. The tables of semantics.md are beside them:
W in `want.py`, V in `verdict.py` and `down.py`, P in `starting.py` and `running.py`, C in
`change.py`, `sockets.py`, `timers.py` and `protected.py`, D and N in `files.py` and `links.py`.
"""

import hashlib
from dataclasses import replace

from unitward.model.declared import DriftPolicy
from unitward.model.desired import Desired, DesiredFile
from unitward.model.observed import Observed
from unitward.model.plan import Action, Held, Phase, Plan, Sync, Verb
from unitward.model.recorded import IntentKind, Recorded
from unitward.model.settings import Settings
from unitward.reconcile.plan.change import weigh_all
from unitward.reconcile.plan.early import started_early
from unitward.reconcile.plan.files import FileSync, judge_file, write_actions
from unitward.reconcile.plan.forgotten import plan_forgotten
from unitward.reconcile.plan.gate import find_gates
from unitward.reconcile.plan.holds import plan_held
from unitward.reconcile.plan.order import in_order, reload_reason
from unitward.reconcile.plan.removal import plan_removals
from unitward.reconcile.plan.sides import OWN_UNIT, Draft, Sides, take_sides
from unitward.reconcile.plan.sockets import bounce_actions, find_bounces
from unitward.reconcile.plan.stopping import start_again
from unitward.reconcile.plan.units import note_found, plan_gated, plan_unit


def plan(desired: Desired, recorded: Recorded, observed: Observed, settings: Settings) -> Plan:
    """Decide what a pass does. The same three sides always give the same plan."""
    sides = take_sides(desired, recorded, observed, settings)
    draft = Draft()
    for name, freeze in {**desired.frozen, **desired.unsupported}.items():
        draft.places[name] = freeze.place
        word = Sync.UNSUPPORTED if name in desired.unsupported else Sync.INVALID
        draft.say(name, word, f"{freeze.reason}; stays as it is")
    if desired.unavailable is not None or observed.manager.system_state == "stopping":
        draft.absences.update(recorded.absences)
        return _finish(draft, sides, [])
    draft.found.extend(sides.intended)
    draft.records.update({n: u for n, u in sides.recorded.units.items() if n not in recorded.units})
    plan_forgotten(sides, draft)
    plan_removals(sides, draft)
    _plan_units(sides, draft)
    _plan_loose(sides, draft)
    _finish_interrupted(sides, draft)
    _hold_many_restarts(sides, draft)
    if desired.held_by_strict:
        _hold_revision(sides, draft)
    actions = draft.actions
    reason = reload_reason(actions, sides)
    if reason:
        reload = Action(Phase.RELOAD, Verb.RELOAD_MANAGER, "", reason)
        actions = [*started_early(actions, sides), reload]
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
        before=tuple(was for _, was in sorted(draft.before.items())),
        close=tuple(dict.fromkeys(draft.close)),
        found=tuple(dict.fromkeys(draft.found)),
        life=sides.observed.manager.life,
        held=tuple(draft.held),
        approvals=tuple(draft.approvals),
        identity=draft.identity,
        moot=tuple(draft.moot),
        notes=tuple(sorted(dict.fromkeys(draft.notes))),
        wake_at=min(later, default=0.0),
    )


def _plan_units(sides: Sides, draft: Draft) -> None:
    changes = weigh_all(sides)
    gates = find_gates(changes, sides)
    bounced: dict[str, str] = {}
    for bounce in find_bounces(changes, gates, sides):
        bounced.update(dict.fromkeys(bounce.members, bounce.reason))
        draft.do(bounce_actions(bounce, sides, draft))
    for name, unit in sides.desired.units.items():
        hold = sides.hold_of(name)
        if hold is not None:
            plan_held(unit, hold, changes[name], sides, draft)
        elif name in gates:
            plan_gated(unit, gates[name], sides, draft)
        else:
            plan_unit(unit, changes[name], bounced.get(name, ""), sides, draft)


def _finish_interrupted(sides: Sides, draft: Draft) -> None:
    """Row V8: start again what an interrupted pass of ours took down or was about to start.

    What was declared then and is declared no more is not started any more.
    """
    known = sides.desired.units.keys() | sides.recorded.units.keys()
    for intent in sides.recorded.intents:
        names = list(intent.neighbours)
        if intent.kind is IntentKind.RUN and intent.unit not in known:
            if intent.digest or sides.observed.is_up(intent.unit):
                draft.close.append(intent.ident)
            else:
                names.append(intent.unit)
        for name in names:
            if not sides.observed.is_up(name):
                cause = "" if name == intent.unit else f"went down with {intent.unit}; "
                reason = f"{cause}finish what was interrupted"
                draft.do(start_again(name, reason, sides, draft))


def _plan_loose(sides: Sides, draft: Draft) -> None:
    """Row C12: type-wide and prefix drop-ins are written; nothing foreign restarts for them."""
    for file in sides.desired.loose:
        draft.places[file.path] = file.place
        _plan_loose_file(file, sides, draft)


def _plan_loose_file(file: DesiredFile, sides: Sides, draft: Draft) -> None:
    owner = file.path.partition("/")[0]
    judgement = judge_file(file, sides)
    if judgement.sync is FileSync.FOREIGN:
        draft.say(file.path, Sync.BLOCKED, f"{file.path}: {judgement.reason}")
    elif judgement.is_drift and sides.settings.drift is DriftPolicy.REPORT:
        draft.say(file.path, Sync.DRIFTED, f"{judgement.reason} (drift: report)")
    elif judgement.is_changed:
        draft.do(write_actions(judgement, owner))
        draft.say(file.path, Sync.PENDING, judgement.reason)
    else:
        draft.say(file.path, Sync.IN_SYNC, "installed")
        note_found(judgement, owner, sides, draft)


def _hold_many_restarts(sides: Sides, draft: Draft) -> None:
    """Row R10: a pass that would restart more than `max_restarts` units waits for a person."""
    stopped = {a.unit for a in draft.actions if a.phase is Phase.STOP}
    restarted = sorted(
        {
            a.unit
            for a in draft.actions
            if a.phase is Phase.RUN
            and (a.verb is Verb.RESTART or (a.verb is Verb.START and a.unit in stopped))
        }
    )
    if len(restarted) <= sides.settings.max_restarts:
        return
    digest = hashlib.sha256("\n".join(restarted).encode()).hexdigest()[:12]
    if digest in sides.recorded.approved:
        draft.approvals.append(digest)
        return
    templates = {u.template for n in restarted if (u := sides.desired.units.get(n))}
    affected = {*restarted, *templates} - {""}
    draft.actions = [a for a in draft.actions if a.unit not in affected]
    reason = f"would restart {len(restarted)} units"
    draft.held.append(Held(reason, tuple(restarted), digest))
    for name in affected & draft.verdicts.keys():
        draft.say(name, Sync.HELD, f"{reason}; waits for `unitward approve {digest}`")


def _hold_revision(sides: Sides, draft: Draft) -> None:
    """`strict: true`: one invalid file holds the whole revision back."""
    because = sides.desired.incomplete_because
    for name in {action.unit for action in draft.actions} & draft.verdicts.keys():
        draft.say(name, Sync.HELD, f"strict: the revision waits for {because}")
    draft.notes.append(f"strict: nothing is applied while {because} is invalid")
    draft.actions = []
    draft.records = {n: r for n, r in draft.records.items() if n in sides.recorded.units}
    draft.before = {}


def _own_last(actions: list[Action]) -> list[Action]:
    """Row O10: unitward's own unit is restarted after everything else."""
    return [
        replace(a, phase=Phase.OWN) if a.unit == OWN_UNIT and a.phase is Phase.RUN else a
        for a in actions
    ]
