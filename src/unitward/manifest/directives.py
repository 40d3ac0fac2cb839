"""Whether the installed systemd knows a directive, and what was probably meant when not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unitward.manifest.report import shown

if TYPE_CHECKING:
    from unitward.manifest.report import Report
    from unitward.model.unittext import DirectiveTable

NOT_BUILT_IN = "NOTSUPPORTED"
_ONLY_COMMON = frozenset({"target", "device"})


def section_of(suffix: str) -> str:
    """Return the section of a unit type (`.timer`: `Timer`), "" for types without one."""
    kind = suffix.removeprefix(".")
    return "" if kind in _ONLY_COMMON else kind.capitalize()


def sections_of(suffix: str) -> tuple[str, ...]:
    """Return the sections that systemd reads in a unit of the type."""
    own = section_of(suffix)
    return ("Unit", own, "Install") if own else ("Unit", "Install")


def is_private(name: str) -> bool:
    """Tell whether systemd ignores a section or key of that name on purpose."""
    return name.startswith("X-")


def section_fault(section: str, suffix: str, report: Report) -> tuple[str, str]:
    """Return why a unit of the type cannot have the section, and a hint; "" when it can."""
    allowed = sections_of(suffix)
    if is_private(section) or section in allowed:
        return "", ""
    known = {"Unit", "Service", "Socket", "Mount", "Automount", "Swap"}
    known |= {"Timer", "Path", "Slice", "Scope", "Install"}
    listed = ", ".join(f"[{name}]" for name in allowed)
    if section in known:
        return (
            f"[{section}] has no place in a {suffix} unit",
            f"it has {listed}; [{section}] belongs into a .{section.lower()} unit",
        )
    hint = report.suggest(section, allowed)
    return f"there is no section [{shown(section)}]", hint or f"a {suffix} unit has {listed}"


def key_fault(
    section: str,
    key: str,
    table: DirectiveTable,
    report: Report,
) -> tuple[str, str]:
    """Return why the section cannot have the key, and a hint; "" when it can.

    A table without sections knows nothing and refuses nothing.
    """
    if not table.sections or is_private(key) or is_private(section) or table.knows(section, key):
        return "", ""
    message = f"[{section}] has no {shown(key)}="
    homes = [f"[{name}]" for name, keys in table.sections.items() if key in keys]
    if homes:
        return message, f"it belongs to {' or '.join(homes)}"
    return message, report.suggest(key, table.sections.get(section, {}))
