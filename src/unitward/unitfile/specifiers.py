"""Percent specifiers (systemd.unit(5), "Specifiers"): find stray ones, expand some."""

import re
from collections.abc import Mapping

from unitward.unitfile.names import UnitName, unescape

KNOWN = frozenset("aAbBCdDEfgGhHiIjJlLmMnNopPqsStTuUvVwWyY%")
"""The letters after `%` that some systemd from 249 on expands; `%%` is a percent sign."""

_SPECIFIER = re.compile(r"%(.?)", re.DOTALL)


def stray_percent(value: str) -> int | None:
    """Return the 0-based position of the first `%` that begins no specifier, None without one."""
    for match in _SPECIFIER.finditer(value):
        if match[1] not in KNOWN:
            return match.start()
    return None


def expand_name_specifiers(value: str, name: UnitName) -> str | None:
    """Expand the specifiers that the unit's name alone answers: %i %I %j %J %n %N %p %P %%.

    None when another `%` stands in the value. Bytes that are not UTF-8 come as surrogate escapes.
    Raises BadNameError when the name is not escaped as %I, %J or %P need it.
    """
    return expand(value, name, {})


def expand(value: str, name: UnitName, table: Mapping[str, str]) -> str | None:
    """Expand as `expand_name_specifiers` does, and the letters of `table` (`{"h": home}`) too."""
    if "%" not in value:
        return value
    parts: list[str] = []
    at = 0
    for match in _SPECIFIER.finditer(value):
        expansion = _expansion(match[1], name, table)
        if expansion is None:
            return None
        parts += value[at : match.start()], expansion
        at = match.end()
    return "".join((*parts, value[at:]))


def _expansion(letter: str, name: UnitName, table: Mapping[str, str]) -> str | None:
    match letter:
        case "%":
            return "%"
        case "i":
            return name.instance or ""
        case "I":
            return unescape(name.instance or "")
        case "j":
            return _final_component(name)
        case "J":
            return unescape(_final_component(name))
        case "n":
            return str(name)
        case "N":
            return name.stem
        case "p":
            return name.prefix
        case "P":
            return unescape(name.prefix)
        case _:
            return table.get(letter)


def _final_component(name: UnitName) -> str:
    return name.prefix.rpartition("-")[2]
