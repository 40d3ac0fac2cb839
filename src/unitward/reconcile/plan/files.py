"""Whose file stands where ours should, and what to do about it (semantics.md N, D1, D2)."""

from collections.abc import Iterable
from enum import Enum

from unitward.model.desired import DesiredFile
from unitward.model.observed import DiskFile, DiskKind
from unitward.model.plan import Action, Phase, Verb
from unitward.model.records import dataclass
from unitward.model.source import Place
from unitward.model.unittext import UnitText
from unitward.reconcile.plan.sides import Sides
from unitward.unitfile.compare import changed_keys
from unitward.unitfile.mark import mark_holds, read_mark
from unitward.unitfile.syntax import parse


class FileSync(Enum):
    """How a desired file compares with what stands in its place."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    EDITED = "edited by hand"
    GONE = "gone"
    ADOPTED = "adopted"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class FileJudgement:
    """One desired file against the disk.

    old: the meaning of what stands there (or stood there, as recorded, when it is gone);
        None when there was nothing of ours.
    """

    file: DesiredFile
    sync: FileSync
    disk: DiskFile
    reason: str = ""
    old: UnitText | None = None

    @property
    def is_drift(self) -> bool:
        """Tell whether somebody else changed what we had written."""
        return self.sync in (FileSync.EDITED, FileSync.GONE)

    @property
    def is_changed(self) -> bool:
        """Tell whether the file has to be written."""
        return self.sync not in (FileSync.SAME, FileSync.FOREIGN)


def judge_file(file: DesiredFile, sides: Sides) -> FileJudgement:
    """Compare one desired file with the disk and the ledger."""
    disk = sides.observed.file(file.path)
    is_recorded = file.path in sides.recorded.files
    match disk.kind:
        case DiskKind.FILE if disk.digest == file.digest:
            return FileJudgement(file, FileSync.SAME, disk, old=file.text)
        case DiskKind.FILE:
            return _judge_other_bytes(file, disk, sides)
        case DiskKind.ABSENT if is_recorded:
            return _gone(file, disk, "deleted by hand", sides)
        case DiskKind.ABSENT:
            return FileJudgement(file, FileSync.CREATE, disk, "new")
        case DiskKind.MASK if is_recorded:
            return _gone(file, disk, "replaced by a mask", sides)
        case DiskKind.LINK if is_recorded:
            return _gone(file, disk, "replaced by a link", sides)
        case _:
            return FileJudgement(file, FileSync.FOREIGN, disk, _foreign_reason(disk))


def _gone(file: DesiredFile, disk: DiskFile, reason: str, sides: Sides) -> FileJudgement:
    return FileJudgement(file, FileSync.GONE, disk, reason, recorded_text(file.path, sides))


def recorded_text(path: str, sides: Sides) -> UnitText:
    """Return the meaning of a file as it was last written; the path must be recorded."""
    return parse(sides.recorded.files[path].content).text


def _judge_other_bytes(file: DesiredFile, disk: DiskFile, sides: Sides) -> FileJudgement:
    content = disk.content
    if content is None:
        return FileJudgement(file, FileSync.FOREIGN, disk, "a file that cannot be read")
    if is_ours(disk, sides):
        old = parse(content).text
        keys = changed_keys(old, file.text, dropin="/" in file.path)
        reason = describe_keys(keys) or "only comments and layout changed"
        return FileJudgement(file, FileSync.UPDATE, disk, reason, old)
    adoption = sides.recorded.orders.adoptions.get(file.path)
    if adoption is not None and adoption.digest == disk.digest:
        reason = "adopted from its owner"
        return FileJudgement(file, FileSync.ADOPTED, disk, reason, parse(content).text)
    if _is_of_another_installation(content, sides):
        reason = "it bears the mark of another unitward installation"
        return FileJudgement(file, FileSync.FOREIGN, disk, reason)
    if file.path in sides.recorded.files:
        old = parse(content).text
        return FileJudgement(file, FileSync.EDITED, disk, "edited by hand", old)
    return FileJudgement(file, FileSync.FOREIGN, disk, _foreign_reason(disk))


def is_ours(disk: DiskFile, sides: Sides) -> bool:
    """Tell whether what stands there is as unitward wrote it, or was about to (N)."""
    content = disk.content
    return content is not None and (
        disk.digest in sides.recorded.owned_digests(disk.path)
        or mark_holds(content, sides.recorded.installation, disk.path)
    )


def _is_of_another_installation(content: bytes, sides: Sides) -> bool:
    mark = read_mark(content)
    return mark is not None and mark.installation != sides.recorded.installation


def describe_keys(keys: Iterable[tuple[str, str]]) -> str:
    """Return which keys changed, in the words of the unit file; "" for none."""
    sections: dict[str, list[str]] = {}
    for section, key in sorted(keys):
        sections.setdefault(section, []).append(key)
    parts = [f"[{section}] {', '.join(names)}" for section, names in sections.items()]
    return f"{' and '.join(parts)} changed" if parts else ""


def _foreign_reason(disk: DiskFile) -> str:
    match disk.kind:
        case DiskKind.MASK:
            return "it is masked by a link to /dev/null that unitward did not make"
        case DiskKind.LINK:
            return "a link that unitward did not make stands there"
        case DiskKind.OTHER:
            return "something that is no regular file stands there, or it cannot be read"
        case _:
            return "a file that unitward did not make stands there"


def write_actions(judgement: FileJudgement, unit: str) -> list[Action]:
    """Return the actions that put the file in place; an edited copy is kept first (D1)."""
    file, disk = judgement.file, judgement.disk
    verb = {
        FileSync.CREATE: Verb.CREATE,
        FileSync.UPDATE: Verb.UPDATE,
        FileSync.ADOPTED: Verb.UPDATE,
        FileSync.EDITED: Verb.RESTORE,
        FileSync.GONE: Verb.RESTORE,
    }[judgement.sync]
    write = Action(
        Phase.WRITE,
        verb,
        unit,
        judgement.reason,
        place=file.place,
        path=file.path,
        content=file.content,
        digest=file.digest,
        before=disk,
    )
    if judgement.sync in {FileSync.EDITED, FileSync.ADOPTED}:
        return [_keep_copy(disk, unit, judgement.sync.value, file.place), write]
    return [write]


def _keep_copy(disk: DiskFile, unit: str, what: str, place: Place | None = None) -> Action:
    reason = f"{what}; a copy is kept"
    return Action(
        Phase.WRITE, Verb.KEEP_COPY, unit, reason, place=place, path=disk.path, before=disk
    )


def delete_actions(path: str, unit: str, reason: str, sides: Sides) -> list[Action]:
    """Return the actions that remove a recorded file, if it is still ours (R4).

    A path where nothing of ours stands any more is only forgotten.
    """
    disk = sides.observed.file(path)
    forget = Action(Phase.FORGET, Verb.FORGET, unit, reason, path=path)
    if disk.kind is not DiskKind.FILE or disk.content is None:
        return [forget]
    delete = Action(Phase.WRITE, Verb.DELETE, unit, reason, path=path, before=disk)
    if is_ours(disk, sides):
        return [delete]
    if _is_of_another_installation(disk.content, sides):
        return [forget]
    return [_keep_copy(disk, unit, FileSync.EDITED.value), delete]
