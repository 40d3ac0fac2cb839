"""Every row of docs/semantics.md is shown on a real manager by a test that names its id."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)
NAMED = re.compile(r"([A-Z]\d+(?:, [A-Z]\d+)*): ")
FAMILIES = "WCVPORDNFTH"


def rows() -> list[str]:
    """Return the ids of the document's rows, in its order."""
    return ROW.findall((ROOT / "docs/semantics.md").read_text(encoding="utf-8"))


@cache
def named() -> tuple[tuple[str, str], ...]:
    """Return each id that begins a test's docstring, and where that test is."""
    names: list[tuple[str, str]] = []
    for path in sorted((ROOT / "tests/integration").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            found = NAMED.match(ast.get_docstring(node) or "")
            if found and node.name.startswith("test_"):
                where = f"{path.relative_to(ROOT)}::{node.name}"
                names += [(row, where) for row in found[1].split(", ")]
    return tuple(names)


@pytest.mark.parametrize("row", rows())
def test_row_is_shown(row: str) -> None:
    """A row that no test on a real manager names is a promise that nobody keeps."""
    assert row in {name for name, _ in named()}


def test_ids_exist() -> None:
    """A docstring names only ids that the document has."""
    known = set(rows())
    assert [] == [f"{row} in {place}" for row, place in named() if row not in known]


@pytest.mark.parametrize("family", FAMILIES)
def test_family_has_no_gap(family: str) -> None:
    """The ids of a family are consecutive and each stands once, so that none is lost unseen."""
    numbers = [int(row[1:]) for row in rows() if row[0] == family]
    first = numbers[0] if numbers else 0
    assert [*range(first, first + len(numbers))] == numbers


def test_no_family_is_forgotten() -> None:
    """The document's families are those of this test, holds perhaps not yet among them."""
    assert set(FAMILIES) - {"H"} <= {row[0] for row in rows()} <= set(FAMILIES)
