"""Units whose files and running stay as they are in this pass, and why.

Semantics.md N (blocked), D (drift is only reported), C3 with `keep`, C14, C15, F (missing
paths). What holds a unit holds what shares its files or its sockets too.
"""

from collections.abc import Mapping

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.plan import Sync
from unitward.model.records import dataclass
from unitward.reconcile.kinds import is_oneshot
from unitward.reconcile.plan.change import STANDS, Change, Run, run_of
from unitward.reconcile.plan.files import describe_keys
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.stopping import frozen_below
from unitward.unitfile.effects import Effect


@dataclass(frozen=True, slots=True)
class Gate:
    """Why nothing is done for a unit, and the row of the semantics where there is one."""

    sync: Sync
    reason: str
    row: str = ""


def find_gates(changes: Mapping[str, Change], sides: Sides) -> dict[str, Gate]:
    """Return the units that are left alone in this pass."""
    gates: dict[str, Gate] = {}
    for name, change in changes.items():
        hold = sides.hold_of(name)
        if change is STANDS and hold is None:
            continue
        unit = sides.desired.units[name]
        gate = (
            Gate(Sync.HELD, f"held: {hold.reason}", "H1") if hold else own_gate(unit, change, sides)
        )
        if gate is not None:
            gates[name] = gate
    declared = sides.desired.units
    instances = [u for u in declared.values() if u.template and u.template in declared]
    for unit in instances:
        template = changes[unit.template]
        if unit.name in gates and template.touches_files and unit.template not in gates:
            why = gates[unit.name]
            gates[unit.template] = Gate(
                Sync.PENDING, f"not written: {unit.name}: {why.reason}", why.row
            )
    for unit in instances:
        if unit.template in gates and unit.name not in gates and changes[unit.name].moves_files:
            why = gates[unit.template]
            gates[unit.name] = Gate(
                why.sync, f"its template {unit.template}: {why.reason}", why.row
            )
    return gates


def own_gate(unit: DesiredUnit, change: Change, sides: Sides) -> Gate | None:
    """Return why the unit's files and running stay as they are, for its own sake alone."""
    foreign = change.foreign
    if foreign is not None:
        return Gate(Sync.BLOCKED, f"{foreign.file.path}: {foreign.reason}", "N2")
    if change.is_nothing:
        return None
    drift = change.drift
    if drift is not None and sides.reports_drift(unit):
        return Gate(Sync.DRIFTED, f"{drift.file.path} {drift.reason} (drift: report)")
    if change.now_keys and unit.policy.on_change is OnChange.KEEP:
        keys = describe_keys(change.now_keys)
        reason = f"{keys}; not written, a reload acts on it (on_change: keep)"
        return Gate(Sync.PENDING, reason, "C3")
    moving = _in_motion(unit, change, sides)
    if moving is not None:
        return moving
    lacking = sides.observed.missing.get(unit.name)
    run = run_of(change, unit, sides)
    restarts = run in {Run.RESTART, Run.STOP_START} or change.effect >= Effect.RESTART
    if lacking and sides.observed.is_up(unit.name) and restarts:
        return Gate(
            Sync.WAITING, f"{lacking} missing; the running process is kept until then", "F5"
        )
    if run is Run.STOP_START and sides.observed.is_up(unit.name):
        frozen = frozen_below(unit.name, sides)
        if frozen:
            return Gate(
                Sync.PENDING,
                f"{change.reason}; would stop {frozen}, which is {sides.how_frozen(frozen)}",
            )
    return None


def _in_motion(unit: DesiredUnit, change: Change, sides: Sides) -> Gate | None:
    """Return why the files wait for a unit on its way down (C15) or in mid-run (C14)."""
    if change.is_new or not (change.moves_files or change.contents):
        return None
    for name in _running_with(unit, sides):
        status = sides.observed.units.get(name)
        if status is None:
            continue
        if status.active == "deactivating" or status.job_type == "stop":
            reason = f"{name} is on its way down; written when it is"
            return Gate(Sync.PENDING, reason, "C15")
        mid_run = status.active == "activating" and not status.sub.startswith("auto-restart")
        forced = unit.policy.on_change is OnChange.RESTART
        detail = sides.observed.details.get(name)
        oneshot = (
            is_oneshot(unit.text)
            or is_oneshot(change.old)
            or (detail is not None and detail.type == "oneshot")
        )
        if mid_run and oneshot and not forced:
            reason = f"{name} is in the middle of its run; written when it ends"
            return Gate(Sync.PENDING, reason, "C14")
    return None


def _running_with(unit: DesiredUnit, sides: Sides) -> list[str]:
    """Return the units that run by the unit's files: itself, or a template's instances."""
    if not unit.is_template:
        return [unit.name]
    declared = [u.name for u in sides.desired.units.values() if u.template == unit.name]
    return [*declared, *sides.observed.hand_started.get(unit.name, ())]
