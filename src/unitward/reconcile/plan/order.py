"""The order of actions within a pass (semantics.md O)."""

from collections.abc import Iterable

from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Verb
from unitward.reconcile.plan.sides import Sides

WITHIN_WRITE = (
    Verb.KEEP_COPY,
    Verb.UNMASK,
    Verb.UNLINK,
    Verb.DELETE,
    Verb.CREATE,
    Verb.UPDATE,
    Verb.RESTORE,
    Verb.STAMP,
    Verb.MASK,
    Verb.ENABLE,
)
WITHIN_STOP = (".socket", ".timer", ".path")
NEEDS_RELOAD = frozenset(WITHIN_WRITE) - {Verb.KEEP_COPY, Verb.STAMP}


def reload_reason(actions: Iterable[Action], sides: Sides) -> str:
    """Return why the manager has to read its units again, "" if it need not (O6, D6)."""
    written = [a for a in actions if a.phase is Phase.WRITE and a.verb in NEEDS_RELOAD]
    if written:
        return "unit files changed"
    loaded = sides.observed.manager.loaded_at
    for unit in sides.desired.units.values():
        for file in unit.files():
            disk = sides.observed.file(file.path)
            if disk.digest == file.digest and disk.changed_at > loaded:
                return f"{file.path} is newer than what the manager loaded"
    return ""


def in_order(actions: list[Action], sides: Sides) -> list[Action]:
    """Sort actions by phase, then by what must come first within it. Stable."""
    rank = _dependency_rank({a.unit for a in actions if a.phase is Phase.RUN}, sides)

    def key(action: Action) -> tuple[int, int, int]:
        match action.phase:
            case Phase.WRITE:
                return action.phase, WITHIN_WRITE.index(action.verb), 0
            case Phase.STOP:
                return action.phase, int(not action.unit.endswith(WITHIN_STOP)), 0
            case Phase.RUN:
                later = int(action.verb is not Verb.RESET_FAILED)
                return action.phase, later, rank.get(action.unit, 0)
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
        before[name] |= {n for n in _comes_after(unit) if n in names}
        for later in unit.text.words("Unit", "Before"):
            if later in before:
                before[later].add(name)
    rank: dict[str, int] = {}
    waiting = sorted(names)
    while waiting:
        ready = [name for name in waiting if before[name] <= rank.keys()]
        for name in ready or waiting[:1]:
            rank[name] = len(rank)
        waiting = [name for name in waiting if name not in rank]
    return rank


def _comes_after(unit: DesiredUnit) -> set[str]:
    after = set(unit.text.words("Unit", "After"))
    if unit.suffix == ".service":
        after.add(f"{unit.name.removesuffix('.service')}.socket")
    return after - {unit.name}
