"""Units that run on although they changed (semantics.md C16 to C18, and D5)."""

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.plan import Sync
from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.kinds import is_true
from unitward.reconcile.plan.sides import OWN_UNIT, Sides

PROTECTED_PREFIXES = ("dbus.", "dbus-broker.")
PROTECTED_NAMES = frozenset({"init.scope", OWN_UNIT})
OUTRANKING = ("/user.control/", "/systemd/transient/", "/systemd/generator.early/")
"""Folders of the user manager's search path that come before the unit folder."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a running unit is not restarted although it changed: the verdict, and its row."""

    sync: Sync
    reason: str
    row: str


def is_protected_name(name: str) -> bool:
    """Tell whether the unit carries the session or unitward, by its name alone."""
    return name in PROTECTED_NAMES or name.startswith(PROTECTED_PREFIXES)


def lives_in_session(name: str, sides: Sides) -> bool:
    """Tell whether the unit's processes live in `session.slice` or a slice below it."""
    detail = sides.observed.details.get(name)
    return detail is not None and _is_in_session(detail.slice)


def _is_in_session(name: str) -> bool:
    return name == "session.slice" or (name.startswith("session-") and name.endswith(".slice"))


def is_protected(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether a restart of the unit would take the session or unitward with it."""
    if is_protected_name(unit.name):
        return unit.name != OWN_UNIT
    declared = unit.text.last(unit.suffix[1:].capitalize(), "Slice")
    if unit.suffix == ".slice" or _is_in_session(declared) or lives_in_session(unit.name, sides):
        return True
    own = sides.desired.units.get(OWN_UNIT)
    if own is not None and unit.name in {
        *(word for key in ("Requires", "BindsTo", "PartOf") for word in own.text.words("Unit", key))
    }:
        return True
    detail = sides.observed.details.get(unit.name)
    return detail is not None and OWN_UNIT in {
        *detail.required_by,
        *detail.bound_by,
        *detail.consists_of,
    }


def is_outranked(detail: UnitDetail | None) -> bool:
    """Tell whether systemd loaded the unit from a folder that outranks the unit folder."""
    return detail is not None and (
        detail.transient or any(folder in detail.fragment_path for folder in OUTRANKING)
    )


def obstacle(unit: DesiredUnit, sides: Sides) -> Obstacle | None:
    """Return why a running unit is not restarted although it changed, None if it is."""
    detail = sides.observed.details.get(unit.name)
    if is_outranked(detail):
        assert detail is not None
        reason = f"{detail.fragment_path} is loaded instead of unitward's file"
        return Obstacle(Sync.OVERRIDDEN, reason, "D5")
    if is_protected(unit, sides) and unit.policy.on_change is not OnChange.RESTART:
        return Obstacle(Sync.PENDING, "protected: takes effect at next login", "C16")
    refuses = any(
        is_true(unit.text.last("Unit", key)) for key in ("RefuseManualStart", "RefuseManualStop")
    )
    if refuses or (detail and (detail.refuse_manual_start or detail.refuse_manual_stop)):
        return Obstacle(Sync.PENDING, "pending: refuses manual restart", "C17")
    condition = sides.observed.skipped_conditions.get(unit.name)
    return does_not_hold(condition) if condition else None


def does_not_hold(condition: str) -> Obstacle:
    """Return why a unit is not restarted whose condition would keep it from starting again."""
    return Obstacle(Sync.SKIPPED, f"not restarted: {condition} does not hold now", "C18")
