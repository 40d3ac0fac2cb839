"""The ownership mark: how a file in the unit folder says that unitward keeps it.

A comment stands at the top for people, an `[X-Unitward]` section at the end for unitward;
systemd ignores both.
"""

import hashlib
import re

from unitward.model.records import dataclass
from unitward.unitfile.grammar import BOM, is_one_line

HEADER_LINES = 1
"""By how many lines the header shifts those of a body without a byte order mark."""

_SECTION = "X-Unitward"
_HEADER_BEGINS = b"# Kept by unitward"
_HEADER = _HEADER_BEGINS + b": edit the manifest, changes made here are put back.\n"
_UNENDED = b"FinalNewline=no\n"
_HEAD = re.compile(rb"(?:" + BOM + rb"\n)?" + _HEADER_BEGINS + rb"[^\n]*\n")
_TAIL = re.compile(
    rb"\n\[" + _SECTION.encode() + rb"\]\n"
    rb"Installation=([^\n]+)\n"
    rb"Unit=([^\n]+)\n"
    rb"Digest=([0-9a-f]{64})\n"
    rb"(" + _UNENDED + rb")?\Z",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark claims; `digest` is the sha256 of the body, in hexadecimal."""

    installation: str
    unit: str
    digest: str


def seal(body: bytes, *, installation: str, unit: str) -> bytes:
    """Put the mark on a unit file without changing what systemd reads in it.

    `unit` is the path below the unit folder, such as `pipewire.service.d/50-site.conf`.
    The result depends on nothing but the arguments.
    Raises ValueError for an installation or unit that cannot stand in a line.
    """
    if not all(_fits(text) for text in (installation, unit)):
        raise ValueError(f"not usable in a mark: {installation!r}, {unit!r}")
    head, rest = _HEADER, body
    if body.startswith(BOM):
        # After the byte order mark, # does not begin a comment: the header takes its own line.
        head, rest = BOM + b"\n" + _HEADER, body[len(BOM) :]
    ended = body.endswith(b"\n")
    tail = (
        f"\n[{_SECTION}]\nInstallation={installation}\nUnit={unit}\nDigest={_digest(body)}\n"
    ).encode()
    # The blank line ends a continuation that a backslash at the end of the body begins.
    return head + rest + (tail if ended else b"\n" + tail + _UNENDED)


def header_lines(body: bytes) -> int:
    """Tell by how many lines `seal` shifts those of a body."""
    return HEADER_LINES + body.startswith(BOM)


def read_mark(content: bytes) -> Mark | None:
    """Return what a file's mark claims, None for a file without a mark."""
    tail = _find_tail(content)
    if tail is None:
        return None
    try:
        installation, unit, digest = (group.decode() for group in tail.group(1, 2, 3))
    except UnicodeDecodeError:
        return None
    return Mark(installation, unit, digest)


def strip_mark(content: bytes) -> bytes:
    """Return the body that was sealed, byte for byte; a file without a mark as it is."""
    tail = _find_tail(content)
    if tail is None:
        return content
    end = tail.start()
    if tail[4] and content.endswith(b"\n", 0, end):
        end -= 1
    head = _HEAD.match(content, 0, end)
    if head is None:
        return content[:end]
    bom = BOM if content.startswith(BOM) else b""
    return bom + content[head.end() : end]


def mark_holds(content: bytes, installation: str, unit: str) -> bool:
    """Tell whether a file is marked as this installation's and this unit's, and unedited."""
    expected = Mark(installation, unit, _digest(strip_mark(content)))
    return read_mark(content) == expected


def _find_tail(content: bytes) -> re.Match[bytes] | None:
    begin = content.rfind(f"\n[{_SECTION}]\n".encode())
    return _TAIL.match(content, begin) if begin >= 0 else None


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _fits(text: str) -> bool:
    return bool(text) and is_one_line(text) and not text.endswith("\\")
