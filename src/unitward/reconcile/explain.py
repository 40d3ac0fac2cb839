"""Considered + the ledger's generations -> Explanation. Pure.

Every row is asked of the code that decides by it; nothing is judged here a second time.
"""

from collections.abc import Sequence
from dataclasses import replace

from unitward.model.desired import DesiredFile, DesiredUnit
from unitward.model.explanation import (
    Explanation,
    Installed,
    LastAction,
    Live,
    Loaded,
    Ruling,
    SourceLine,
    Standing,
)
from unitward.model.observed import DiskFile, DiskKind
from unitward.model.plan import Phase, Plan, Sync, Verb, Verdict
from unitward.model.source import Place, Snapshot, Unavailable
from unitward.model.unittext import Entry, UnitText
from unitward.reconcile.evidence import NONE, evidence_of
from unitward.reconcile.plan.change import Change, Run, run_of, weigh
from unitward.reconcile.plan.files import FileSync, is_ours, judge_file
from unitward.reconcile.plan.gate import own_gate
from unitward.reconcile.plan.order import is_newer_than_loaded
from unitward.reconcile.plan.protected import obstacle
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.want import Want, Wish, want
from unitward.store.ledger import Generation
from unitward.unitfile.effects import Effect, effect_of_change
from unitward.unitfile.names import is_unit_name
from unitward.unitfile.syntax import parse

TELLING = {
    ".service": ("Service", "ExecStart"),
    ".socket": ("Socket", "ListenStream"),
    ".timer": ("Timer", "OnCalendar"),
    ".path": ("Path", "PathExists"),
}
"""For each type the directive that it is about."""

STANDINGS = {
    FileSync.SAME: Standing.OURS,
    FileSync.CREATE: Standing.MISSING,
    FileSync.UPDATE: Standing.OUTDATED,
    FileSync.EDITED: Standing.EDITED,
    FileSync.ADOPTED: Standing.ADOPTED,
    FileSync.GONE: Standing.GONE,
    FileSync.FOREIGN: Standing.FOREIGN,
}
RUNS = {
    Run.LEAVE: "the reload of the manager applies it",
    Run.RELOAD: "reloads it",
    Run.RESTART: "restarts it",
    Run.STOP_START: "stops it by its old definition and restarts it",
}
SHOWN_LINES = 4


def known_units(sides: Sides, plan: Plan) -> frozenset[str]:
    """Return the units that can be explained: all that the plan or the ledger speaks of."""
    named = (name for name in plan.verdicts if is_unit_name(name))
    return frozenset({*sides.desired.units, *sides.recorded.units, *named})


def explain(
    name: str,
    sides: Sides,
    plan: Plan,
    snapshot: Snapshot | Unavailable,
    history: Sequence[Generation],
) -> Explanation:
    """Explain one of the `known_units`.

    sides: with the manager's details of the unit, whatever its state. plan: decided from
    them. snapshot: the reading of the folder. history: newest first.
    """
    unit = sides.desired.units.get(name)
    change = weigh(unit, sides) if unit else None
    common = Explanation(
        unit=name,
        verdict=plan.verdicts.get(name) or Verdict(Sync.PENDING, "nothing is decided about it"),
        is_declared=_is_declared(name, sides),
        lines=_lines(_places(name, unit, change, plan, sides), snapshot),
        files=_files(name, unit, sides),
        loaded=_loaded(name, unit, sides),
        live=_live(name, sides),
        wants=NONE,
        judged=NONE,
        moments=(),
        change=NONE,
        doing=_doing(name, unit, plan, sides),
        last=_last(name, history),
    )
    if unit is None or change is None:
        return common
    wanted = want(unit, sides)
    evidence = evidence_of(unit, change, wanted, sides)
    return replace(
        common,
        wants=Ruling(wanted.row, f"{wanted.wish.value}: {wanted.reason}"),
        judged=evidence.ruling,
        moments=evidence.moments,
        change=_change(unit, change, wanted, sides),
    )


def _is_declared(name: str, sides: Sides) -> bool:
    desired = sides.desired
    everything = (desired.units, desired.frozen, desired.unsupported, sides.forgotten)
    return any(name in some for some in everything)


def _places(
    name: str, unit: DesiredUnit | None, change: Change | None, plan: Plan, sides: Sides
) -> list[Place]:
    known = sides.known(name)
    place = plan.places.get(name) or (known.place if known else None)
    found = [place] if place else []
    if unit is not None and change is not None:
        found += [
            file.place_of(entry.line)
            for file in _all_files(unit, sides)
            for entry in parse(file.content).text.entries
            if (entry.section, entry.key) in change.keys
        ]
    return list(dict.fromkeys(found))[:SHOWN_LINES]


def _all_files(unit: DesiredUnit, sides: Sides) -> list[DesiredFile]:
    """Return the declared files that the unit runs by, its template's first."""
    template = sides.desired.units.get(unit.template)
    return [*(template.files() if template else ()), *unit.files()]


def _lines(places: list[Place], snapshot: Snapshot | Unavailable) -> tuple[SourceLine, ...]:
    files = () if isinstance(snapshot, Unavailable) else snapshot.files
    texts = {
        file.path: file.content.decode(errors="replace").splitlines()
        for file in files
        if isinstance(file.content, bytes) and file.path in {place.file for place in places}
    }
    found: list[SourceLine] = []
    for place in places:
        lines = texts.get(place.file, [])
        text = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
        found.append(SourceLine(place, text))
    return tuple(found)


def _files(name: str, unit: DesiredUnit | None, sides: Sides) -> tuple[Installed, ...]:
    declared = _all_files(unit, sides) if unit else []
    found = [_declared_file(file, sides) for file in declared]
    paths = {file.path for file in declared}
    recorded = [p for p in sides.files_of.get(name, ()) if p not in paths]
    found += [_recorded_file(sides.observed.file(path), sides) for path in recorded]
    foreign = sides.observed.foreign_dropins.get(name, ())
    found += [Installed(path, Standing.FOREIGN) for path in foreign]
    return tuple(found)


def _declared_file(file: DesiredFile, sides: Sides) -> Installed:
    judgement = judge_file(file, sides)
    return Installed(file.path, STANDINGS[judgement.sync], judgement.disk.digest)


def _recorded_file(disk: DiskFile, sides: Sides) -> Installed:
    if disk.kind is DiskKind.ABSENT:
        return Installed(disk.path, Standing.GONE)
    standing = Standing.OURS if is_ours(disk, sides) else Standing.EDITED
    return Installed(disk.path, standing, disk.digest)


def _loaded(name: str, unit: DesiredUnit | None, sides: Sides) -> Loaded | None:
    detail = sides.observed.details.get(name)
    if detail is None or detail.load_state in {"", "not-found"}:
        return None
    newer = unit is not None and is_newer_than_loaded(unit, sides)
    return Loaded(
        state=detail.load_state,
        fragment=detail.fragment_path,
        dropins=detail.dropin_paths,
        is_older=newer or detail.need_daemon_reload,
    )


def _live(name: str, sides: Sides) -> Live | None:
    detail = sides.observed.details.get(name)
    if detail is None or detail.load_state in {"", "not-found"}:
        return None
    changed = detail.state_change_timestamp
    return Live(
        active=detail.active_state,
        sub=detail.sub_state,
        result=detail.result,
        invocation=detail.invocation_id,
        main_pid=detail.main_pid,
        since=sides.wall(changed) if changed else 0.0,
    )


def _doing(name: str, unit: DesiredUnit | None, plan: Plan, sides: Sides) -> tuple[str, ...]:
    """Return what a pass would do to the unit, in order; with the reload that it takes part in."""
    own = {action for action in plan.actions if action.unit == name}
    loaded = _loaded(name, unit, sides)
    if (loaded and loaded.is_older) or any(action.phase is Phase.WRITE for action in own):
        own |= {action for action in plan.actions if action.verb is Verb.RELOAD_MANAGER}
    return tuple(action.summary for action in plan.actions if action in own)


def _change(unit: DesiredUnit, change: Change, wanted: Want, sides: Sides) -> Ruling:
    """Say what differs and what it does, or what a change of the unit's business would do."""
    if change.is_new:
        return Ruling("", "new: nothing of it is installed yet")
    for judgement in (*change.judgements, *change.inherited):
        if judgement.is_drift and change.effect is Effect.NONE:
            row = "D1" if judgement.sync is FileSync.EDITED else "D2"
            return Ruling(row, f"{judgement.file.path} {judgement.reason}; put back")
    if not change.is_nothing:
        return _effect(unit, change, change.what, wanted, sides)
    if unit.suffix not in TELLING:
        return Ruling("", "nothing differs")
    section, key = TELLING[unit.suffix]
    assumed = _assume(unit, change, section, key)
    return _effect(unit, assumed, f"nothing differs; another [{section}] {key}", wanted, sides)


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
    hold = sides.hold_of(unit.name)
    if hold is not None:
        return Ruling("H1", f"{what}: held: {hold.reason}")
    gate = own_gate(unit, change, sides)
    if gate is not None:
        return Ruling(gate.row, f"{what}: {gate.reason}")
    if unit.is_template:
        return Ruling("C11", f"{what}: acts on each of its instances that runs")
    run = run_of(change, unit, sides)
    if not sides.observed.is_up(unit.name):
        return Ruling(change.row, f"{what}: {_down_effect(run, wanted)}")
    way = obstacle(unit, sides) if run is not Run.LEAVE else None
    if way is not None:
        return Ruling(way.row, f"{what}: {way.reason}")
    if run is Run.LEAVE and change.effect >= Effect.RESTART:
        return Ruling(change.row, f"{what}: written, its process stays (on_change: keep)")
    return Ruling(change.row, f"{what}: {RUNS[run]}")


def _down_effect(run: Run, wanted: Want) -> str:
    if run in {Run.RESTART, Run.STOP_START} and wanted.wish in {Wish.RUNNING, Wish.RAN}:
        return "it is started with it"
    return f"{RUNS[Run.LEAVE]}; it is not up"


def _last(name: str, history: Sequence[Generation]) -> LastAction | None:
    """Return the last action of the newest pass that acted on the unit."""
    for past in history:
        acted = [a for a in past.report.get("actions", ()) if a["unit"] == name]
        if acted:
            last = acted[-1]
            return LastAction(
                summary=last["summary"],
                result=last["result"],
                detail=last["detail"],
                at=past.at,
                trigger=past.trigger,
                revision=past.revision,
            )
    return None
