"""Whose file stands where ours should, and what to do about it (semantics.md N, D1, D2)."""

from dataclasses import dataclass
from enum import Enum

from unitward.model.desired import DesiredFile
from unitward.model.observed import DiskFile, DiskKind
from unitward.model.plan import Action, Phase, Verb
from unitward.model.unittext import UnitText
from unitward.reconcile.plan.sides import Sides
from unitward.unitfile.mark import mark_holds, read_mark
from unitward.unitfile.syntax import parse


class FileSync(Enum):
    """How a desired file compares with what stands in its place."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    EDITED = "edited by hand"
    GONE = "gone"
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
        return self.sync in {FileSync.EDITED, FileSync.GONE}

    @property
    def is_changed(self) -> bool:
        """Tell whether the file has to be written."""
        return self.sync not in {FileSync.SAME, FileSync.FOREIGN}


def judge_file(file: DesiredFile, sides: Sides) -> FileJudgement:
    """Compare one desired file with the disk and the ledger."""
    disk = sides.observed.file(file.path)
    recorded = sides.recorded.files.get(file.path)
    recorded_text = parse(recorded.content).text if recorded else None
    match disk.kind:
        case DiskKind.FILE if disk.digest == file.digest:
            return FileJudgement(file, FileSync.SAME, disk, old=file.text)
        case DiskKind.FILE:
            return _judge_other_bytes(file, disk, sides)
        case DiskKind.ABSENT if recorded:
            return FileJudgement(file, FileSync.GONE, disk, "deleted by hand", recorded_text)
        case DiskKind.ABSENT:
            return FileJudgement(file, FileSync.CREATE, disk, "new")
        case DiskKind.MASK if recorded:
            return FileJudgement(file, FileSync.GONE, disk, "replaced by a mask", recorded_text)
        case DiskKind.LINK if recorded:
            return FileJudgement(file, FileSync.GONE, disk, "replaced by a link", recorded_text)
        case _:
            return FileJudgement(file, FileSync.FOREIGN, disk, _foreign_reason(disk))


def _judge_other_bytes(file: DesiredFile, disk: DiskFile, sides: Sides) -> FileJudgement:
    content = disk.content or b""
    old = parse(content).text
    recorded = sides.recorded
    if disk.digest in recorded.owned_digests(file.path) or mark_holds(
        content, recorded.installation, file.path
    ):
        return FileJudgement(file, FileSync.UPDATE, disk, "declaration changed", old)
    if file.path in recorded.files:
        return FileJudgement(file, FileSync.EDITED, disk, "edited by hand", old)
    mark = read_mark(content)
    if mark and mark.installation != recorded.installation:
        reason = "it bears the mark of another unitward installation"
        return FileJudgement(file, FileSync.FOREIGN, disk, reason)
    return FileJudgement(file, FileSync.FOREIGN, disk, _foreign_reason(disk))


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
    if judgement.sync is FileSync.EDITED:
        keep = Action(
            Phase.WRITE,
            Verb.KEEP_COPY,
            unit,
            "edited by hand; the edited copy is kept",
            place=file.place,
            path=file.path,
            before=disk,
        )
        return [keep, write]
    return [write]


def delete_actions(path: str, unit: str, reason: str, sides: Sides) -> list[Action]:
    """Return the actions that remove a recorded file, if it is still ours (R4)."""
    disk = sides.observed.file(path)
    if disk.kind is DiskKind.ABSENT:
        return []
    delete = Action(Phase.WRITE, Verb.DELETE, unit, reason, path=path, before=disk)
    if disk.kind is not DiskKind.FILE:
        return []
    content = disk.content or b""
    ours = disk.digest in sides.recorded.owned_digests(path) or mark_holds(
        content, sides.recorded.installation, path
    )
    if ours:
        return [delete]
    keep = Action(
        Phase.WRITE,
        Verb.KEEP_COPY,
        unit,
        "edited by hand; the edited copy is kept",
        path=path,
        before=disk,
    )
    return [keep, delete]
