"""Units on their way from nodes to declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unitward.manifest import sections, sugar, values
from unitward.model.records import dataclass
from unitward.model.unittext import UnitText

if TYPE_CHECKING:
    from unitward.manifest.body import Body
    from unitward.manifest.report import Report
    from unitward.manifest.sections import Line
    from unitward.manifest.values import Context
    from unitward.model.declared import Declaration
    from unitward.model.source import Place


@dataclass(frozen=True, slots=True)
class Draft:
    """A declaration, and the units whose errors make it invalid too.

    A unit's error freezes all that its sugar makes: half of a pair is never applied.
    """

    declaration: Declaration
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What a body says about the unit's own file."""

    lines: tuple[Line, ...] = ()
    env_files: tuple[str, ...] = ()
    min_version: int = 0

    @property
    def description(self) -> str:
        """The unit's description, "" when it has none."""
        found = [
            line.entry.value
            for line in self.lines
            if (line.entry.section, line.entry.key) == ("Unit", "Description")
        ]
        return found[-1] if found else ""


def content(body: Body, suffix: str, context: Context, report: Report) -> Content:
    """Return what the sections and the sugar of a body say about a unit of the type."""
    needed = min_version(body, context, report)
    own = sugar.read(body, suffix, context, report)
    table = None if 0 < context.table.version < needed else context.table
    verbatim = sections.read(body.sections, suffix, table, report)
    lines = sections.in_order((*own.first, *verbatim, *own.last))
    return Content(lines, own.env_files, needed)


def min_version(body: Body, context: Context, report: Report) -> int:
    """Return the systemd version that a body needs: its own word, else the file's."""
    if (found := body.key("min_version")) is None:
        return context.min_version
    return values.version(found[1], "min_version", report) or context.min_version


def text(lines: tuple[Line, ...]) -> UnitText | None:
    """Return the unit text that the lines make, None without lines."""
    return UnitText(tuple(line.entry for line in lines)) if lines else None


def places(lines: tuple[Line, ...]) -> tuple[Place, ...]:
    """Return the place of each line."""
    return tuple(line.place for line in lines)
