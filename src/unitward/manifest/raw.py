"""A raw unit file or drop-in of the folder: checked, and kept byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from unitward.manifest import directives, files, guards, units
from unitward.manifest.entry_guards import entry_fault
from unitward.manifest.lines import MAX_BYTES
from unitward.manifest.lint import lint
from unitward.manifest.nodes import Scalar
from unitward.manifest.report import At, Report, finished
from unitward.model.declared import Declaration, Manifest
from unitward.model.source import Place, Severity
from unitward.unitfile import syntax

if TYPE_CHECKING:
    from unitward.model.unittext import DirectiveTable, UnitText

_BREAKS = re.compile("\r\n|[\n\r\0]")


def decode_raw(
    path: str, content: bytes, table: DirectiveTable, *, folder: str, home: str
) -> Manifest:
    """Return what a unit file or drop-in declares. Never raises.

    path: relative to the desired-state folder; its folders only group. `folder` is that
    folder's and `home` the account's absolute path. What systemd would
    ignore with a warning (an unknown key) is a warning here too; what it would refuse, and an
    empty file, which it would take for a mask, makes the file invalid.
    """
    report = Report(path)
    name = units.name(Scalar(files.unit_path(path), 0, 0), report)
    if name is None:
        return Manifest(path, problems=finished(report.shared.problems, ()), invalid=True)
    own = report.about(name.text)
    lines: tuple[str, ...] = ()
    text: UnitText | None = None
    if len(content) > MAX_BYTES:
        message = f"the file is too large: {len(content)} bytes, at most {MAX_BYTES} are read"
        own.error(At(), message, "a unit file is a page or two")
    elif not content:
        hint = f"write it in YAML as {name.text}: {{mask: yes}} if it is meant, or remove the file"
        own.error(At(), "the file is empty, which would mask the unit", hint)
    else:
        lines = tuple(_BREAKS.split(content.decode("utf-8-sig", errors="replace")))
        text = _text(content, name.suffix, table, own)
    message, hint = guards.name_fault(name.text)
    if message:
        own.error(At(), message, hint)
    for entry in text.entries if text else ():
        message, hint = entry_fault(name.text, entry, folder=folder, home=home)
        if message:
            own.error(At(entry.line), message, hint)
    places = tuple(Place(path, entry.line) for entry in text.entries) if text else ()
    declaration = Declaration(name.text, Place(path), text, raw=content, places=places)
    report.take(lint(declaration))
    problems = finished(report.shared.problems, lines)
    if any(problem.severity is Severity.ERROR for problem in problems):
        invalid = ((name.text, Place(path)),)
        return Manifest(path, problems=problems, invalid=True, invalid_units=invalid)
    return Manifest(path, declarations=(declaration,), problems=problems)


def _text(content: bytes, suffix: str, table: DirectiveTable, report: Report) -> UnitText:
    parsed = syntax.parse(content)
    for problem in parsed.problems:
        at = At(problem.line)
        if problem.fatal:
            report.error(at, problem.message, "systemd would refuse the whole file")
        else:
            report.warning(at, problem.message)
    reported: set[str] = set()
    for entry in parsed.text.entries:
        at = At(entry.line)
        message, hint = directives.section_fault(entry.section, suffix, report)
        if not message:
            message, hint = directives.key_fault(entry.section, entry.key, table, report)
        elif message in reported:
            continue
        if message:
            reported.add(message)
            report.warning(at, f"{message}: systemd ignores it", hint)
    return parsed.text
