"""Which unit files systemd has to see together to judge them. Pure.

Systemd follows what a unit names: what it names nowhere, and what names it nowhere, changes
nothing it says of it. So a change of one unit need not have a thousand others checked again
(0.9 s of CPU for 1000 on systemd 252), and a large set can be checked in parts.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from unitward.model.desired import DesiredFile
from unitward.model.unittext import UnitText
from unitward.unitfile.errors import BadNameError
from unitward.unitfile.names import SUFFIXES, DropInName, UnitName, parse_dropin, parse_name
from unitward.unitfile.specifiers import expand_name_specifiers

_ENDINGS = "|".join(suffix.removeprefix(".") for suffix in SUFFIXES)
_MENTION = rf"[\w:.\\@%-]+\.(?:{_ENDINGS})(?!\w)"
# The unit that systemd-analyze makes of a template.
_INSTANCE = "i"
NAMED_BY_PATH = (".mount", ".automount", ".swap", ".device")
"""Their units are named by paths, in keys of any unit and of systemd's own accord."""


def groups(files: Mapping[str, DesiredFile]) -> list[set[str]]:
    """Return the paths of files in groups, in order; no file names a unit of another group.

    A name counts wherever it stands, save in `[Install]`, which says nothing to a unit that is
    loaded. Where it cannot be told who names whom, all files are one group.
    """
    parents: dict[str, str] = {}
    homes: dict[str, str] = {}
    for path, file in files.items():
        units = units_named(path, file.text)
        if units is None:
            return [set(files)]
        first, *others = (stem for unit in units for stem in stems(unit))
        homes[path] = first
        for other in others:
            _join(parents, first, other)
    found: dict[str, set[str]] = {}
    for path, node in homes.items():
        found.setdefault(_root(parents, node), set()).add(path)
    return list(found.values())


def beside(paths: Collection[str], grouped: Iterable[set[str]]) -> list[set[str]]:
    """Return the groups that hold one of the paths."""
    return [group for group in grouped if not group.isdisjoint(paths)]


def units_named(path: str, text: UnitText) -> list[UnitName] | None:
    """Return the unit that a file is for, then all that it names; None where it cannot be told."""
    unit = _unit_of(path)
    if unit is None:
        return None
    units = [unit]
    for mention in mentions(text):
        named = _parsed(mention, unit)
        if named is None:
            return None
        units.append(named)
    return units


def mentions(text: UnitText) -> Iterator[str]:
    """Return the unit names in a text, outside of `[Install]`, with specifiers as written."""
    for entry in text.entries:
        # Most values name no unit, which this tells in a tenth of the time.
        if "." in entry.value and entry.section != "Install":
            yield from mentioned(entry.value)


def mentioned(value: str) -> list[str]:
    """Return what looks like a unit's name in a text."""
    found: list[str] = re.findall(_MENTION, value)
    return found


def stems(unit: UnitName) -> Iterator[str]:
    """Return what stands for a unit and all that belongs to it by name alone.

    Timers, sockets and paths are of the service of their stem, instances of their template,
    slices of those above them.
    """
    yield unit.prefix
    if unit.suffix == ".slice":
        above = unit.prefix
        while dash := above.rpartition("-")[0]:
            above = dash
            yield above


def _unit_of(path: str) -> UnitName | None:
    """Return the unit that a file is for, None where it may reach any unit."""
    if "/" not in path:
        unit = parse_name(path)
    else:
        dropin: DropInName = parse_dropin(path)
        if dropin.is_type_wide or dropin.is_prefix:
            return None
        unit = parse_name(dropin.unit)
    return None if unit.suffix in NAMED_BY_PATH else unit


def _parsed(mention: str, unit: UnitName) -> UnitName | None:
    """Return the unit that is named, None when its name is not known before systemd runs."""
    stand_in = UnitName(unit.prefix, _INSTANCE, unit.suffix) if unit.is_template else unit
    try:
        name = expand_name_specifiers(mention, stand_in)
        return None if name is None else parse_name(name)
    except BadNameError:
        return None


def _root(parents: dict[str, str], node: str) -> str:
    while (above := parents.setdefault(node, node)) != node:
        parents[node] = parents[above]
        node = above
    return node


def _join(parents: dict[str, str], one: str, other: str) -> None:
    parents[_root(parents, one)] = _root(parents, other)
