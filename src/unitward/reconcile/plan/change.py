"""How much of a unit changed, and what that does to it (semantics.md C, P5, P6)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from unitward.model.declared import DriftPolicy, OnChange
from unitward.model.desired import DesiredFile, DesiredUnit
from unitward.model.unittext import UnitText
from unitward.reconcile.plan.files import FileJudgement, FileSync, judge_file
from unitward.reconcile.plan.sides import Sides
from unitward.unitfile.compare import merged
from unitward.unitfile.effects import Effect, effect_of_change, gained
from unitward.unitfile.syntax import parse


class Run(Enum):
    """What a change does to a unit that runs."""

    LEAVE = "leave"
    RELOAD = "reload"
    RESTART = "restart"
    STOP_START = "stop-start"


@dataclass(frozen=True, slots=True)
class Change:
    """Everything about a unit that differs from what was last applied.

    judgements: each own file against the disk. orphans: recorded files of the unit that
    are no longer declared and may go now. keys: what decided the effect.
    gained: units that the new text pulls in and the old one did not.
    contents: the watched path whose contents changed, "" for none; reload_contents alike.
    """

    judgements: tuple[FileJudgement, ...]
    orphans: tuple[str, ...] = ()
    effect: Effect = Effect.NONE
    keys: frozenset[tuple[str, str]] = frozenset()
    gained: tuple[str, ...] = ()
    is_new: bool = False
    contents: str = ""
    reload_contents: str = ""
    old: UnitText = field(default_factory=UnitText)

    @property
    def foreign(self) -> FileJudgement | None:
        """Return the first file that is not ours to write."""
        return next((j for j in self.judgements if j.sync is FileSync.FOREIGN), None)

    @property
    def is_drift(self) -> bool:
        """Tell whether somebody else changed a file of the unit."""
        return any(j.is_drift for j in self.judgements)

    @property
    def touches_files(self) -> bool:
        """Tell whether any file has to be written or removed."""
        return bool(self.orphans) or any(j.is_changed for j in self.judgements)

    @property
    def reason(self) -> str:
        """Return what changed, in the words of the unit file."""
        if self.contents:
            return f"contents of {self.contents} changed"
        if not self.keys:
            return "declaration changed"
        sections: dict[str, list[str]] = {}
        for section, key in sorted(self.keys):
            sections.setdefault(section, []).append(key)
        parts = [f"[{section}] {', '.join(keys)}" for section, keys in sections.items()]
        return " and ".join(parts) + " changed"


def weigh(unit: DesiredUnit, sides: Sides) -> Change:
    """Compare all files and watched contents of a unit with what was last applied."""
    judgements = tuple(judge_file(file, sides) for file in unit.files())
    orphans = _due_orphans(unit, sides)
    shared = _inherited_judgements(unit, sides)
    contents, reload_contents = _changed_contents(unit, sides)
    everything = (*judgements, *shared)
    if not orphans and all(j.sync is FileSync.SAME for j in everything):
        return Change(judgements, contents=contents, reload_contents=reload_contents)
    old_parts: list[tuple[DesiredFile | str, UnitText]] = []
    for judgement in everything:
        text = _applied_text(judgement, unit, sides)
        if text is not None:
            old_parts.append((judgement.file, text))
    old_parts += [(path, parse(sides.recorded.files[path].content).text) for path in orphans]
    old = _joined(old_parts)
    new = _joined((j.file, j.file.text) for j in everything)
    is_new = not old_parts
    effect, keys = effect_of_change(unit.suffix, old, new, dropin=unit.is_policy_only)
    return Change(
        judgements=judgements,
        orphans=orphans,
        effect=Effect.NONE if is_new and not unit.is_policy_only else effect,
        keys=frozenset() if is_new and not unit.is_policy_only else keys,
        gained=gained(old, new),
        is_new=is_new and not unit.is_policy_only,
        contents=contents,
        reload_contents=reload_contents,
        old=old,
    )


def _due_orphans(unit: DesiredUnit, sides: Sides) -> tuple[str, ...]:
    """Return the unit's recorded files that are no longer declared and may be removed (R1, R2)."""
    declared = {file.path for file in unit.files()}
    mine = [p for p, f in sides.recorded.files.items() if f.unit == unit.name]
    return tuple(path for path in mine if path not in declared and may_remove(path, sides))


def may_remove(name: str, sides: Sides) -> bool:
    """Tell whether an undeclared unit or drop-in has been absent long enough (R1, R2)."""
    desired, recorded = sides.desired, sides.recorded
    if not desired.complete:
        return False
    if name in desired.removed:
        return True
    since = recorded.absences.get(name)
    return since is not None and sides.observed.now - since >= sides.settings.prune_after


def _inherited_judgements(unit: DesiredUnit, sides: Sides) -> tuple[FileJudgement, ...]:
    template = sides.desired.units.get(unit.template)
    return tuple(judge_file(file, sides) for file in template.files()) if template else ()


def _applied_text(judgement: FileJudgement, unit: DesiredUnit, sides: Sides) -> UnitText | None:
    """Return the text that the unit's process runs with, as far as this file goes."""
    if judgement.sync is not FileSync.EDITED:
        return judgement.old
    detail = sides.observed.details.get(unit.name)
    started = detail.exec_main_start_timestamp if detail else 0
    if started and sides.wall(started) > judgement.disk.changed_at / 1e6:
        return judgement.old
    recorded = sides.recorded.files[judgement.file.path]
    return parse(recorded.content).text


def _joined(parts: Iterable[tuple[DesiredFile | str, UnitText]]) -> UnitText:
    """Return the meaning of a fragment and its drop-ins, read in systemd's order."""

    def order(part: tuple[DesiredFile | str, UnitText]) -> tuple[bool, str]:
        path = part[0] if isinstance(part[0], str) else part[0].path
        return "/" in path, path.rpartition("/")[2]

    return merged(*(text for _, text in sorted(parts, key=order)))


def contents_digest(patterns: tuple[str, ...], sides: Sides) -> str | None:
    """Return one digest for the contents behind patterns, None when something is unreadable."""
    digests = [sides.observed.external.get(pattern) for pattern in patterns]
    if any(digest is None for digest in digests):
        return None
    lines = [f"{p} {d}" for p, d in zip(patterns, digests, strict=True)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def restart_patterns(unit: DesiredUnit) -> tuple[str, ...]:
    """Return the paths whose contents the unit's process was started with (C13)."""
    return (*unit.policy.env_files, *unit.policy.restart_on)


def _changed_contents(unit: DesiredUnit, sides: Sides) -> tuple[str, str]:
    known = sides.known(unit.name)
    if known is None:
        return "", ""
    changed = ""
    now = contents_digest(restart_patterns(unit), sides)
    if now and known.external_digest and now != known.external_digest:
        changed = ", ".join(restart_patterns(unit))
    changed_reload = ""
    now = contents_digest(unit.policy.reload_on, sides)
    if now and known.reload_digest and now != known.reload_digest:
        changed_reload = ", ".join(unit.policy.reload_on)
    return changed, changed_reload


def run_of(change: Change, unit: DesiredUnit, *, can_reload: bool) -> Run:
    """Return what the change does to the unit if it runs (C1 to C5, C13, `on_change`)."""
    by_effect = {
        Effect.RESTART: Run.RESTART,
        Effect.STOP_START: Run.STOP_START,
    }.get(change.effect, Run.LEAVE)
    if by_effect is Run.LEAVE and change.contents:
        by_effect = Run.RESTART
    changed = change.effect not in {Effect.NONE, Effect.INSTALL} or bool(change.contents)
    match unit.policy.on_change:
        case OnChange.KEEP:
            return Run.LEAVE
        case OnChange.RESTART if changed:
            return Run.STOP_START if by_effect is Run.STOP_START else Run.RESTART
        case OnChange.STOP_START if changed:
            return Run.STOP_START
        case OnChange.RELOAD if by_effect is not Run.LEAVE and can_reload:
            return Run.RELOAD
        case _:
            pass
    if by_effect is Run.LEAVE and change.reload_contents:
        return Run.RELOAD if can_reload else Run.LEAVE
    return by_effect


def reports_drift(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether drift of the unit is only reported."""
    return sides.drift_policy(unit) is DriftPolicy.REPORT
