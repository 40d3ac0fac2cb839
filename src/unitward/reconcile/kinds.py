"""What a unit's text says about the kind of thing it is. Pure readings, no decision."""

from unitward.model.desired import DesiredUnit
from unitward.model.unittext import UnitText
from unitward.unitfile.names import parse_name

TRUE_WORDS = frozenset({"1", "yes", "y", "true", "t", "on"})
TRIGGERS = (".timer", ".socket", ".path")


def is_true(value: str) -> bool:
    """Read a systemd boolean (systemd.syntax(7)); anything else is false."""
    return value.lower() in TRUE_WORDS


def is_oneshot(text: UnitText) -> bool:
    """Tell whether a service is `Type=oneshot`; without ExecStart= that is the default."""
    kind = text.last("Service", "Type")
    if kind:
        return kind == "oneshot"
    has_commands = text.values("Service", "ExecStart") or text.last("Service", "BusName")
    return text.has_section("Service") and not has_commands


def stays_active(text: UnitText) -> bool:
    """Tell whether `RemainAfterExit=` keeps an ended service active."""
    return is_true(text.last("Service", "RemainAfterExit"))


def can_reload(text: UnitText) -> bool:
    """Tell whether a service says itself how it is reloaded."""
    return bool(text.values("Service", "ExecReload")) or (
        text.last("Service", "Type") == "notify-reload"
    )


def accepts(socket: DesiredUnit) -> bool:
    """Tell whether the socket starts an instance for each connection."""
    return is_true(socket.text.last("Socket", "Accept"))


def service_of(socket: DesiredUnit) -> str:
    """Return the service that a socket with `Accept=no` starts."""
    named = socket.text.last("Socket", "Service")
    return named or f"{socket.name.removesuffix('.socket')}.service"


def started_by(unit: DesiredUnit) -> str:
    """Return what a timer, socket or path starts, "" for other units.

    A socket with `Accept=yes` starts instances: its template is returned.
    """
    if unit.suffix not in TRIGGERS or unit.is_template:
        return ""
    if unit.suffix == ".socket":
        stem = unit.name.removesuffix(".socket")
        return f"{stem}@.service" if accepts(unit) else service_of(unit)
    section = "Timer" if unit.suffix == ".timer" else "Path"
    return unit.text.last(section, "Unit") or f"{parse_name(unit.name).stem}.service"
