"""Capitalised keys: unit-file sections, verbatim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unitward.manifest import directives, values
from unitward.manifest.nodes import Items, Node, Pairs, Scalar
from unitward.manifest.report import shown
from unitward.model.records import dataclass
from unitward.model.unittext import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unitward.manifest.report import Positioned, Report
    from unitward.model.source import Place
    from unitward.model.unittext import DirectiveTable


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a unit file will have, and the place that asks for it."""

    entry: Entry
    place: Place


def read(
    found: Iterable[tuple[Scalar, Node]],
    suffix: str,
    table: DirectiveTable | None,
    report: Report,
) -> list[Line]:
    """Return the lines of the sections of a unit type, in the order of the manifest.

    table: None when this systemd is too old to judge the unit's directives.
    """
    lines: list[Line] = []
    for name, body in found:
        message, hint = directives.section_fault(name.text, suffix, report)
        if message:
            report.error(name, message, hint)
        elif isinstance(body, Pairs):
            lines += pairs(name.text, body, table, report)
        else:
            report.error(
                body,
                f"[{shown(name.text)}] must be a map of directives, not {values.kind(body)}",
                "write KEY: VALUE lines below it",
            )
    return lines


def pairs(
    section: str,
    body: Pairs,
    table: DirectiveTable | None,
    report: Report,
) -> list[Line]:
    """Return the lines of one section's map."""
    lines: list[Line] = []
    if not body.pairs:
        report.error(body, f"[{shown(section)}] is empty", "write a directive, or remove it")
    for key, value in body.pairs:
        if _knows(section, key, table, report):
            lines += _lines(section, key, value, report)
    return lines


def made(section: str, key: str, value: str, at: Positioned, report: Report) -> Line:
    """Return a line that no directive of the manifest spells out."""
    return Line(Entry(section, key, value), report.place(at))


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines with [Unit] first and [Install] last, else in the order given.

    Sections stay together, each where it first appears.
    """
    given = tuple(lines)
    order = {"Unit": -1}
    for line in given:
        order.setdefault(line.entry.section, len(order))
    order["Install"] = len(order)
    return tuple(sorted(given, key=lambda line: order[line.entry.section]))


def _knows(section: str, key: Scalar, table: DirectiveTable | None, report: Report) -> bool:
    name = key.text
    if not name or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        report.error(key, f"{shown(name)!r} is no name of a directive", "write it as Key: value")
        return False
    if table is None:
        return True
    message, hint = directives.key_fault(section, name, table, report)
    if message:
        report.error(key, message, hint)
    elif table.sections.get(section, {}).get(name) == directives.NOT_BUILT_IN:
        report.warning(
            key,
            f"this machine's systemd is built without {name}=",
            "it is ignored here",
        )
    return not message


def _lines(section: str, key: Scalar, value: Node, report: Report) -> list[Line]:
    what = f"{key.text}="
    scalars: list[Scalar] = []
    match value:
        case Scalar():
            scalars = [value]
        case Items(items=items):
            scalars = [item for item in items if isinstance(item, Scalar)]
            if not items:
                report.error(
                    value, f"{what} is an empty list", f'write {key.text}: "" to reset the list'
                )
            for item in items:
                if not isinstance(item, Scalar):
                    report.error(
                        item,
                        f"{what} can list texts only, not {values.kind(item)}",
                        "each item is one line of the unit file; quote an item that holds ': '",
                    )
        case Pairs():
            report.error(
                value,
                f"{what} must be a text or a list of texts, not a map",
                "quote a value that holds ': ' or begins with {",
            )
    return [line for scalar in scalars for line in _line(section, key.text, scalar, report)]


def _line(section: str, key: str, scalar: Scalar, report: Report) -> list[Line]:
    if scalar.missing:
        report.error(
            scalar,
            f"{key}= has no value",
            f'write {key}: "" to reset it, or remove the key',
        )
        return []
    text = values.line(scalar, f"{key}=", report)
    return [] if text is None else [Line(Entry(section, key, text), report.place(scalar))]
