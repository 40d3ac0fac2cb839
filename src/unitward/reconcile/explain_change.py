"""What differs of a unit and what that does, or what a change of it would do. Pure."""

from dataclasses import replace

from unitward.model.desired import DesiredUnit
from unitward.model.explanation import Ruling
from unitward.model.unittext import Entry, UnitText
from unitward.reconcile.plan.change import Change, Run, run_of
from unitward.reconcile.plan.files import FileSync
from unitward.reconcile.plan.gate import own_gate
from unitward.reconcile.plan.protected import obstacle
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.want import Want, Wish
from unitward.unitfile.effects import Effect, effect_of_change

TELLING = {
    ".service": ("Service", "ExecStart"),
    ".socket": ("Socket", "ListenStream"),
    ".timer": ("Timer", "OnCalendar"),
    ".path": ("Path", "PathExists"),
}
"""For each type the directive that it is about."""

RUNS = {
    Run.LEAVE: "takes effect with the reload",
    Run.RELOAD: "reloads it",
    Run.RESTART: "restarts it",
    Run.STOP_START: "stops it by its old definition and restarts it",
}


def change_ruling(unit: DesiredUnit, change: Change, wanted: Want, sides: Sides) -> Ruling:
    """Say what differs and what it does, or what a change of the unit's business would do."""
    foreign = change.foreign
    if foreign is not None:
        return Ruling("N2", f"not written: `unitward adopt {unit.name}` gives that file over")
    if change.is_new:
        return Ruling("", "new: nothing of it is installed yet")
    for judgement in (*change.judgements, *change.inherited):
        if judgement.is_drift and change.effect is Effect.NONE:
            row = "D1" if judgement.sync is FileSync.EDITED else "D2"
            return Ruling(row, f"{judgement.file.path} {judgement.reason}; put back")
    if not change.is_nothing:
        return _effect(unit, change, f"{change.what}:", wanted, sides)
    if unit.suffix not in TELLING or (unit.is_policy_only and not unit.files()):
        return Ruling("", "nothing differs")
    section, key = TELLING[unit.suffix]
    assumed = _assume(unit, change, section, key)
    return _effect(unit, assumed, f"nothing differs; a new {key}=", wanted, sides)


def _assume(unit: DesiredUnit, change: Change, section: str, key: str) -> Change:
    """Return the change that the unit would have with one more value of a directive."""
    more = UnitText((*unit.text.entries, Entry(section, key, "something else")))
    effect, keys = effect_of_change(unit.suffix, unit.text, more, dropin=unit.is_policy_only)
    return replace(
        change,
        judgements=tuple(replace(j, sync=FileSync.UPDATE) for j in change.judgements),
        effect=effect,
        keys=keys,
        old=unit.text,
    )


def _effect(unit: DesiredUnit, change: Change, what: str, wanted: Want, sides: Sides) -> Ruling:
    """Say what a change does to the unit as it is now, or what stands in its way."""
    blocked = what if what.endswith(":") else f"{what}:"
    hold = sides.hold_of(unit.name)
    if hold is not None:
        return Ruling("H1", f"{blocked} waits for the end of the hold")
    gate = own_gate(unit, change, sides)
    if gate is not None:
        return Ruling(gate.row, f"{blocked} {gate.reason}")
    if unit.is_template:
        return Ruling("C11", f"{what} acts on its running instances")
    run = run_of(change, unit, sides)
    if not sides.observed.is_up(unit.name):
        return Ruling(change.row, f"{what} {_down_effect(run, wanted)}")
    way = obstacle(unit, sides) if run is not Run.LEAVE else None
    if way is not None:
        return Ruling(way.row, f"{blocked} {way.reason}")
    if run is Run.LEAVE and change.effect >= Effect.RESTART:
        return Ruling(change.row, f"{what} is written; its process stays (on_change: keep)")
    return Ruling(change.row, f"{what} {RUNS[run]}")


def _down_effect(run: Run, wanted: Want) -> str:
    if run in {Run.RESTART, Run.STOP_START} and wanted.wish in {Wish.RUNNING, Wish.RAN}:
        return "starts it"
    return "counts from its next start"
