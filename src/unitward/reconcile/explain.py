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
    Order,
    OrderKind,
    Ruling,
    SourceLine,
    Standing,
)
from unitward.model.observed import DiskFile, DiskKind
from unitward.model.plan import Phase, Plan, Sync, Verb, Verdict
from unitward.model.source import Place, Snapshot, Unavailable
from unitward.reconcile.evidence import NONE, evidence_of
from unitward.reconcile.explain_change import change_ruling
from unitward.reconcile.explain_left_alone import foreign_fragment, loose_file, why_left_alone
from unitward.reconcile.plan.change import Change, weigh
from unitward.reconcile.plan.files import FileSync, is_ours, judge_file
from unitward.reconcile.plan.order import stands_newer_than_loaded
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.want import Want, want
from unitward.store.passes import Generation
from unitward.unitfile.names import parse_name
from unitward.unitfile.syntax import parse

STANDINGS = {
    FileSync.SAME: Standing.OURS,
    FileSync.CREATE: Standing.MISSING,
    FileSync.UPDATE: Standing.OUTDATED,
    FileSync.EDITED: Standing.EDITED,
    FileSync.ADOPTED: Standing.ADOPTED,
    FileSync.GONE: Standing.GONE,
    FileSync.FOREIGN: Standing.FOREIGN,
}
REDEFINES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.RESTORE, Verb.DELETE})
NOWHERE = frozenset({"", "not-found"})
SHOWN_LINES = 4


def known_units(sides: Sides, plan: Plan) -> frozenset[str]:
    """Return what can be explained without the manager: all that plan or ledger speak of."""
    loose = (file.path for file in sides.desired.loose)
    return frozenset(
        {*sides.desired.units, *sides.recorded.units, *loose}
        | {*plan.verdicts, *sides.recorded.orders.forgotten}
    )


def is_explainable(name: str, sides: Sides, plan: Plan) -> bool:
    """Tell whether there is something to say: of a unit of unitward's or one that is loaded."""
    detail = sides.observed.details.get(name)
    is_loaded = detail is not None and detail.load_state not in NOWHERE
    return is_loaded or name in known_units(sides, plan)


def explain(
    name: str,
    sides: Sides,
    plan: Plan,
    snapshot: Snapshot | Unavailable,
    history: Sequence[Generation],
    *,
    unit_dir: str = "",
) -> Explanation:
    """Explain one unit that `is_explainable`, or a drop-in for many units by its path.

    sides: with the manager's details of the unit, whatever its state. plan: decided from
    them. snapshot: the reading of the folder. history: newest first. unit_dir: the folder by
    which files of others are told from what is shipped.
    """
    unit = sides.desired.units.get(name)
    change = weigh(unit, sides) if unit else None
    detail = sides.observed.details.get(name)
    common = Explanation(
        unit=name,
        verdict=_verdict(name, sides, plan),
        is_declared=_is_declared(name, sides),
        removed=sides.desired.removed.get(name),
        lines=_lines(_places(name, unit, change, plan, sides), snapshot),
        orders=_orders(name, sides),
        files=_files(name, unit, sides),
        loaded=_loaded(name, unit, plan, sides),
        live=_live(name, sides),
        wants=NONE,
        judged=NONE,
        moments=(),
        change=NONE,
        doing=_doing(name, unit, plan, sides),
        last=_last(name, history),
    )
    if unit is None or change is None:
        alone = why_left_alone(name, sides, plan, detail, unit_dir)
        files = common.files or foreign_fragment(detail, sides, unit_dir)
        return replace(
            common, files=files, wants=alone.wants, judged=alone.judged, change=alone.change
        )
    wanted = want(unit, sides)
    evidence = evidence_of(unit, change, wanted, sides)
    return replace(
        common,
        wants=_wants(unit, wanted, sides),
        judged=evidence.ruling,
        moments=evidence.moments,
        change=change_ruling(unit, change, wanted, sides),
    )


def _verdict(name: str, sides: Sides, plan: Plan) -> Verdict | None:
    found = plan.verdicts.get(name)
    if found is None and name in known_units(sides, plan):
        return Verdict(Sync.PENDING, "nothing is decided about it")
    return found


def _wants(unit: DesiredUnit, wanted: Want, sides: Sides) -> Ruling:
    if not unit.is_template:
        return Ruling(wanted.row, f"{wanted.wish.value}: {wanted.reason}")
    declared = [u.name for u in sides.desired.units.values() if u.template == unit.name]
    listed = ", ".join(declared) or "none"
    return Ruling(wanted.row, f"nothing itself; its declared instances: {listed}")


def _orders(name: str, sides: Sides) -> tuple[Order, ...]:
    """Return what people asked for of the unit and what is not over yet."""
    orders = sides.recorded.orders
    found: list[Order] = []
    hold = sides.hold_of(name)
    if hold is not None:
        found.append(Order(OrderKind.HOLD, hold.reason, hold.since, hold.until))
    template = parse_name(name).template if "/" not in name else ""
    given_up = [n for n in dict.fromkeys((name, template)) if n in orders.forgotten]
    found += [Order(OrderKind.FORGET, n, orders.forgotten[n]) for n in given_up]
    for path, adoption in sorted(orders.adoptions.items()):
        if adoption.unit == name and sides.observed.file(path).digest == adoption.digest:
            found.append(Order(OrderKind.ADOPT, path))
    nudge = orders.nudges.get(name)
    if nudge is not None and not sides.observed.is_up(name):
        found.append(Order(OrderKind(nudge.kind.value), "", nudge.at))
    return tuple(found)


def _is_declared(name: str, sides: Sides) -> bool:
    desired = sides.desired
    everything = (desired.units, desired.frozen, desired.unsupported, sides.forgotten)
    return any(name in some for some in everything) or loose_file(name, sides) is not None


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
    lines = {(place.file, place.line): place for place in reversed(found)}
    return list(reversed(lines.values()))[:SHOWN_LINES]


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
    loose = loose_file(name, sides)
    declared = _all_files(unit, sides) if unit else [loose] if loose else []
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


def _loaded(name: str, unit: DesiredUnit | None, plan: Plan, sides: Sides) -> Loaded | None:
    detail = sides.observed.details.get(name)
    if detail is None or detail.load_state in NOWHERE:
        return None
    newer = unit is not None and stands_newer_than_loaded(unit, sides)
    parts = {name, unit.template if unit else ""}
    newer |= any(a.verb in REDEFINES and a.unit in parts for a in plan.actions)
    return Loaded(
        state=detail.load_state,
        fragment=detail.fragment_path,
        dropins=detail.dropin_paths,
        is_older=newer or detail.need_daemon_reload,
    )


def _live(name: str, sides: Sides) -> Live | None:
    detail = sides.observed.details.get(name)
    if detail is None or detail.load_state in NOWHERE:
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
    owner = name.partition("/")[0]
    own |= {action for action in plan.actions if action.path == name and action.unit == owner}
    loaded = _loaded(name, unit, plan, sides)
    if (loaded and loaded.is_older) or any(action.phase is Phase.WRITE for action in own):
        own |= {action for action in plan.actions if action.verb is Verb.RELOAD_MANAGER}
    return tuple(action.summary for action in plan.actions if action in own)


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
