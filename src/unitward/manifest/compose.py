"""YAML as a tree of raw texts with positions. The only importer of yaml in this room.

YAML never types a value here: `on`, `0755` and `1:30` stay as written. Aliases and `<<`
are expanded, within a limit on what the expansion would amount to.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Protocol

import yaml

from unitward.manifest.nodes import Items, Node, Pairs, Scalar, has_open_quote, quoted
from unitward.manifest.report import At, shown
from unitward.model.records import dataclass

if TYPE_CHECKING:
    from unitward.manifest.report import Positioned, Report

MAX_NODES = 100_000
"""Nodes of a file after expansion of aliases and `<<`."""

MAX_DEPTH = 50
"""Nesting of collections; a manifest needs seven."""

_LONGEST = 80
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Built:
    """What became of a text: its tree, or where YAML stopped reading.

    `root` is None for an empty text and when reading stopped early; `aliased` tells whether
    any part of the text stands for more than one place.
    """

    root: Node | None = None
    fault: SyntaxFault | None = None
    aliased: bool = False


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """Where and why YAML itself stopped reading; lines and columns are 1-based.

    `since` is the line where the construct that it stopped in began.
    """

    line: int
    column: int
    since: int
    message: str
    unclosed_quote: bool = False


class _Mark(Protocol):
    """A position of PyYAML, counted from 0."""

    line: int
    column: int


class _TooMuchError(Exception):
    """The tree is larger, deeper or stranger than a manifest may be; already reported."""


class _Open:
    """A collection that is being read."""

    __slots__ = ("anchor", "at", "is_map", "nodes")

    def __init__(self, at: At, anchor: str | None, *, is_map: bool) -> None:
        self.at, self.anchor, self.is_map = at, anchor, is_map
        self.nodes: list[Node] = []


class _Builder:
    """Builds the tree from parser events with a stack of its own: no recursion to exhaust."""

    def __init__(self, text: str, lines: tuple[str, ...], report: Report) -> None:
        self._lines, self._report = lines, report
        self._comments = " #" in text
        self._substitutions = "${{" in text
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._left = MAX_NODES
        self._documents = 0
        self.root: Node | None = None
        self.aliased = False

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event), event.anchor, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.AliasEvent):
            node = self._aliased(event)
            self._add(node, None, node.size)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(_at(event))

    def _document(self, at: At) -> None:
        self._documents += 1
        if self._documents > 1:
            self._report.error(at, "a second document begins here", "write one document per file")
            raise _TooMuchError

    def _spend(self, nodes: int, at: Positioned) -> None:
        self._left -= nodes
        if self._left < 0:
            self._report.error(
                at,
                f"the file expands to more than {MAX_NODES} nodes",
                "aliases (*name) and << copy what they refer to: use fewer of them",
            )
            raise _TooMuchError

    def _add(self, node: Node, anchor: str | None, size: int) -> None:
        self._spend(size, node)
        if anchor is not None:
            self._anchors[anchor] = node
        if self._stack:
            self._stack[-1].nodes.append(node)
        else:
            self.root = node

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        at = _at(event)
        if event.tag is not None:
            self._refuse_tag(at)
        if len(self._stack) >= MAX_DEPTH:
            self._report.error(
                at, f"nested more than {MAX_DEPTH} deep", "a manifest needs no such depth"
            )
            raise _TooMuchError
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        is_map = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Open(at, event.anchor, is_map=is_map))

    def _close(self) -> None:
        done = self._stack.pop()
        node: Node
        if done.is_map:
            pairs = self._merged(done)
            size = 1 + len(pairs) + sum([value.size for _, value in pairs])
            node = Pairs(pairs, done.at.line, done.at.column, size)
        else:
            size = 1 + sum([node.size for node in done.nodes])
            node = Items(tuple(done.nodes), done.at.line, done.at.column, size)
        self._add(node, done.anchor, 1)

    def _merged(self, done: _Open) -> tuple[tuple[Scalar, Node], ...]:
        own: dict[str, tuple[Scalar, Node]] = {}
        merges: list[Node] = []
        for key, value in zip(done.nodes[::2], done.nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._report.error(
                    key, "a key must be a text", 'text in braces or brackets needs quotes: "{…}"'
                )
            elif key.plain and key.text == "<<":
                merges.append(value)
            elif key.text in own:
                first = own[key.text][0]
                self._report.error(
                    key,
                    f"{shown(key.text)} is written twice: in line {first.line} "
                    f"and in line {key.line}",
                    "keep one of them",
                )
            else:
                own[key.text] = (key, value)
        for merge in merges:
            self._merge(own, merge)
        return tuple(own.values())

    def _merge(self, own: dict[str, tuple[Scalar, Node]], merge: Node) -> None:
        for source in merge.items if isinstance(merge, Items) else (merge,):
            if not isinstance(source, Pairs):
                self._report.error(source, "<< needs a map, or a list of maps", "<<: *name")
                continue
            for key, value in source.pairs:
                size = value.size
                self._spend(1 + size, merge)
                own.setdefault(key.text, (key, value))

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        self.aliased = True
        at, name = _at(event), str(event.anchor)
        if self._anchors.get(name) is None:
            self._report.error(
                at,
                f"*{shown(name)} contains itself"
                if name in self._anchors
                else f"*{shown(name)} refers to no anchor",
                f'if this is meant as text, quote it: "*{shown(name)}"',
            )
        return self._anchors.get(name) or Scalar("", at.line, at.column)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        value, plain = event.value, not event.style and event.tag is None
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        if event.tag is not None:
            self._refuse_tag(At(line, column))
        if plain and self._comments:
            self._refuse_cut(event)
        if self._substitutions and "${{" in value:
            self._report.error(
                At(line, column),
                "${{ … }} is not supported yet",
                "write the value itself for now",
            )
        return Scalar(intern(value), line, column, plain)

    def _refuse_tag(self, at: At) -> None:
        written = self._from(at).rstrip()
        self._report.error(
            at,
            f"{shown(written.split(' ')[0])} is a YAML tag, and YAML would drop it",
            f"quote this value: {quoted(shown(written))}",
        )

    def _from(self, at: At) -> str:
        """Return what stands at a position; an empty value can end after the last line."""
        line = self._lines[at.line - 1] if at.line <= len(self._lines) else ""
        return line[at.column - 1 : at.column + _LONGEST]

    def _refuse_cut(self, event: yaml.ScalarEvent) -> None:
        """Report a comment that ends a value inside of its quotes."""
        end = _marked(event.end_mark)
        rest = self._from(end)
        comment = rest.lstrip()
        if comment.startswith("#") and comment != rest and has_open_quote(event.value):
            self._report.error(
                At(end.line, end.column + len(rest) - len(comment)),
                "' #' begins a comment here and cuts the value inside of its quotes",
                f"quote the whole value: {quoted(shown(event.value + rest))}",
            )


def build(text: str, lines: tuple[str, ...], report: Report) -> Built:
    """Return the tree of a text.

    What YAML accepts and a manifest does not (tags, duplicate keys, a second document,
    too much of anything) is added to the report.
    """
    builder = _Builder(text, lines, report)
    loader = _LOADER(text)
    try:
        # What yaml.parse does, without a generator and a second look at each event.
        while (event := loader.get_event()) is not None:
            builder.take(event)
    except _TooMuchError:
        return Built()
    except yaml.MarkedYAMLError as error:
        return Built(fault=_fault(error))
    except yaml.YAMLError as error:
        return Built(fault=SyntaxFault(0, 0, 0, shown(str(error))))
    finally:
        loader.dispose()
    return Built(builder.root, aliased=builder.aliased)


def _at(event: yaml.Event) -> At:
    return _marked(event.start_mark)


def _marked(mark: _Mark | None) -> At:
    return At(mark.line + 1, mark.column + 1) if mark else At()


def _fault(error: yaml.MarkedYAMLError) -> SyntaxFault:
    mark = error.problem_mark or error.context_mark
    since = error.context_mark or mark
    context, problem = error.context or "", error.problem or "this is not YAML"
    unclosed = "quoted scalar" in context and "end of stream" in problem
    if unclosed:
        mark = since
    if mark is None or since is None:
        return SyntaxFault(0, 0, 0, problem)
    return SyntaxFault(
        mark.line + 1,
        mark.column + 1,
        since.line + 1,
        "this quote is never closed" if unclosed else f"YAML cannot read this: {problem}",
        unclosed,
    )
