"""What no source may ask for: it would take the session, or unitward itself, away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unitward.model.declared import Policy
    from unitward.model.unittext import Entry

from unitward.model.declared import State

OWN_UNIT = "unitward.service"
"""The unit that unitward itself runs as."""

VITAL_UNITS = frozenset(
    {
        "default.target",
        "basic.target",
        "exit.target",
        "shutdown.target",
        "systemd-exit.service",
        "-.slice",
        "app.slice",
    },
)
"""Units that unitward and the user manager live by: none of them can be declared."""

_OF_ALL_SERVICES = "service.d/"
_ENDING_ACTIONS = frozenset({"SuccessAction", "FailureAction"})
_ISOLATING = frozenset({"OnSuccessJobMode", "OnFailureJobMode"})
_TYING = frozenset(
    {"Requires", "Requisite", "BindsTo", "PartOf", "StopPropagatedFrom", "Conflicts", "Slice"},
)
_TAKING = frozenset({"Conflicts", "PropagatesStopTo", "RequiredBy"})


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


def entry_fault(path: str, entry: Entry, *, folder: str, home: str) -> tuple[str, str]:
    """Return why the file cannot have the entry, and a hint; "" when it can.

    path: of the unit or drop-in, below the unit folder. folder, home: absolute paths of the
    desired-state folder and of the home.
    """
    key, value = entry.key, entry.value
    if entry.section == "Unit" and key in _ENDING_ACTIONS and value not in ("", "none"):
        return f"{key}={value} would end the user manager or the machine", (
            f"remove it: only {key}=none can be declared"
        )
    if entry.section == "Unit" and key in _ISOLATING and value == "isolate":
        return f"{key}=isolate would stop unitward, and all else", "use another job mode"
    if entry.section != "Service" and key in _TAKING and OWN_UNIT in value.split():
        return f"{key}={OWN_UNIT} would have {OWN_UNIT} stopped", "remove it"
    return _own_fault(entry, folder, home) if is_own_path(path) and value else ("", "")


def _own_fault(entry: Entry, folder: str, home: str) -> tuple[str, str]:
    """Return what would make unitward's own unit depend on what later commits change."""
    if entry.key in _TYING:
        return f"{entry.key}= would have {OWN_UNIT} stopped with another unit", (
            "Wants= and After= bind it to nothing"
        )
    value = entry.value.replace("%h", home).replace("%E", f"{home}/.config")
    if f"{folder}/" in value:
        return f"{entry.key}= of {OWN_UNIT} names a file in the desired-state folder", (
            "keep that file elsewhere: a change of it here could not be undone"
        )
    return "", ""
