"""From the bytes of a YAML file to its tree, with every mistake of the text reported."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from unitward.manifest import compose, traps
from unitward.manifest import lines as source_lines
from unitward.manifest.report import At, Report, finished
from unitward.model.records import dataclass

if TYPE_CHECKING:
    from unitward.manifest.nodes import Node
    from unitward.model.source import Problem

_ROUNDS = 4
_VERSION = re.compile(r"""(?:^|[{,])[ \t]*["']?version["']?[ \t]*:""", re.MULTILINE)
_UNITS = re.compile(r"""(?:^|[{,])[ \t]*["']?(?:units|removed)["']?[ \t]*(?::|$)""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tree:
    """A file's tree, its lines, and what is wrong with its text.

    `broken`: YAML could not read the file; `root` is then what could be read after the
    mistakes were mended, good only for finding more of them, or None.
    `resembles`: whether the bare text looks like a manifest, for files without a tree.
    `aliased`: whether any part of the text stands for more than one place.
    """

    root: Node | None
    lines: tuple[str, ...]
    problems: tuple[Problem, ...]
    broken: bool = False
    resembles: bool = False
    aliased: bool = False


def read(path: str, content: bytes) -> Tree:
    """Return the tree of the file's content; never raises."""
    report = Report(path)
    source = source_lines.read(content, report)
    root, broken, aliased = None, True, False
    if source.readable:
        trial = Report(path)
        built = compose.build(source.text, source.lines, trial)
        root, aliased = built.root, built.aliased
        if built.fault is None:
            report = trial
            broken = root is None and bool(trial.shared.problems)
        else:
            root = _mend(source, built.fault, report)
    problems = finished(report.shared.problems, source.lines)
    resembles = broken and (not source.text or _resembles(source.text))
    return Tree(root, source.lines, problems, broken, resembles, aliased)


def _resembles(text: str) -> bool:
    return bool(_VERSION.search(text) and _UNITS.search(text))


def _mend(
    source: source_lines.Source,
    fault: compose.SyntaxFault,
    report: Report,
) -> Node | None:
    """Report the fault and every other mistake; return the tree of the mended text."""
    lines = list(source.lines)
    explained: set[int] = set()
    for _ in range(_ROUNDS):
        mended = _mended(lines, fault, explained, report)
        if not mended:
            return None
        for number, line in mended.items():
            lines[number - 1] = line
        explained |= mended.keys()
        trial = replace(report, shared=type(report.shared)())
        built = compose.build("\n".join(lines), tuple(lines), trial)
        if built.fault is None:
            report.take(trial.shared.problems)
            return built.root
        fault = built.fault
    return None


def _mended(
    lines: list[str],
    fault: compose.SyntaxFault,
    explained: set[int],
    report: Report,
) -> dict[int, str]:
    """Report the fault, or the mistakes behind it, and return the lines as they were meant."""
    at = At(fault.line, fault.column)
    if fault.unclosed_quote:
        report.error(at, fault.message, "close it")
        line = lines[fault.line - 1]
        return {fault.line: line + line[fault.column - 1]}
    first = min(fault.line, len(lines))
    found = [
        trap
        for trap in traps.scan(lines, fault.since)
        if trap.line >= first or trap.line == fault.since
    ]
    if not explained & {first - 1, first} and first not in {trap.line for trap in found}:
        hint = "check the indentation, and quote values that hold : # % @ * { } [ ]"
        report.error(at, fault.message, hint)
    for trap in found:
        report.error(At(trap.line, trap.column), trap.message, trap.hint)
    return {trap.line: trap.mended for trap in found}
