"""The repository keeps its own house in order."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import unitward

PROJECT = Path(__file__).parents[2]
TOP = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "config.example.yaml",
    "deploy",
    "docs",
    "pyproject.toml",
    "src",
    "tests",
}
TESTS = sorted(PROJECT.glob("tests/**/*.py"))
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("deploy/*.md")])
DECISIONS = sorted(PROJECT.glob("docs/decisions/*.md"))
LONGEST_NAP_S = 0.25
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)[^)]*\)")
# git refuses to look into a repository of another user unless it is told that this is meant.
OWNED_BY_SOMEBODY_ELSE = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}
_SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def named(path: Path) -> str:
    """Return the id of a file for a test's name."""
    return str(path.relative_to(PROJECT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_top_level_has_what_belongs_there_and_no_more() -> None:
    """What git keeps at the top is what a newcomer expects there."""
    listed = subprocess.run(
        ["git", "-C", PROJECT, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        env={"PATH": "/usr/bin:/bin", **OWNED_BY_SOMEBODY_ELSE},
        check=True,
        capture_output=True,
        text=True,
    )
    assert TOP == {name.partition("/")[0] for name in listed.stdout.split("\0") if name}


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_every_test_says_what_it_promises(path: Path) -> None:
    """A test without a docstring is one of which nobody knows why it may not fail."""
    tree = ast.parse(path.read_text("utf-8"))
    silent = [
        function.name
        for function in functions(tree)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert [] == silent


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_no_test_is_skipped(path: Path) -> None:
    """A test runs or it fails: none is skipped or expected to fail."""
    tree = ast.parse(path.read_text("utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert set() == used & _SKIPS


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_tests_wait_for_conditions(path: Path) -> None:
    """No test sleeps for long: what takes time is looked at again and again until it is there."""
    tree = ast.parse(path.read_text("utf-8"))
    naps = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "sleep", "asyncio.sleep"}
        and isinstance(node.args[0], ast.Constant)
        and float(str(node.args[0].value)) > LONGEST_NAP_S
    ]
    assert [] == naps


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link of a page to a file or folder of the repository is one that exists."""
    linked = _LINK.findall(page.read_text("utf-8"))
    assert [] == [link for link in linked if not (page.parent / link).exists()]


def test_version_is_one() -> None:
    """The package and its metadata have the same version."""
    metadata = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    assert metadata["project"]["version"] == unitward.__version__


def test_decisions_are_numbered() -> None:
    """Decision notes are numbered from 0001 without gaps, and each says what, why and what else."""
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert list(range(1, len(DECISIONS) + 1)) == numbers
    for path in DECISIONS:
        headings = re.findall(r"^## (.*)$", path.read_text("utf-8"), re.MULTILINE)
        assert ["What", "Why", "What else was considered"] == headings, path.name


def test_make_lists_its_targets() -> None:
    """`make` alone says what can be made; whatever can be typed is in the list."""
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(
        ["make", "--no-print-directory", "-C", PROJECT], check=True, capture_output=True, text=True
    ).stdout
    listed = [line.split()[0] for line in shown.splitlines()]
    assert {*phony[1].split()} - {"packages", "system-packages"} == set(listed)
