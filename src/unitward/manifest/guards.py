"""What no source may ask for: it would take the session, or unitward itself, away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unitward.model.declared import Policy

from unitward.model.declared import State

OWN_UNIT = "unitward.service"
"""The unit that unitward itself runs as."""

VITAL_UNITS = frozenset(
    {
        "default.target",
        "basic.target",
        "sockets.target",
        "timers.target",
        "paths.target",
        "exit.target",
        "shutdown.target",
        "systemd-exit.service",
        "-.slice",
        "app.slice",
    },
)
"""Units that unitward and the user manager live by: none of them can be declared."""

_OF_ALL_SERVICES = "service.d/"


def is_own_path(path: str) -> bool:
    """Tell whether a file below the unit folder has a say in unitward's own unit."""
    return path == OWN_UNIT or path.startswith((f"{OWN_UNIT}.d/", _OF_ALL_SERVICES))


def name_fault(name: str) -> tuple[str, str]:
    """Return why no unit of that name can be declared, and a hint; "" when it can."""
    if name in VITAL_UNITS:
        return f"{name} belongs to the user manager and cannot be declared", (
            "use a drop-in, or a target of your own"
        )
    return "", ""


def policy_fault(name: str, policy: Policy) -> tuple[str, str]:
    """Return why the unit cannot have the policy, and a hint; "" when it can."""
    if name == OWN_UNIT and (policy.mask or policy.state is State.STOPPED):
        return f"{OWN_UNIT} cannot stop or mask itself", "use: unitward uninstall"
    if name == OWN_UNIT and policy.enable is False:
        return f"{OWN_UNIT} cannot disable itself", "use: unitward uninstall"
    return "", ""


def removal_fault(name: str) -> tuple[str, str]:
    """Return why the name cannot stand in `removed:`, and a hint; "" when it can."""
    if name == OWN_UNIT:
        return f"{OWN_UNIT} cannot remove itself", "use: unitward uninstall"
    return "", ""
