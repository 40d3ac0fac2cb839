"""Collecting everything that is wrong with one source file, to report it all at once."""

from __future__ import annotations

import difflib
from dataclasses import field, replace
from typing import TYPE_CHECKING, Protocol

from unitward.model.records import dataclass
from unitward.model.source import Place, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from unitward.errors import UnitwardError

MAX_PROBLEMS = 500
"""Problems that are kept of one file; with more of them the whole file is in doubt."""

_SUGGESTIONS = 50
_LONGEST = 64
_SCREENFUL = 400


class Positioned(Protocol):
    """Anything with a 1-based position in the file."""

    @property
    def line(self) -> int:
        """The 1-based line."""

    @property
    def column(self) -> int:
        """The 1-based column."""


@dataclass(frozen=True, slots=True)
class At:
    """A bare position: 1-based line and column, 0 for the whole file or line."""

    line: int = 0
    column: int = 0


@dataclass(slots=True)
class _Shared:
    problems: list[Problem] = field(default_factory=list)
    suggestions: int = _SUGGESTIONS
    full: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The problems of a file; `unit` is whom the next ones concern ("" is the whole file)."""

    file: str
    unit: str = ""
    shared: _Shared = field(default_factory=_Shared)

    def about(self, unit: str) -> Report:
        """Return the same report, its next problems concerning the unit."""
        return Report(self.file, unit, self.shared)

    def place(self, at: Positioned) -> Place:
        """Return the position as a place in this file."""
        return Place(self.file, at.line, at.column)

    def error(self, at: Positioned, message: str, hint: str = "") -> None:
        """Add an error at the position."""
        self._add(Severity.ERROR, at, message, hint)

    def warning(self, at: Positioned, message: str, hint: str = "") -> None:
        """Add a warning at the position."""
        self._add(Severity.WARNING, at, message, hint)

    def take(self, problems: Iterable[Problem]) -> None:
        """Add problems found elsewhere, as they are."""
        for problem in problems:
            self._keep(problem)

    @property
    def full(self) -> bool:
        """Tell whether MAX_PROBLEMS were found: further ones are not kept."""
        return self.shared.full

    def suggest(self, word: str, choices: Iterable[str]) -> str:
        """Return `did you mean X?` for the nearest choice, "" when none is near.

        The number of searches per file is limited: each costs milliseconds, and a file
        may hold a hundred thousand unknown words.
        """
        if self.shared.suggestions <= 0 or len(word) > _LONGEST:
            return ""
        self.shared.suggestions -= 1
        near = nearest(word, choices)
        return f"did you mean {near}?" if near else ""

    def _add(self, severity: Severity, at: Positioned, message: str, hint: str) -> None:
        self._keep(Problem(self.place(at), severity, message, hint=hint, unit=self.unit))

    def _keep(self, problem: Problem) -> None:
        if len(self.shared.problems) < MAX_PROBLEMS:
            self.shared.problems.append(problem)
        elif not self.shared.full:
            self.shared.full = True
            message = f"the file has more than {MAX_PROBLEMS} problems; no more are shown"
            self.shared.problems.append(Problem(Place(self.file), Severity.ERROR, message))


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the choice nearest to the word, "" when none is near; case weighs nothing."""
    by_folded = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[found[0]] if found else ""


def shown(text: str, longest: int = _LONGEST) -> str:
    """Return the text as a message can carry it: short, on one line, printable."""
    clean = "".join(char if char.isprintable() else "?" for char in text[:longest])
    return f"{clean}…" if len(text) > longest else clean


def passed_on(error: UnitwardError) -> tuple[str, str]:
    """Return message and hint of another room's error, as a report can carry them."""
    return shown(str(error), _SCREENFUL), shown(error.hint, _SCREENFUL)


def finished(problems: Iterable[Problem], lines: Sequence[str]) -> tuple[Problem, ...]:
    """Return the problems by place, each once, with its source line, none beyond the last line."""
    return tuple(sorted({_anchored(problem, lines) for problem in problems}))


def _anchored(problem: Problem, lines: Sequence[str]) -> Problem:
    place = problem.place
    if place.line > len(lines):
        place = Place(place.file, len(lines), 0)
    snippet = lines[place.line - 1] if place.line else ""
    return replace(problem, place=place, snippet=snippet)
