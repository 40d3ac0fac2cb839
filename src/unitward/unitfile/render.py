"""Meaning -> unit file, such that reading it back gives the same meaning."""

import re

from unitward.model.unittext import Entry, UnitText
from unitward.unitfile.errors import UnrenderableError
from unitward.unitfile.grammar import (
    BLANKS,
    BOM,
    COMMENT_MARKS,
    LINE_LIMIT,
    encode,
    ends_in_continuation,
    is_safe_section,
)

_LINE_BREAK = re.compile("[\n\r\0]")
_NOT_IN_KEY = re.compile("[=\n\r\0]")
_KEY_CANNOT_BEGIN = ("[", BOM.decode(), *COMMENT_MARKS)


def render(text: UnitText) -> bytes:
    """Write a unit file; sections stand in the order of their first appearance.

    Raises UnrenderableError, naming section and key, when systemd could not read an entry
    back as it is. The file of a text without entries is empty, which systemd takes for a mask.
    """
    content, _lines = render_with_lines(text)
    return content


def render_with_lines(text: UnitText) -> tuple[bytes, tuple[int, ...]]:
    """Write a unit file, and tell the 1-based line of each entry in the order of `text`.

    Raises as `render` does.
    """
    sections: dict[str, list[int]] = {}
    for index, entry in enumerate(text.entries):
        sections.setdefault(entry.section, []).append(index)
    output: list[bytes] = []
    lines = [0] * len(text.entries)
    for section, indexes in sections.items():
        if output:
            output.append(b"")
        output.append(_header(section))
        for index in indexes:
            output.append(_assignment(text.entries[index]))
            lines[index] = len(output)
    return b"".join(line + b"\n" for line in output), tuple(lines)


def _header(section: str) -> bytes:
    encoded = encode(f"[{section}]")
    if not section or encoded is None or not is_safe_section(section):
        raise UnrenderableError(
            f"{section!r} cannot be the name of a section",
            hint="sections are named like Service or X-Site",
        )
    return _within_limit(encoded, section)


def _assignment(entry: Entry) -> bytes:
    where = f"[{entry.section}] {entry.key}="
    _check_key(entry)
    if _LINE_BREAK.search(entry.value):
        raise UnrenderableError(
            f"{where} has a line break or a NUL in its value; a unit file cannot hold one",
            hint=r"within quotes of a command line or of Environment= write \n",
        )
    if entry.value != entry.value.strip(BLANKS):
        raise UnrenderableError(
            f"{where} has a value that begins or ends with a blank; systemd would drop it",
            hint="remove the blank, or put the word in double quotes where the key takes words",
        )
    line = encode(f"{entry.key}={entry.value}")
    if line is None:
        raise UnrenderableError(
            f"{where} has a character that systemd does not take for UTF-8",
            hint=r"within quotes of a command line write its bytes as \xHH",
        )
    if ends_in_continuation(line):
        # A blank keeps the backslash from joining the next line and is trimmed in reading.
        line += b" "
    return _within_limit(line, where)


def _check_key(entry: Entry) -> None:
    key = entry.key
    if (
        not key
        or key != key.strip(BLANKS)
        or key.startswith(_KEY_CANNOT_BEGIN)
        or _NOT_IN_KEY.search(key)
    ):
        raise UnrenderableError(
            f"{key!r} in [{entry.section}] cannot be a key of a unit file",
            hint="keys are named like ExecStart or X-Note",
        )


def _within_limit(line: bytes, where: str) -> bytes:
    if len(line) >= LINE_LIMIT:
        raise UnrenderableError(
            f"{where} makes a line longer than 1 MiB; systemd would refuse the file",
            hint="put the data into a file",
        )
    return line
