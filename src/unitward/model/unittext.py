"""The meaning of a unit file: sections, keys and values in order."""

from collections.abc import Mapping
from dataclasses import field

from unitward.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key=value` of a section.

    `value` is what systemd sees after joining continuation lines and trimming;
    `line` is the 1-based line of the unit file, or 0 when it was never in a file.
    """

    section: str
    key: str
    value: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class UnitText:
    """Every entry of a unit file in the order of the file."""

    entries: tuple[Entry, ...] = ()

    def values(self, section: str, key: str) -> tuple[str, ...]:
        """Return the values of a list-like key after resets (`Key=` empties the list)."""
        found = [e.value for e in self.entries if e.key == key and e.section == section]
        while "" in found:
            del found[: found.index("") + 1]
        return tuple(found)

    def last(self, section: str, key: str) -> str:
        """Return the value in force of a single-valued key, "" when unset or reset."""
        found = self.values(section, key)
        return found[-1] if found else ""

    def words(self, section: str, key: str) -> tuple[str, ...]:
        """Return the blank-separated words of all values of a key, after resets."""
        values = self.values(section, key)
        return tuple(word for value in values for word in value.split()) if values else ()

    def has_section(self, section: str) -> bool:
        """Tell whether any entry stands in the section."""
        return any(entry.section == section for entry in self.entries)


@dataclass(frozen=True, slots=True)
class DirectiveTable:
    """Which directives the installed systemd knows: section -> key -> value type.

    The types are the words of `systemd --dump-configuration-items`
    ("BOOLEAN", "SECONDS", "UNIT [...]", "OTHER", "NOTSUPPORTED", ...).
    `version` is the major version, 0 when unknown.
    """

    version: int
    sections: Mapping[str, Mapping[str, str]]

    def knows(self, section: str, key: str) -> bool:
        """Tell whether the section exists and has the key."""
        return key in self.sections.get(section, {})
