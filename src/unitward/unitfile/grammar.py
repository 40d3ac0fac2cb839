"""What a line of a unit file can hold (systemd's src/shared/conf-parser.c, src/basic/utf8.c).

Shared by reading and writing, so that both agree.
"""

import re

BLANKS = " \t\n\r"
LINE_LIMIT = 1 << 20
"""A line of a unit file must be shorter than this many bytes."""

LINE_END = re.compile(rb"\n\r?\0?|\r\n?\0?|\0")
BOM = b"\xef\xbb\xbf"
COMMENT_MARKS = ("#", ";")

_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef"
    + "".join(chr(p << 16 | 0xFFFE) + chr(p << 16 | 0xFFFF) for p in range(17))
    + "]",
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNSAFE_IN_HEADER = re.compile(r"[\x00-\x1f\x7f\"'\\]")


def decode(line: bytes) -> str | None:
    """Return the text of a line, None when systemd would not call it UTF-8.

    Stricter than Python: systemd also refuses the noncharacters of Unicode.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if not text.isascii() and _NONCHARACTER.search(text) else text


def encode(text: str) -> bytes | None:
    """Return the bytes of a text, None when systemd would refuse them as UTF-8."""
    if text.isascii():
        return text.encode()
    try:
        line = text.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return None if _NONCHARACTER.search(text) else line


def is_noncharacter(char: str) -> bool:
    """Tell whether systemd refuses the character though it can be encoded."""
    return bool(_NONCHARACTER.match(char))


def is_one_line(text: str) -> bool:
    """Tell whether a text can stand in a line of a unit file without a control character."""
    return not _CONTROL.search(text) and encode(text) is not None


def is_safe_section(name: str) -> bool:
    """Tell whether a name can stand between the brackets of a section header."""
    return not _UNSAFE_IN_HEADER.search(name)


def ends_in_continuation(line: bytes) -> bool:
    r"""Tell whether the line goes on in the next: an odd run of `\` stands at its end."""
    return (len(line) - len(line.rstrip(b"\\"))) % 2 == 1
