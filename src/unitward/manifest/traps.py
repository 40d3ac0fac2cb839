"""Values that YAML misreads without quotes, found line by line.

PyYAML stops at its first error. This scan runs only then: it names the mistakes behind
that error and those after it, and mends their lines so that the rest can be read too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from unitward.manifest.nodes import quoted
from unitward.manifest.report import shown
from unitward.model.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LINE = re.compile(
    r"""^(?P<indent>[ ]*(?:-[ ]+)*)
    (?:(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{}#&*!|>%@`-][^#]*?)[ ]*:(?:[ ]+|$))?
    (?P<value>.*)$""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_ALIAS = re.compile(r"\*[A-Za-z0-9_-]+$")
_ANCHOR = re.compile(r"&[A-Za-z0-9_-]+(?:\s|$)")
_BLOCK = re.compile(r"[|>][+-]?[1-9]?[+-]?$")
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")
_IN_FLOW = re.compile(r"(?<=[\[{,: ])(?:[%@`!]|\*(?![A-Za-z0-9_-]+\s*[,\]}]))[^,\]}]*")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Trap:
    """A line that YAML misreads; `mended` is the line as it was probably meant."""

    line: int
    column: int
    message: str
    hint: str
    mended: str


def scan(lines: Sequence[str], first: int) -> Iterator[Trap]:
    """Yield the likely mistakes of the lines from 1-based line `first` on, one per line."""
    literal_indent: int | None = None
    inner = 0
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip(" "))
        if literal_indent is not None and indent > literal_indent:
            continue
        literal_indent = None
        if len(line) > _LONGEST:
            continue
        found = _LINE.match(line)
        if found and _BLOCK.match(_COMMENT.sub("", found["value"]).rstrip()):
            literal_indent = indent
            trap = None
        else:
            trap = _of_line(number, line, found, inner) if number >= first else None
        if trap:
            yield trap
        inner = _inner(trap.mended if trap else line)


def _inner(line: str) -> int:
    """Return the indentation that the line after this one most likely has."""
    indent = len(line) - len(line.lstrip())
    return indent + 2 if line.rstrip().endswith(":") else indent


def _of_line(number: int, line: str, found: re.Match[str] | None, inner: int) -> Trap | None:
    blank = line[: len(line) - len(line.lstrip())]
    if "\t" in blank:
        return Trap(
            number,
            blank.index("\t") + 1,
            "a tab indents this line",
            "YAML indents with spaces only",
            " " * inner + line.lstrip(),
        )
    if not found or not found["value"]:
        return None
    start, value = found.start("value"), found["value"]
    if value[0] in "[{":
        return _flow(number, line, start)
    return _block(number, line, start)


def _block(number: int, line: str, start: int) -> Trap | None:
    whole = line[start:].rstrip()
    value = _COMMENT.sub("", whole).rstrip()
    message = _why(value)
    if not message and value[:1] in "\"'":
        rest = _QUOTED.sub("", whole, count=1)
        if rest == whole or not _COMMENT.sub("", rest).strip():
            return None
        message, value = "text follows the closing quote", whole
    if not message:
        return None
    return Trap(
        number,
        start + 1,
        message,
        f"quote this value: {quoted(shown(value))}",
        line[:start] + quoted(value),
    )


def _why(value: str) -> str:
    match value[:1]:
        case "%" | "@" | "`" as char:
            return f"a value cannot begin with {char} unless it is quoted"
        case "*" if not _ALIAS.match(value):
            return "a value that begins with * is an alias unless it is quoted"
        case "&" if not _ANCHOR.match(value):
            return "a value that begins with & is an anchor unless it is quoted"
        case "|" | ">":
            return f"a value that begins with {value[0]} is a block of lines unless it is quoted"
        case '"' | "'" | "*" | "&" | "!" | "":
            return ""
        case _:
            plain = ": " in value or value.endswith(":")
            return "': ' inside of a value makes it a key unless it is quoted" if plain else ""


def _flow(number: int, line: str, start: int) -> Trap | None:
    value = _COMMENT.sub("", line[start:]).rstrip()
    masked = _QUOTED.sub(lambda match: "x" * len(match[0]), value)
    closing = _closing(masked)
    if (after := value[closing:].strip()) and not after.startswith("#"):
        kind = "list" if value[0] == "[" else "map"
        return Trap(
            number,
            start + 1,
            f"a value that begins with {value[0]} is a {kind} unless it is quoted",
            f"quote this value: {quoted(shown(value))}",
            line[:start] + quoted(value),
        )
    found = list(_IN_FLOW.finditer(masked))
    if not found:
        return None
    mended = value
    for match in reversed(found):
        text = value[match.start() : match.end()].rstrip()
        mended = mended[: match.start()] + quoted(text) + mended[match.start() + len(text) :]
    first = value[found[0].start() : found[0].end()].rstrip()
    return Trap(
        number,
        start + found[0].start() + 1,
        f"a value cannot begin with {first[0]} unless it is quoted",
        f"quote this value: {quoted(shown(first))}",
        line[:start] + mended,
    )


def _closing(masked: str) -> int:
    """Return the position after the bracket that closes the first one, else the end."""
    depth = 0
    for position, char in enumerate(masked):
        depth += (char in "[{") - (char in "]}")
        if depth == 0:
            return position + 1
    return len(masked)
