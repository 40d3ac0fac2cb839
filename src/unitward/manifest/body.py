"""The map below a unit's name: its sections and its lower-case keys, told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unitward.manifest.keys import IGNORED_PREFIX, UNIT_KEYS, Shape, Where, keys_for
from unitward.manifest.nodes import Node, Pairs, Scalar
from unitward.manifest.report import shown
from unitward.model.records import dataclass

if TYPE_CHECKING:
    from unitward.manifest.report import Report


@dataclass(frozen=True, slots=True)
class Body:
    """What a unit, an instance or a drop-in has: sections in order, keys by name.

    `keys` holds for each key its name's node and its value's node.
    """

    sections: tuple[tuple[Scalar, Node], ...] = ()
    keys: dict[str, tuple[Scalar, Node]] | None = None

    def key(self, name: str) -> tuple[Scalar, Node] | None:
        """Return the nodes of a lower-case key, None when it is not written."""
        return (self.keys or {}).get(name)

    def directive(self, section: str, key: str) -> Scalar | None:
        """Return where a directive is spelled out, None when it is not."""
        for name, body in self.sections:
            if name.text == section and isinstance(body, Pairs):
                for found, _ in body.pairs:
                    if found.text == key:
                        return found
        return None


def read(node: Pairs, where: Where, report: Report) -> Body:
    """Tell sections from keys; keys that have no place there are errors."""
    sections: list[tuple[Scalar, Node]] = []
    keys: dict[str, tuple[Scalar, Node]] = {}
    for name, value in node.pairs:
        if name.text[:1].isupper():
            sections.append((name, value))
        elif _stands(name, where, report):
            keys[name.text] = (name, value)
    return Body(tuple(sections), keys)


def _stands(name: Scalar, where: Where, report: Report) -> bool:
    key = UNIT_KEYS.get(name.text)
    if name.text.startswith(IGNORED_PREFIX):
        return False
    if key is None:
        _refuse_unknown(name, where, report)
    elif key.shape is Shape.LATER:
        report.error(name, f"{key.name}: is not supported yet", "remove it for now")
    elif where not in key.where:
        hint = "write it on the unit itself" if where is Where.DROP_IN else ""
        report.error(name, f"{key.name}: has no place on {where}", hint)
    else:
        return True
    return False


def _refuse_unknown(name: Scalar, where: Where, report: Report) -> None:
    section = name.text.capitalize()
    if section in {"Unit", "Service", "Socket", "Timer", "Install", "Path", "Mount", "Slice"}:
        hint = f"did you mean {section}? Sections are written as in unit files"
    else:
        hint = report.suggest(name.text, keys_for(where))
    report.error(name, f"{where} has no key {shown(name.text)!r}", hint)
