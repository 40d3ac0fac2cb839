"""How much of a unit changed, and what that does to it (semantics.md C, P5, P6)."""

from collections.abc import Iterable
from dataclasses import field, replace
from enum import Enum

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.observed import DiskKind
from unitward.model.records import dataclass
from unitward.model.unittext import UnitText
from unitward.reconcile.contents import contents_changed
from unitward.reconcile.kinds import can_reload
from unitward.reconcile.plan.absent import may_remove
from unitward.reconcile.plan.files import (
    FileJudgement,
    FileSync,
    describe_keys,
    judge_file,
    recorded_text,
)
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.starting import is_settled
from unitward.reconcile.traits import traits_of
from unitward.unitfile.compare import changed_keys, merged
from unitward.unitfile.effects import (
    NOW_WHILE_STARTING,
    Effect,
    effect_of_change,
    effect_of_key,
    gained,
)

ROWS = {
    Effect.NONE: "C0",
    Effect.INSTALL: "C6",
    Effect.LOAD: "C1",
    Effect.LOAD_WANTS: "C2",
    Effect.NOW: "C3",
    Effect.RESTART: "C4",
    Effect.STOP_START: "C5",
}
ROWS_OF_TYPES = {
    (".timer", Effect.LOAD): "C8",
    (".path", Effect.LOAD): "C9",
    (".slice", Effect.LOAD): "C9",
    (".target", Effect.LOAD_WANTS): "C10",
    (".socket", Effect.RESTART): "C7",
    (".socket", Effect.STOP_START): "C7",
}


class Run(Enum):
    """What a change does to a unit that runs."""

    LEAVE = "leave"
    RELOAD = "reload"
    RESTART = "restart"
    STOP_START = "stop-start"


@dataclass(frozen=True, slots=True)
class Change:
    """Everything about a unit that differs from what was last applied.

    judgements: each own file against the disk; inherited: each file of its template.
    orphans: recorded files of the unit that are no longer declared and may go now.
    keys: what decided the effect; all_keys: everything that differs; now_keys: of those,
    what the reload itself acts on (C3). gained: units that the new text pulls in and the
    old one did not. replaces: the foreign file that the running unit was started from.
    contents: the watched paths whose contents changed, "" for none; reload_contents alike.
    """

    judgements: tuple[FileJudgement, ...]
    suffix: str = ".service"
    inherited: tuple[FileJudgement, ...] = ()
    orphans: tuple[str, ...] = ()
    effect: Effect = Effect.NONE
    keys: frozenset[tuple[str, str]] = frozenset()
    all_keys: frozenset[tuple[str, str]] = frozenset()
    now_keys: frozenset[tuple[str, str]] = frozenset()
    gained: tuple[str, ...] = ()
    is_new: bool = False
    replaces: str = ""
    contents: str = ""
    reload_contents: str = ""
    old: UnitText = field(default_factory=UnitText)

    @property
    def foreign(self) -> FileJudgement | None:
        """Return the first file, own or of the template, that is not ours to write."""
        everything = (*self.judgements, *self.inherited)
        return next((j for j in everything if j.sync is FileSync.FOREIGN), None)

    @property
    def drift(self) -> FileJudgement | None:
        """Return the first own file that somebody else changed."""
        return next((j for j in self.judgements if j.is_drift), None)

    @property
    def touches_files(self) -> bool:
        """Tell whether any own file has to be written or removed."""
        return bool(self.orphans) or any(j.is_changed for j in self.judgements)

    @property
    def moves_files(self) -> bool:
        """Tell whether any file, own or of the template, has to be written or removed."""
        return self.touches_files or any(j.is_changed for j in self.inherited)

    @property
    def is_nothing(self) -> bool:
        """Tell whether there is nothing to write and nothing that acts on a process."""
        return self is STANDS or not (
            self.effect is not Effect.NONE
            or self.replaces
            or self.contents
            or self.reload_contents
            or self.moves_files
        )

    @property
    def row(self) -> str:
        """Return the row of table C that decides, "" where nothing of ours stood before."""
        if self.replaces:
            return ROWS[Effect.RESTART]
        if self.is_new or self.is_nothing:
            return ""
        if self._is_by_contents:
            return "C13"
        return ROWS_OF_TYPES.get((self.suffix, self.effect), ROWS[self.effect])

    @property
    def _is_by_contents(self) -> bool:
        """Tell whether watched contents ask for more than the text does."""
        return bool(self.contents or self.reload_contents) and self.effect < Effect.RESTART

    @property
    def reason(self) -> str:
        """Return what changed, in the words of the unit file, and its row."""
        return f"{self.what} ({self.row})" if self.row else self.what

    @property
    def what(self) -> str:
        """Return what changed, in the words of the unit file."""
        if self.replaces:
            return f"replaces the definition in {self.replaces}"
        text = describe_keys(self.keys)
        if text and not self._is_by_contents:
            return text
        if self._is_by_contents:
            return f"contents of {self.contents or self.reload_contents} changed"
        return f"{self.orphans[0]} is no longer declared" if self.orphans else "declaration changed"


STANDS = Change(())
"""What `weigh_all` says of a unit whose files are on disk and in the ledger as declared."""


def weigh_all(sides: Sides) -> dict[str, Change]:
    """Weigh every declared unit; most stand as they should, and need no closer look."""
    return {
        name: STANDS if _stands(unit, sides) else weigh(unit, sides)
        for name, unit in sides.desired.units.items()
    }


def _stands(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether `weigh` has nothing to say of the unit, save that its files are the same."""
    if unit.template or traits_of(unit).watches:
        return False
    disk, recorded, files = sides.observed.files, sides.recorded.files, unit.files()
    for file in files:
        there, known = disk.get(file.path), recorded.get(file.path)
        if there is None or there.kind is not DiskKind.FILE or there.digest != file.digest:
            return False
        if known is None or known.digest != file.digest or known.unit != unit.name:
            return False
    return len(files) == len(sides.files_of.get(unit.name, ()))


def weigh(unit: DesiredUnit, sides: Sides) -> Change:
    """Compare all files and watched contents of a unit with what was last applied."""
    judgements = tuple(judge_file(file, sides) for file in unit.files())
    orphans = _due_orphans(unit, sides)
    inherited = _inherited_judgements(unit, sides)
    contents, reload_contents = _changed_contents(unit, sides)
    everything = (*judgements, *inherited)
    same = Change(
        judgements,
        suffix=unit.suffix,
        inherited=inherited,
        contents=contents,
        reload_contents=reload_contents,
    )
    if not orphans and all(not j.is_changed for j in everything):
        return same
    old_parts: list[tuple[str, UnitText]] = []
    for judgement in everything:
        text = _applied_text(judgement, unit, sides)
        if text is not None:
            old_parts.append((judgement.file.path, text))
    left = _still_in_force(orphans, unit, sides)
    old_parts += [(path, recorded_text(path, sides)) for path in left]
    old = _joined(old_parts)
    new = _joined((j.file.path, j.file.text) for j in everything)
    if not old_parts and not unit.is_policy_only:
        return replace(same, is_new=True, replaces=_replaced(unit, sides), gained=gained(old, new))
    changed = _compared(unit, same, left, old, new, sides)
    return changed if left == orphans else replace(changed, orphans=orphans)


def _compared(
    unit: DesiredUnit,
    same: Change,
    orphans: tuple[str, ...],
    old: UnitText,
    new: UnitText,
    sides: Sides,
) -> Change:
    """Return `same` with what the difference of two whole definitions does."""
    effect, keys = effect_of_change(unit.suffix, old, new, dropin=unit.is_policy_only)
    if unit.name in orphans:
        effect = Effect.STOP_START
    changed = changed_keys(old, new, dropin=unit.is_policy_only)
    acting = {key for key in changed if effect_of_key(unit.suffix, *key) is Effect.NOW}
    status = sides.observed.units.get(unit.name)
    if status is not None and status.active == "activating":
        acting |= changed & NOW_WHILE_STARTING
    return replace(
        same,
        orphans=orphans,
        effect=effect,
        keys=keys,
        all_keys=changed,
        now_keys=frozenset(acting),
        gained=gained(old, new),
        old=old,
    )


def _replaced(unit: DesiredUnit, sides: Sides) -> str:
    """Return the file that a running unit of this name was started from, "" for none."""
    detail = sides.observed.details.get(unit.name)
    if detail is None or not sides.observed.is_up(unit.name) or unit.fragment is None:
        return ""
    return detail.fragment_path


def _due_orphans(unit: DesiredUnit, sides: Sides) -> tuple[str, ...]:
    """Return the unit's recorded files that are no longer declared and may be removed (R1, R2)."""
    mine = sides.files_of.get(unit.name, ())
    declared = {file.path for file in unit.files()}
    return tuple(path for path in mine if path not in declared and may_remove(path, sides))


def _still_in_force(orphans: tuple[str, ...], unit: DesiredUnit, sides: Sides) -> tuple[str, ...]:
    """Return the orphans without which the unit was not started yet.

    A pass that was killed may have removed them and started the unit by what is left (P2).
    """
    intent, known = sides.recorded.open_run(unit.name), sides.known(unit.name)
    detail = sides.observed.details.get(unit.name)
    if intent is None or known is None or detail is None or detail.need_daemon_reload:
        return orphans
    if not is_settled(intent, unit, known, detail, sides):
        return orphans
    return tuple(p for p in orphans if sides.observed.file(p).kind is not DiskKind.ABSENT)


def _inherited_judgements(unit: DesiredUnit, sides: Sides) -> tuple[FileJudgement, ...]:
    template = sides.desired.units.get(unit.template)
    return tuple(judge_file(file, sides) for file in template.files()) if template else ()


def _applied_text(judgement: FileJudgement, unit: DesiredUnit, sides: Sides) -> UnitText | None:
    """Return the text that the unit's process runs with, as far as this file goes (P5, P6)."""
    if judgement.sync is not FileSync.EDITED or edited_row(judgement, unit, sides) == "P6":
        return judgement.old
    return recorded_text(judgement.file.path, sides)


def edited_row(judgement: FileJudgement, unit: DesiredUnit, sides: Sides) -> str:
    """Return the row of table P for a file edited by hand: P6 when a process began with it."""
    detail = sides.observed.details.get(unit.name)
    started = 0
    if detail is not None:
        started = detail.exec_main_start_timestamp or detail.active_enter_timestamp
    began_with_it = started and sides.wall(started) > judgement.disk.changed_at / 1e6
    return "P6" if began_with_it else "P5"


def _joined(parts: Iterable[tuple[str, UnitText]]) -> UnitText:
    """Return the meaning of a fragment and its drop-ins, read in systemd's order."""

    def order(part: tuple[str, UnitText]) -> tuple[bool, str]:
        return "/" in part[0], part[0].rpartition("/")[2]

    return merged(*(text for _, text in sorted(parts, key=order)))


def _changed_contents(unit: DesiredUnit, sides: Sides) -> tuple[str, str]:
    known, policy = sides.known(unit.name), unit.policy
    if known is None or not (policy.env_files or policy.restart_on or policy.reload_on):
        return "", ""
    restart, reload = contents_changed(unit, known, sides.observed.external)
    return ", ".join(restart), ", ".join(reload)


def run_of(change: Change, unit: DesiredUnit, sides: Sides) -> Run:
    """Return what the change does to the unit if it runs (C1 to C5, C13, `on_change`)."""
    if change.is_nothing:
        return Run.LEAVE
    wanted = {Effect.RESTART: Run.RESTART, Effect.STOP_START: Run.STOP_START}.get(
        change.effect, Run.LEAVE
    )
    if wanted is Run.LEAVE and (change.contents or change.replaces):
        wanted = Run.RESTART
    detail = sides.observed.details.get(unit.name)
    reloadable = detail.can_reload if detail is not None else can_reload(unit.text)
    changed = change.effect > Effect.INSTALL or wanted is not Run.LEAVE
    match unit.policy.on_change:
        case OnChange.KEEP:
            return Run.LEAVE
        case OnChange.RESTART if changed:
            return Run.STOP_START if wanted is Run.STOP_START else Run.RESTART
        case OnChange.STOP_START if changed:
            return Run.STOP_START
        case OnChange.RELOAD if wanted is not Run.LEAVE and reloadable:
            return Run.RELOAD
        case _:
            pass
    if wanted is Run.LEAVE and change.reload_contents:
        return Run.RELOAD if reloadable else Run.RESTART
    return wanted
