"""What a reading of the desired-state folder yields, and what can be wrong with it."""

from dataclasses import field
from enum import StrEnum

from unitward.model.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in the source: path relative to the folder, 1-based line and column.

    Line 0 means the file as a whole, column 0 the line as a whole.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


class Severity(StrEnum):
    """How much a problem weighs: an error freezes what it concerns, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in the source.

    `unit` names what the problem concerns ("" is the whole file); `lint` is the name
    under which `allow:` silences it ("" cannot be silenced); `snippet` is the source line.
    """

    place: Place
    severity: Severity
    message: str
    hint: str = ""
    snippet: str = ""
    unit: str = ""
    lint: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file that exists could not be read. Never the same as absent."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the folder: its path relative to the folder, its bytes, their sha256."""

    path: str
    content: bytes | Unreadable
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """The identity of one complete reading: a git commit, else a digest of the folder.

    `digest` covers the names and bytes of everything read, whatever `commit` says.
    """

    digest: str
    commit: str = ""

    def __str__(self) -> str:
        return self.commit[:12] if self.commit else f"folder {self.digest[:12]}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A complete reading of the folder, files sorted by path.

    `settled` is False when the folder never became quiet within the cap: such a
    reading may be half-copied and removes nothing.
    """

    root: str
    files: tuple[SourceFile, ...]
    revision: Revision
    settled: bool = True
    ignored: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The folder could not be read whole. Everything that came from it stays as it is."""

    reason: str
    hint: str = ""
