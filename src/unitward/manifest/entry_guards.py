"""What no file of a source may say: it would take the session, or unitward itself, away.

Also at the next start of the user manager, when nothing is left that could undo it. What the
entries do was tried on systemd 252 as far as systemd.unit(5) leaves it open (decision 0028).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unitward.manifest.guards import OWN_UNIT, VITAL_UNITS, is_own_path

if TYPE_CHECKING:
    from unitward.model.unittext import Entry

Fault = tuple[str, str] | None
"""What is wrong, and what to do."""

_ENDING = frozenset({"SuccessAction", "FailureAction", "StartLimitAction", "JobTimeoutAction"})
_ISOLATING = frozenset({"OnSuccessJobMode", "OnFailureJobMode"})
_TYING = frozenset(
    {"Requires", "Requisite", "BindsTo", "PartOf", "StopPropagatedFrom", "Conflicts", "Slice"},
)
_STOPPING = frozenset({"Conflicts", "PropagatesStopTo", "RequiredBy"})
_LATER = frozenset({"default.target", "exit.target", "shutdown.target", "systemd-exit.service"})
_WAITED_FOR = VITAL_UNITS - _LATER | {OWN_UNIT}
"""What unitward starts after, and itself."""
_WATCHED = _ENDING | _ISOLATING | _STOPPING | {"Before", "Alias"}
_NAMING = frozenset({"Description", "Documentation"})
_TAKEN_BY_DEFAULT_TARGET = _NAMING | {"Wants", "Upholds", "After"}


def entry_fault(path: str, entry: Entry, *, folder: str, home: str) -> tuple[str, str]:
    """Return why the file cannot have the entry, and a hint; "" when it can.

    path: of the unit or drop-in, below the unit folder. folder, home: absolute paths of the
    desired-state folder and of the home.
    """
    found = None
    if entry.key in _WATCHED:
        found = _ending(entry) or _stopping(entry) or _delaying(entry) or _replacing(entry)
    if found is None and ("/" in path or path == OWN_UNIT):
        found = _vital(path, entry) or _of_own(path, entry, folder, home)
    return found or ("", "")


def _ending(entry: Entry) -> Fault:
    key, value = entry.key, entry.value
    if entry.section != "Unit":
        return None
    if key in _ENDING and value not in ("", "none"):
        return f"{key}={value} would end the user manager or the machine", (
            f"remove it: only {key}=none can be declared"
        )
    if key in _ISOLATING and value == "isolate":
        return f"{key}=isolate would stop unitward, and all else", "use another job mode"
    return None


def _stopping(entry: Entry) -> Fault:
    if entry.section != "Service" and entry.key in _STOPPING and OWN_UNIT in entry.value.split():
        return f"{entry.key}={OWN_UNIT} would have {OWN_UNIT} stopped", "remove it"
    return None


def _delaying(entry: Entry) -> Fault:
    """Return what would have unitward wait for this unit at each start of the manager."""
    if entry.section == "Unit" and entry.key == "Before":
        for name in entry.value.split():
            if name in _WAITED_FOR:
                return f"Before={name} could keep unitward from starting", (
                    "use default.target, which unitward does not wait for"
                )
    return None


def _replacing(entry: Entry) -> Fault:
    if entry.section == "Install" and entry.key == "Alias":
        for name in entry.value.split():
            if name == OWN_UNIT or name in VITAL_UNITS:
                return f"Alias={name} would put this unit in the place of {name}", "remove it"
    return None


def _vital(path: str, entry: Entry) -> Fault:
    """Return what a drop-in says of units that the manager does not start without."""
    if entry.section != "Unit" or "/" not in path:
        return None
    folder = path.partition("/")[0].removesuffix(".d")
    if folder not in VITAL_UNITS and folder not in {"target", "slice"}:
        return None
    taken = _TAKEN_BY_DEFAULT_TARGET if folder == "default.target" else _NAMING
    if entry.key in taken or not entry.value:
        return None
    return f"{entry.key}= of {folder} could keep the user manager from starting", (
        "use Wants= of default.target"
        if folder != "default.target"
        else "use Wants=, Upholds= and After="
    )


def _of_own(path: str, entry: Entry, folder: str, home: str) -> Fault:
    """Return what would make unitward's own unit depend on what later commits change."""
    if not entry.value or not is_own_path(path):
        return None
    if entry.key in _TYING:
        return f"{entry.key}= would have {OWN_UNIT} stopped with another unit", (
            "Wants= binds it to nothing"
        )
    if entry.key == "After":
        return f"After= would keep {OWN_UNIT} from starting before another unit", (
            "Wants= alone has it wait for nothing"
        )
    if entry.key.startswith(("Condition", "Assert")):
        return f"{entry.key}= could keep {OWN_UNIT} from starting", "give it to other units"
    value = entry.value.replace("%h", home).replace("%E", f"{home}/.config")
    if f"{folder}/" in value:
        return f"{entry.key}= of {OWN_UNIT} names a file in the desired-state folder", (
            "keep that file elsewhere: a change of it here could not be undone"
        )
    return None
