"""A source file's bytes as text and lines, and what in them can be no text at all."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from unitward.manifest.report import At
from unitward.model.records import dataclass

if TYPE_CHECKING:
    from unitward.manifest.report import Report

MAX_BYTES = 1024 * 1024
"""Largest source file that is read, in bytes."""

_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPORTED = 20


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file and its lines, broken where YAML 1.1 breaks them."""

    text: str
    lines: tuple[str, ...]
    readable: bool


def read(content: bytes, report: Report) -> Source:
    """Return the content as text; what is no text is an error and `readable` is False."""
    if len(content) > MAX_BYTES:
        report.error(
            At(),
            f"the file is too large: {len(content)} bytes, at most {MAX_BYTES} are read",
            "split it into several files",
        )
        return Source("", (), readable=False)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("utf-8-sig", errors="replace")
        _report_bytes(content, report)
        return Source(text, tuple(_BREAKS.split(text)), readable=False)
    lines = tuple(_BREAKS.split(text))
    return Source(text, lines, readable=not _report_controls(text, lines, report))


def _report_bytes(content: bytes, report: Report) -> None:
    for number, line in enumerate(content.split(b"\n"), 1):
        if report.full:
            return
        try:
            line.decode()
        except UnicodeDecodeError as error:
            column = len(line[: error.start].decode(errors="replace")) + 1
            report.error(At(number, column), "this is not UTF-8", "save the file as UTF-8")


def _report_controls(text: str, lines: tuple[str, ...], report: Report) -> bool:
    if not _CONTROL.search(text):
        return False
    found = (
        (number, match) for number, line in enumerate(lines, 1) for match in _CONTROL.finditer(line)
    )
    for number, match in islice(found, _REPORTED):
        report.error(
            At(number, match.start() + 1),
            f"a control character (U+{ord(match[0]):04X}) cannot stand in a text file",
            "remove it",
        )
    return True
