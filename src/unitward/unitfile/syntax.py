"""Unit files -> their meaning, exactly as systemd reads them."""

from collections.abc import Iterator

from unitward.model.records import dataclass
from unitward.model.unittext import Entry, UnitText
from unitward.unitfile.grammar import (
    BLANKS,
    BOM,
    COMMENT_MARKS,
    LINE_END,
    LINE_LIMIT,
    decode,
    ends_in_continuation,
    is_safe_section,
)

_BLANKS = BLANKS.encode()
_COMMENT_MARKS = tuple(mark.encode() for mark in COMMENT_MARKS)


@dataclass(frozen=True, slots=True, order=True)
class SyntaxProblem:
    """Something systemd would complain about; `fatal`: it then refuses the whole file.

    `line` is 1-based: where the concerned key or header stands.
    """

    line: int
    message: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """A unit file's meaning and what is wrong with it; `text` is empty after a fatal problem."""

    text: UnitText
    problems: tuple[SyntaxProblem, ...] = ()

    @property
    def fatal(self) -> bool:
        """Tell whether systemd refuses the whole file."""
        return any(problem.fatal for problem in self.problems)


class _TooLongError(Exception):
    """A line reached the limit; systemd reads no further."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def parse(content: bytes) -> Parsed:
    """Read a unit file as systemd does. Never raises.

    Values are joined over continuation lines and trimmed; nothing is unquoted or expanded.
    All problems are returned, although systemd stops at the first fatal one.
    """
    reader = _Reader()
    try:
        for line, text in _logical_lines(content):
            reader.read(line, text)
    except _TooLongError as error:
        reader.problem(error.line, "this line is longer than 1 MiB", fatal=True)
    problems = tuple(reader.problems)
    fatal = any(problem.fatal for problem in problems)
    return Parsed(UnitText(() if fatal else tuple(reader.entries)), problems)


def _physical_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    number, at = 0, 0
    for number, end in enumerate(LINE_END.finditer(content), start=1):
        yield number, content[at : end.start()]
        at = end.end()
    if at < len(content):
        yield number + 1, content[at:]


def _logical_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each line after joining, with the number of the line where its text begins.

    Comment lines are left out, also those between the lines of a continuation.
    """
    joined, begin, bom_seen = bytearray(), 0, False
    blank = True
    for number, physical in _physical_lines(content):
        if len(physical) >= LINE_LIMIT:
            raise _TooLongError(number)
        if physical.lstrip(_BLANKS).startswith(_COMMENT_MARKS):
            continue
        part = physical
        if not bom_seen and part.startswith(BOM):
            part, bom_seen = part[len(BOM) :], True
        if joined and len(joined) + len(part) > LINE_LIMIT:
            raise _TooLongError(begin)
        if blank:
            begin = number
        joined += part
        if ends_in_continuation(part):
            joined[-1:] = b" "
            blank = blank and not part[:-1].strip(_BLANKS)
            continue
        yield begin, bytes(joined)
        joined.clear()
        blank = True
    if joined:
        yield begin, bytes(joined)


class _Reader:
    """Collects entries and problems over the lines of one file."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.problems: list[SyntaxProblem] = []
        self._section: str | None = None
        self._complain_outside = True

    def problem(self, line: int, message: str, *, fatal: bool = False) -> None:
        self.problems.append(SyntaxProblem(line, message, fatal))

    def read(self, line: int, raw: bytes) -> None:
        stripped = raw.strip(_BLANKS)
        if not stripped:
            return
        text = decode(stripped)
        if text is None:
            self.problem(line, "this line is not valid UTF-8", fatal=True)
        elif text.startswith("["):
            self._read_header(line, text)
        elif self._section is not None:
            self._read_assignment(line, self._section, text)
        elif self._complain_outside:
            self.problem(line, "this line stands outside of any section and is ignored")

    def _read_header(self, line: int, text: str) -> None:
        if len(text) == 1 or not text.endswith("]"):
            self.problem(line, f"the section header {text!r} does not end with ]", fatal=True)
            return
        name = text[1:-1]
        if not is_safe_section(name):
            self.problem(
                line,
                f"the section header {text!r} has a quote, a backslash or a control character",
                fatal=True,
            )
            return
        if not name:
            self.problem(line, "the section has no name; what follows it is ignored")
        self._section = name or None
        self._complain_outside = False

    def _read_assignment(self, line: int, section: str, text: str) -> None:
        key, equals, value = text.partition("=")
        if equals and key:
            self.entries.append(Entry(section, key.strip(BLANKS), value.strip(BLANKS), line))
        elif not section.startswith("X-"):
            missing = "key before '='" if equals else "'='"
            self.problem(line, f"{text!r} has no {missing} and is ignored")
