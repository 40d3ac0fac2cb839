"""unitward's own unit file: what it has to say, and what stands in its place."""

from enum import Enum
from importlib.resources import files as package_files

from unitward.manifest.guards import OWN_UNIT
from unitward.model.observed import DiskFile, DiskKind
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.unitfile.mark import read_mark, seal, strip_mark
from unitward.unitfile.words import quote_argument

TARGET = "default.target"
LINK = f"{TARGET}.wants/{OWN_UNIT}"
_COMMAND = b"ExecStart="


class Standing(Enum):
    """What stands where unitward's own unit file belongs."""

    ABSENT = "absent"
    CURRENT = "current"
    OUTDATED = "outdated"
    DECLARED = "declared"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class OwnFile:
    """The own unit file on disk; `reason` says why it is foreign."""

    standing: Standing
    disk: DiskFile
    reason: str = ""

    def is_marked_by(self, installation: str) -> bool:
        """Tell whether this installation wrote the file, edited since or not."""
        mark = read_mark(self.disk.content) if self.disk.content is not None else None
        return mark is not None and mark.installation == installation


def own_unit_text(command: tuple[str, ...], pattern: bytes | None = None) -> bytes:
    """Return the unit file, without its mark, for the words that start unitward.

    pattern: the template of another version, in the place of this one's.
    Raises UnrenderableError when systemd cannot be told of such a program.
    """
    lines = (template() if pattern is None else pattern).splitlines(keepends=True)
    told = b"ExecStart=" + exec_words((*command, "run")).encode("utf-8", "surrogateescape") + b"\n"
    return b"".join(told if line.startswith(_COMMAND) else line for line in lines)


def template() -> bytes:
    """Return deploy/unitward.service as it came with this version."""
    return package_files("unitward.setup").joinpath(OWN_UNIT).read_bytes()


def exec_words(words: tuple[str, ...]) -> str:
    """Write a command for an Exec line. In the program's own path systemd expands no `$`."""
    program, *arguments = words
    return " ".join(
        [
            quote_argument(program).replace("$$", "$"),
            *(quote_argument(argument) for argument in arguments),
        ]
    )


def sealed(body: bytes, installation: str) -> bytes:
    """Return the unit file with the ownership mark."""
    return seal(body, installation=installation, unit=OWN_UNIT)


def judge_own_file(disk: DiskFile, body: bytes, recorded: Recorded) -> OwnFile:
    """Compare what stands there with `body`, the file as it should be without its mark."""
    match disk.kind:
        case DiskKind.ABSENT:
            return OwnFile(Standing.ABSENT, disk)
        case DiskKind.FILE if OWN_UNIT in recorded.files:
            return OwnFile(Standing.DECLARED, disk)
        case DiskKind.FILE if disk.content is not None:
            return _judge_content(disk, disk.content, body, recorded)
        case DiskKind.MASK:
            return OwnFile(Standing.FOREIGN, disk, "it masks the unit")
        case DiskKind.LINK:
            return OwnFile(Standing.FOREIGN, disk, "it is a link to somebody else's file")
        case _:
            return OwnFile(Standing.FOREIGN, disk, "it cannot be read, or is no regular file")


def _judge_content(disk: DiskFile, content: bytes, body: bytes, recorded: Recorded) -> OwnFile:
    mark = read_mark(content)
    if mark is None:
        return OwnFile(Standing.FOREIGN, disk, "`unitward install` did not write it")
    if mark.installation != recorded.installation:
        reason = "it bears the mark of another unitward installation (a copied home?)"
        return OwnFile(Standing.FOREIGN, disk, reason)
    if sealed(strip_mark(content), mark.installation) != content:
        return OwnFile(Standing.FOREIGN, disk, "it was edited after unitward wrote it")
    same = strip_mark(content) == body
    return OwnFile(Standing.CURRENT if same else Standing.OUTDATED, disk)
