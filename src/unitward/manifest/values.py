"""Reading one value of a manifest: each function reports what is wrong and returns None."""

from __future__ import annotations

import posixpath
import re
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from unitward.manifest.keys import FALSE, TRUE
from unitward.manifest.nodes import Items, Node, Pairs, Scalar
from unitward.manifest.report import shown
from unitward.model.records import dataclass
from unitward.unitfile import grammar, specifiers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unitward.manifest.report import Report
    from unitward.model.unittext import DirectiveTable

_Word = TypeVar("_Word", bound=StrEnum)
_VERSION = re.compile("[1-9][0-9]{0,3}")
_UNFIT = re.compile("[\0-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Context:
    """Where a file lies and what this machine knows.

    `path` is relative to the absolute `folder`; `home` is what `~` stands for;
    `min_version` is the file's own, 0 when it names none.
    """

    path: str
    folder: str
    home: str
    table: DirectiveTable
    min_version: int = 0


def kind(node: Node) -> str:
    """Return what a node is, for a message."""
    match node:
        case Scalar():
            return "nothing" if node.missing else "a text"
        case Items():
            return "a list"
        case Pairs():
            return "a map"


def line(node: Scalar, what: str, report: Report) -> str | None:
    """Return the text as one line of a unit file has it: trimmed, without line breaks."""
    text = node.text.strip(grammar.BLANKS)
    if _UNFIT.search(text) or grammar.encode(text) is None:
        report.error(
            node,
            f"{what} must be one line of plain text",
            "use > to fold several lines into one",
        )
        return None
    return text


def text(node: Node, what: str, report: Report) -> str | None:
    """Return a text of one line that is not empty."""
    if not isinstance(node, Scalar):
        report.error(node, f"{what} must be a text, not {kind(node)}")
        return None
    if not node.text.strip():
        report.error(node, f"{what} has no value", "write one, or remove the key")
        return None
    return line(node, what, report)


def expanded(node: Node, what: str, report: Report) -> str | None:
    """Return a text in which systemd will expand specifiers; a stray `%` is an error."""
    found = text(node, what, report)
    return found if found is None or percent_is_fine(node, found, what, report) else None


def percent_is_fine(node: Node, value: str, what: str, report: Report) -> bool:
    """Tell whether every `%` of the value begins a specifier; report it when not."""
    stray = specifiers.stray_percent(value)
    if stray is None:
        return True
    report.error(
        node,
        f"the % in {what} ({shown(value[stray : stray + 10])!r}) begins no specifier",
        "write %% for a percent sign",
    )
    return False


def word(node: Node, key: str, kind_of: type[_Word], report: Report) -> _Word | None:
    """Return the member of the enumeration that the node names."""
    found = node.text if isinstance(node, Scalar) else ""
    if found in tuple(kind_of):
        return kind_of(found)
    allowed = ", ".join(kind_of)
    given = shown(found) if found else kind(node)
    report.error(node, f"{key} cannot be {given}", f"one of: {allowed}")
    return None


def boolean(node: Node, key: str, report: Report, *, also: str = "") -> bool | None:
    """Return a systemd boolean; `also` names one more word that the key takes."""
    found = node.text.casefold() if isinstance(node, Scalar) else ""
    if found in TRUE:
        return True
    if found in FALSE:
        return False
    allowed = f"yes, no or {also}" if also else "yes or no"
    given = shown(found) if found else kind(node)
    report.error(node, f"{key} cannot be {given}", f"write {allowed}")
    return None


def version(node: Node, key: str, report: Report) -> int | None:
    """Return a systemd version, a positive number."""
    found = node.text if isinstance(node, Scalar) else ""
    if _VERSION.fullmatch(found):
        return int(found)
    report.error(node, f"{key} must be a version of systemd", f"such as {key}: 255")
    return None


def items(node: Node, what: str, report: Report) -> tuple[Node, ...] | None:
    """Return the items of a list that has some."""
    if isinstance(node, Items) and node.items:
        return node.items
    if isinstance(node, Items):
        report.error(node, f"{what} is an empty list", "remove the key, or list something")
    else:
        hint = f"write a list: [{shown(node.text)}]" if isinstance(node, Scalar) else ""
        report.error(node, f"{what} must be a list, not {kind(node)}", hint)
    return None


def pairs(node: Node, what: str, report: Report) -> tuple[tuple[Scalar, Node], ...] | None:
    """Return the pairs of a map."""
    if isinstance(node, Pairs):
        return node.pairs
    report.error(node, f"{what} must be a map, not {kind(node)}", "write KEY: VALUE lines below it")
    return None


def path(node: Node, what: str, context: Context, report: Report) -> str | None:
    """Return an absolute path; `~` and `./` are expanded, specifiers are kept.

    What `~` and `./` stand for is literal, so its own `%` are doubled.
    """
    found = expanded(node, what, report)
    if found is None:
        return None
    if found == "~" or found.startswith("~/"):
        return _literal(context.home) + found[1:]
    if found.startswith("./"):
        beside = posixpath.join(context.folder, posixpath.dirname(context.path))
        return posixpath.join(_literal(beside.rstrip("/") or "/"), found[2:])
    if found[0] in "/%":
        return found
    report.error(
        node,
        f"{what} is a path and cannot begin with {shown(found.split('/')[0])!r}",
        "begin it with /, ~/, ./ (beside this file) or a specifier such as %h",
    )
    return None


def paths(node: Node, what: str, context: Context, report: Report) -> tuple[str, ...] | None:
    """Return a list of absolute paths, None when one of them is wrong."""
    listed = items(node, what, report)
    if listed is None:
        return None
    return whole([path(item, what, context, report) for item in listed])


def whole(found: Iterable[str | None]) -> tuple[str, ...] | None:
    """Return the texts, None when one of them is None."""
    kept = tuple(found)
    present = tuple(item for item in kept if item is not None)
    return present if len(present) == len(kept) else None


def _literal(given: str) -> str:
    return given.replace("%", "%%")
