"""What is wrong in the source as a document: what `validate -o json` prints. Pure.

The shapes are promises to scripts, as those of `document`.
"""

from collections.abc import Sequence
from typing import TypedDict

from unitward.model.source import Problem

VALIDATE_SCHEMA = "unitward/validate/v1"


class ProblemDocument(TypedDict):
    """Something wrong in the source; line and column count from 1, 0 is the whole."""

    file: str
    line: int
    column: int
    severity: str
    message: str
    hint: str
    unit: str
    lint: str
    snippet: str


class ValidateDocument(TypedDict):
    """What `unitward validate -o json` prints."""

    schema: str
    problems: list[ProblemDocument]


def problem_document(problem: Problem) -> ProblemDocument:
    """Return the document of one problem of the source."""
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        "unit": problem.unit,
        "lint": problem.lint,
        "snippet": problem.snippet,
    }


def validate_document(problems: Sequence[Problem]) -> ValidateDocument:
    """Return the document of a validation."""
    return {
        "schema": VALIDATE_SCHEMA,
        "problems": [problem_document(problem) for problem in problems],
    }
