"""The lower-case keys that stand for directives of the unit itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from unitward.manifest import directives, sections, values
from unitward.manifest.nodes import Node, Pairs, Scalar
from unitward.manifest.report import passed_on, shown
from unitward.model.records import dataclass
from unitward.unitfile import words
from unitward.unitfile.errors import UnrenderableError

if TYPE_CHECKING:
    from unitward.manifest.body import Body
    from unitward.manifest.report import Report
    from unitward.manifest.sections import Line
    from unitward.manifest.values import Context

KEYS = ("description", "env", "env_files", "secrets")
"""The keys that stand for directives."""

_STANDS_FOR = {"env_files": "EnvironmentFile", "secrets": "LoadCredential"}
_WITH_ENVIRONMENT = frozenset({"Service", "Socket", "Mount", "Swap"})
_CREDENTIAL = re.compile(r"(?!\.\.?$)[A-Za-z0-9_.@-]{1,255}")


@dataclass(frozen=True, slots=True)
class Sugar:
    """The lines that a body's keys stand for.

    `first` goes before what the sections say and `last` after it: a reset in a section
    (`Environment: ""`) must not undo `env`. `env_files` are the paths that the key names.
    """

    first: tuple[Line, ...] = ()
    last: tuple[Line, ...] = ()
    env_files: tuple[str, ...] = ()


def read(body: Body, suffix: str, context: Context, report: Report) -> Sugar:
    """Return what the keys `description`, `env`, `env_files` and `secrets` stand for."""
    section = directives.section_of(suffix)
    first: list[Line] = []
    last: list[Line] = []
    files: list[str] = []
    for key in KEYS:
        if (found := body.key(key)) is None:
            continue
        name, node = found
        if key == "description":
            if _alone(body, "Unit", "Description", name, report):
                first += _description(node, report)
        elif section not in _WITH_ENVIRONMENT:
            report.error(name, f"{key}: has no place in a {suffix} unit", "it runs no process")
        elif key == "env":
            last += _environment(section, node, report)
        elif not _alone(body, section, _STANDS_FOR[key], name, report):
            continue
        elif key == "secrets":
            last += _secrets(section, node, context, report)
        else:
            lines, files = _environment_files(section, node, context, report)
            last += lines
    return Sugar(tuple(first), tuple(last), tuple(files))


def _alone(body: Body, section: str, directive: str, name: Scalar, report: Report) -> bool:
    other = body.directive(section, directive)
    if other is None:
        return True
    report.error(
        name,
        f"{name.text}: and {directive}= (line {other.line}) say the same",
        "keep one of them",
    )
    return False


def _description(node: Node, report: Report) -> list[Line]:
    found = values.expanded(node, "description", report)
    return [sections.made("Unit", "Description", found, node, report)] if found else []


def _environment(section: str, node: Node, report: Report) -> list[Line]:
    lines: list[Line] = []
    for name, value in values.pairs(node, "env", report) or ():
        what = f"env {shown(name.text)}"
        if not isinstance(value, Scalar) or value.missing:
            hint = f'write {shown(name.text)}: "" for an empty one'
            report.error(value, f"{what} must be a text, not {values.kind(value)}", hint)
            continue
        if not values.percent_is_fine(value, value.text, what, report):
            continue
        try:
            assignment = words.quote_environment(name.text, value.text)
        except UnrenderableError as error:
            report.error(name, *passed_on(error))
            continue
        lines.append(sections.made(section, "Environment", assignment, name, report))
    return lines


def _environment_files(
    section: str,
    node: Node,
    context: Context,
    report: Report,
) -> tuple[list[Line], list[str]]:
    lines: list[Line] = []
    files: list[str] = []
    for item in values.items(node, "env_files", report) or ():
        optional, path = False, item
        if isinstance(item, Pairs):
            optional, chosen = _optional(item, report)
            if chosen is None:
                continue
            path = chosen
        if found := values.path(path, "env_files", context, report):
            prefix = "-" if optional else ""
            line = sections.made(section, "EnvironmentFile", prefix + found, item, report)
            lines.append(line)
            files.append(found)
    return lines, files


def _optional(item: Pairs, report: Report) -> tuple[bool, Node | None]:
    optional: bool | None = False
    for name, value in item.pairs:
        if name.text == "optional":
            optional = values.boolean(value, "optional", report)
        elif name.text != "path":
            hint = report.suggest(name.text, ("path", "optional")) or "it has path and optional"
            report.error(name, f"an item of env_files has no key {shown(name.text)!r}", hint)
    path = item.get("path")
    if path is None:
        report.error(item, "this item of env_files has no path", "write {path: /…, optional: yes}")
    return bool(optional), path


def _secrets(section: str, node: Node, context: Context, report: Report) -> list[Line]:
    lines: list[Line] = []
    for name, value in values.pairs(node, "secrets", report) or ():
        if not _CREDENTIAL.fullmatch(name.text):
            report.error(
                name,
                f"{shown(name.text)!r} cannot name a secret",
                "use letters, digits, - _ and .; the program finds it as %d/NAME",
            )
        elif found := values.path(value, f"the secret {name.text}", context, report):
            assignment = f"{name.text}:{found}"
            lines.append(sections.made(section, "LoadCredential", assignment, name, report))
    return lines
