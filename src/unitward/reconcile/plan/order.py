"""The order of actions within a pass (semantics.md O)."""

from collections.abc import Iterable

from unitward.model.desired import DesiredFile, DesiredUnit
from unitward.model.plan import Action, Phase, Verb
from unitward.reconcile.kinds import started_by
from unitward.reconcile.plan.sides import Sides

WITHIN_WRITE = (
    Verb.KEEP_COPY,
    Verb.UNMASK,
    Verb.UNLINK,
    Verb.LINK,
    Verb.DELETE,
    Verb.CREATE,
    Verb.UPDATE,
    Verb.RESTORE,
    Verb.RELEASE,
    Verb.STAMP,
    Verb.MASK,
    Verb.ENABLE,
)
WITHIN_STOP = (".socket", ".timer", ".path")
NEEDS_RELOAD = frozenset(WITHIN_WRITE) - {Verb.KEEP_COPY, Verb.STAMP}


def reload_reason(actions: Iterable[Action], sides: Sides) -> str:
    """Return why the manager has to read its units again, "" if it need not (O6, D6)."""
    if any(a.phase is Phase.WRITE and a.verb in NEEDS_RELOAD for a in actions):
        return "unit files changed"
    for unit in sides.desired.units.values():
        if sides.is_frozen(unit.name):
            continue
        if is_overlooked(unit, sides):
            return f"systemd does not find {unit.name}, which stands on disk"
        if sides.reports_drift(unit) and sides.recorded.open_run(unit.name) is None:
            continue
        newer = _newer_file(unit.files(), sides)
        if newer:
            return f"{newer} is newer than what the manager loaded"
        detail = sides.observed.details.get(unit.name)
        if detail is not None and detail.need_daemon_reload:
            return f"systemd loaded another definition of {unit.name} than stands on disk"
    newer = _newer_file(sides.desired.loose, sides)
    return f"{newer} is newer than what the manager loaded" if newer else ""


def _newer_file(files: Iterable[DesiredFile], sides: Sides) -> str:
    for file in files:
        disk = sides.observed.file(file.path)
        if disk.digest == file.digest and disk.changed_at > sides.observed.manager.loaded_at:
            return file.path
    return ""


def is_overlooked(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether systemd misses a file that stands there, which only a reload ends.

    So it does after a transient unit of that name (252): it remembers where that one's file was.
    """
    status = sides.observed.units.get(unit.name)
    if status is None or status.load != "not-found" or unit.fragment is None:
        return False
    return sides.observed.file(unit.fragment.path).digest == unit.fragment.digest


def stands_newer_than_loaded(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether what is declared stands on disk and the manager loaded something before it."""
    return bool(_newer_file(_all_files(unit, sides), sides))


def is_newer_than_loaded(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether a reload in this pass lets systemd see another definition of the unit."""
    return stands_newer_than_loaded(unit, sides) or any(
        sides.observed.file(file.path).digest != file.digest for file in _all_files(unit, sides)
    )


def _all_files(unit: DesiredUnit, sides: Sides) -> tuple[DesiredFile, ...]:
    """Return the declared files that the unit runs by, its template's too."""
    template = sides.desired.units.get(unit.template)
    return (*unit.files(), *(template.files() if template else ()))


def in_order(actions: list[Action], sides: Sides) -> list[Action]:
    """Sort actions by phase, then by what must come first within it. Stable."""
    rank = _dependency_rank({a.unit for a in actions if a.phase is Phase.RUN}, sides)

    declared = sides.desired.units

    def key(action: Action) -> tuple[int, int, int]:
        match action.phase:
            case Phase.WRITE:
                return action.phase, WITHIN_WRITE.index(action.verb), 0
            case Phase.STOP:
                return action.phase, int(not action.unit.endswith(WITHIN_STOP)), 0
            case Phase.RUN:
                later = int(action.verb is not Verb.RESET_FAILED)
                others = 0 if action.unit in declared else len(rank)
                return action.phase, later, rank.get(action.unit, 0) + others
            case _:
                return action.phase, 0, 0

    return sorted(actions, key=key)


def _dependency_rank(names: set[str], sides: Sides) -> dict[str, int]:
    """Return numbers by which what others are After= comes first; a cycle keeps any order."""
    before: dict[str, set[str]] = {name: set() for name in names}
    for name in names:
        unit = sides.desired.units.get(name)
        if unit is None:
            continue
        before[name] |= set(unit.text.words("Unit", "After")) & names - {name}
        later = set(unit.text.words("Unit", "Before"))
        if unit.suffix == ".socket":
            later.add(started_by(unit))
        for other in later & names - {name}:
            before[other].add(name)
    rank: dict[str, int] = {}
    waiting = sorted(names)
    while waiting:
        ready = [name for name in waiting if before[name] <= rank.keys()]
        for name in ready or waiting[:1]:
            rank[name] = len(rank)
        waiting = [name for name in waiting if name not in rank]
    return rank
