"""A real directive table (systemd 252, `systemd --dump-configuration-items`) and short cuts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from unitward.manifest.decode import decode
from unitward.model.declared import Declaration, Manifest
from unitward.model.source import Severity
from unitward.model.unittext import DirectiveTable

Read = Callable[..., Manifest]
Errors = Callable[[Manifest], list[str]]
Lines = Callable[[Manifest, str], list[str]]
Find = Callable[[Manifest, str], Declaration]


@pytest.fixture(scope="session")
def table() -> DirectiveTable:
    """Return the directives of systemd 252."""
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    dump = Path(__file__).with_name("directives-252.txt")
    for line in dump.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        elif line:
            key, _, kind = line.partition("=")
            current[key] = kind
    return DirectiveTable(252, sections)


@pytest.fixture(scope="session")
def read(table: DirectiveTable) -> Read:
    """Return a function that decodes a manifest; `units=` wraps the text in a whole one."""

    def decoded(text: str = "", *, units: str = "", path: str = "team/app.yaml") -> Manifest:
        if units:
            indented = "\n".join(f"  {line}" for line in units.strip("\n").splitlines())
            text = f"version: 1\nunits:\n{indented}\n"
        return decode(path, text.encode(), table, folder="/srv/desired", home="/home/ada")

    return decoded


@pytest.fixture(scope="session")
def errors() -> Errors:
    """Return a function that lists the errors of a manifest as `line: unit: message (hint)`."""

    def listed(manifest: Manifest) -> list[str]:
        return [
            f"{problem.place.line}: {problem.unit}: {problem.message} ({problem.hint})"
            for problem in manifest.problems
            if problem.severity is Severity.ERROR
        ]

    return listed


@pytest.fixture(scope="session")
def find() -> Find:
    """Return a function that finds the one declaration of a name."""

    def found(manifest: Manifest, name: str) -> Declaration:
        named = {declaration.name: declaration for declaration in manifest.declarations}
        assert name in named, (sorted(named), manifest.problems)
        return named[name]

    return found


@pytest.fixture(scope="session")
def lines(find: Find) -> Lines:
    """Return a function that lists a declaration's text as `[Section] Key=value`."""

    def listed(manifest: Manifest, name: str) -> list[str]:
        declaration = find(manifest, name)
        assert declaration.text is not None
        assert len(declaration.text.entries) == len(declaration.places)
        return [
            f"[{entry.section}] {entry.key}={entry.value}" for entry in declaration.text.entries
        ]

    return listed
