"""Units that are never stopped or restarted unless a person says so (semantics.md C16)."""

from unitward.model.desired import DesiredUnit
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.plan.sides import OWN_UNIT

PROTECTED_PREFIXES = ("dbus.", "dbus-broker.")
PROTECTED_NAMES = frozenset({"init.scope", OWN_UNIT})


def is_protected(unit: DesiredUnit, detail: UnitDetail | None) -> bool:
    """Tell whether a restart of the unit would take the session or unitward with it."""
    if unit.name in PROTECTED_NAMES or unit.name.startswith(PROTECTED_PREFIXES):
        return True
    if unit.suffix == ".slice":
        return True
    if unit.text.last("Service", "Slice") == "session.slice":
        return True
    return detail is not None and OWN_UNIT in {
        *detail.required_by,
        *detail.bound_by,
        *detail.consists_of,
    }
