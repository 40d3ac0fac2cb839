"""What the reload of the manager itself does to a unit (semantics.md C3)."""

from unitward.model.desired import DesiredUnit
from unitward.reconcile.plan.change import Change
from unitward.reconcile.plan.files import describe_keys
from unitward.reconcile.plan.sides import Sides

DOES = {
    "BindsTo": "may stop",
    "StopWhenUnneeded": "may stop",
    "Upholds": "may start units for",
    "RuntimeMaxSec": "may end",
    "TimeoutStartSec": "may end",
}


def acting_note(unit: DesiredUnit, change: Change, sides: Sides) -> str:
    """Return what a running unit has to expect of the reload, "" for nothing."""
    if not change.now_keys or not sides.observed.is_up(unit.name):
        return ""
    if lost := bound_to_what_is_down(unit, change, sides):
        return f"the reload will stop {unit.name}: BindsTo={lost}, which is not up (C3)"
    does = sorted({DOES[key] for _, key in change.now_keys})
    keys = describe_keys(change.now_keys)
    return f"the reload {' and '.join(does)} {unit.name} at once: {keys} (C3)"


def bound_to_what_is_down(unit: DesiredUnit, change: Change, sides: Sides) -> str:
    """Return the first unit it now binds to that is known to be down, "" for none."""
    if ("Unit", "BindsTo") not in change.now_keys:
        return ""
    for name in unit.text.words("Unit", "BindsTo"):
        if name in sides.observed.units and not sides.observed.is_up(name):
            return name
    return ""
