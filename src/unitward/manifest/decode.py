"""A YAML manifest: from bytes to what it declares, every problem at once."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field, replace
from typing import TYPE_CHECKING

from unitward.manifest import guards, tree, units, values
from unitward.manifest.entry_guards import entry_fault
from unitward.manifest.keys import IGNORED_PREFIX, TOP_KEYS
from unitward.manifest.lint import lint
from unitward.manifest.nodes import Items, Node, Pairs, Scalar
from unitward.manifest.report import At, Report, finished, nearest, shown
from unitward.manifest.values import Context
from unitward.model.declared import Declaration, Manifest
from unitward.model.records import dataclass
from unitward.model.source import Place, Severity
from unitward.unitfile import names

if TYPE_CHECKING:
    from unitward.manifest.draft import Draft
    from unitward.manifest.tree import Tree
    from unitward.model.source import Problem
    from unitward.model.unittext import DirectiveTable

FORMAT = "1"
"""The only `version:` of manifests there is."""


def decode(
    path: str,
    content: bytes,
    table: DirectiveTable,
    *,
    folder: str,
    home: str,
) -> Manifest:
    """Return what a YAML file declares. Never raises.

    path: relative to the desired-state folder; `folder` is that folder's and `home` the
    account's absolute path, for `./` and `~`.
    """
    read = tree.read(path, content)
    root = read.root
    if not (_is_ours(root) or (read.broken and read.resembles)):
        return Manifest(path, is_manifest=False)
    report = Report(path)
    reading = _Reading(Context(path, folder, home, table), report)
    if isinstance(root, Pairs):
        reading.top(root)
    report.take(_attributed(read, root))
    return _manifest(path, reading, read)


def _is_ours(root: Node | None) -> bool:
    """Tell a manifest from a compose file, a CI file and whatever else is YAML."""
    if not isinstance(root, Pairs):
        return False
    keys = {name.text for name, _ in root.pairs}
    version = root.get("version")
    if version is not None and keys & {"units", "removed"}:
        return True
    if isinstance(version, Scalar) and version.text == FORMAT:
        # `units:` was meant, and misspelt or left out.
        near = (value for name, value in root.pairs if nearest(name.text, ["units"]))
        return any(_names_units(node) for node in (root, *near))
    return version is None and _names_units(root.get("units"))


def _names_units(node: Node | None) -> bool:
    return isinstance(node, Pairs) and any(
        names.is_unit_name(name.text) or names.is_dropin(name.text) for name, _ in node.pairs
    )


@dataclass(slots=True)
class _Reading:
    """One file's top level being read."""

    context: Context
    report: Report
    drafts: list[Draft] = field(default_factory=list)
    removed: list[tuple[str, Place]] = field(default_factory=list)

    def top(self, root: Pairs) -> None:
        """Read the top level."""
        for name, _ in root.pairs:
            if name.text not in TOP_KEYS and not name.text.startswith(IGNORED_PREFIX):
                hint = self.report.suggest(name.text, TOP_KEYS)
                self.report.error(name, f"a manifest has no key {shown(name.text)!r}", hint)
        self._version(root)
        if (found := root.get("min_version")) is not None:
            needed = values.version(found, "min_version", self.report) or 0
            self.context = replace(self.context, min_version=needed)
        if (found := root.get("hosts")) is not None:
            self.report.error(found, "hosts: is not supported yet", "remove it for now")
        if (found := root.get("units")) is not None:
            self._units(found)
        if (found := root.get("removed")) is not None:
            self._removed(found)

    def _version(self, root: Pairs) -> None:
        found = root.get("version")
        if found is None:
            self.report.error(root, "version: is missing", f"begin with version: {FORMAT}")
        elif not isinstance(found, Scalar) or found.text != FORMAT:
            given = shown(found.text) if isinstance(found, Scalar) else values.kind(found)
            self.report.error(found, f"version cannot be {given}", f"write version: {FORMAT}")

    def _units(self, node: Node) -> None:
        if not isinstance(node, Pairs):
            self.report.error(
                node,
                f"units must be a map, not {values.kind(node)}",
                "write NAME.service: below it, without a dash"
                if isinstance(node, Items)
                else "write units: {} when none is meant",
            )
            return
        for at, value in node.pairs:
            if (name := units.name(at, self.report)) is not None:
                self.drafts += units.read(name, at, value, self.context, self.report)

    def _removed(self, node: Node) -> None:
        if not isinstance(node, Items):
            hint = f"write removed: [{shown(node.text)}]" if isinstance(node, Scalar) else ""
            message = f"removed must be a list of names, not {values.kind(node)}"
            self.report.error(node, message, hint)
            return
        for item in node.items:
            self._removed_item(item)

    def _removed_item(self, item: Node) -> None:
        if not isinstance(item, Scalar):
            self.report.error(item, f"removed lists names, not {values.kind(item)}")
        elif (name := units.name(item, self.report)) is not None:
            message, hint = guards.removal_fault(name.text)
            if message:
                self.report.error(item, message, hint)
            self.removed.append((name.text, self.report.place(item)))


def _attributed(read: Tree, root: Node | None) -> list[Problem]:
    """Return the problems of the text, each with the unit that it lies in.

    A file that could not be read, or that copies text by aliases, is in doubt as a whole.
    """
    if not read.problems:
        return []
    found = root.get("units") if isinstance(root, Pairs) else None
    if read.broken or read.aliased or not isinstance(found, Pairs) or not isinstance(root, Pairs):
        return list(read.problems)
    starts = sorted((name.line, name.column, name.text) for name, _ in found.pairs)
    begin = (found.line, found.column)
    later = [(name.line, name.column) for name, _ in root.pairs]
    end = min((place for place in later if place > begin), default=(len(read.lines) + 1, 0))
    return [
        replace(problem, unit=_unit_at(starts, problem.place))
        if begin <= (problem.place.line, problem.place.column) < end
        else problem
        for problem in read.problems
    ]


def _unit_at(starts: list[tuple[int, int, str]], place: Place) -> str:
    before = bisect_right(starts, (place.line, place.column, chr(0x10FFFF)))
    return starts[before - 1][2] if before else ""


def _refuse_twice(reading: _Reading) -> None:
    """Report every unit that the file declares twice, and those it also removes."""
    first: dict[str, Declaration] = {}
    for draft in reading.drafts:
        declaration = draft.declaration
        other = first.setdefault(declaration.name, declaration)
        if other is not declaration:
            place = declaration.place
            made = f" (made by {declaration.generated_by})" if declaration.generated_by else ""
            reading.report.about(declaration.name).error(
                At(place.line, place.column),
                f"{declaration.name} is declared twice: in line {other.place.line} "
                f"and in line {place.line}{made}",
                "keep one of them",
            )
    for name, place in reading.removed:
        if name in first:
            reading.report.about(name).error(
                At(place.line, place.column),
                f"{name} is declared in line {first[name].place.line} and also removed",
                "keep one of them",
            )


def _guard_entries(reading: _Reading) -> None:
    context = reading.context
    for draft in reading.drafts:
        declaration = draft.declaration
        if declaration.text is None:
            continue
        own = reading.report.about(draft.owners[-1])
        for entry, place in zip(declaration.text.entries, declaration.places, strict=True):
            message, hint = entry_fault(
                declaration.name, entry, folder=context.folder, home=context.home
            )
            if message:
                own.error(At(place.line, place.column), message, hint)


def _manifest(path: str, reading: _Reading, read: Tree) -> Manifest:
    _refuse_twice(reading)
    _guard_entries(reading)
    report = reading.report
    for draft in reading.drafts:
        report.take(lint(draft.declaration))
    problems = finished(report.shared.problems, read.lines)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if any(not problem.unit for problem in errors):
        return Manifest(path, problems=problems, invalid=True)
    failed = {problem.unit for problem in errors}
    bad = {d.declaration.name for d in reading.drafts if failed & {*d.owners, d.declaration.name}}
    places: dict[str, Place] = {}
    for draft in reading.drafts:
        places.setdefault(draft.declaration.name, draft.declaration.place)
    return Manifest(
        path,
        declarations=tuple(d.declaration for d in reading.drafts if d.declaration.name not in bad),
        removed=tuple(item for item in reading.removed if item[0] not in bad),
        problems=problems,
        invalid_units=tuple((name, place) for name, place in places.items() if name in bad),
    )
