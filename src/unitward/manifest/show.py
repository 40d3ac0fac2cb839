"""A problem as people read it: where, what, the source line, a caret and a hint."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unitward.model.source import Problem

_WIDTH = 100
_BEFORE = 60
_GUTTER = 5


def format_problem(problem: Problem) -> str:
    """Return `file:line:column: severity: message`, then the source line, a caret and the hint.

    No control character of the source gets through to the terminal. Without a source line
    the hint stands alone; there is no line break at the end.
    """
    name = f" [{problem.lint}]" if problem.lint else ""
    head = f"{_clean(str(problem.place))}: {problem.severity}: {_clean(problem.message)}{name}"
    hint = f"hint: {_clean(problem.hint)}" if problem.hint else ""
    if not problem.place.line or not problem.snippet.strip():
        return f"{head}\n{' ' * _GUTTER} {hint}" if hint else head
    snippet, column = _window(problem.snippet, problem.place.column)
    numbered = f"{problem.place.line:>{_GUTTER}} | {snippet}".rstrip()
    gutter = f"{'':>{_GUTTER}} |"
    mark = f"{' ' * _columns(snippet[: column - 1])}^" if column else ""
    pointer = " ".join(part for part in (mark, hint) if part)
    return "\n".join([head, numbered, f"{gutter} {pointer}"] if pointer else [head, numbered])


def _window(snippet: str, column: int) -> tuple[str, int]:
    """Return the part of a long line around the column, and the column in it."""
    start = max(0, column - _BEFORE) if len(snippet) > _WIDTH else 0
    part = _clean(snippet[start : start + _WIDTH])
    if start + _WIDTH < len(snippet):
        part = f"{part[:-1]}…"
    return (f"…{part[1:]}", column - start) if start else (part, column)


def _clean(text: str) -> str:
    return "".join(
        char if char.isprintable() else " " if char == "\t" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def _columns(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
