"""What is recorded and declared no more, and when it may go (semantics.md R1, R2)."""

import hashlib
from collections.abc import Iterable

from unitward.reconcile.plan.sides import Sides


def gone_units(sides: Sides) -> list[str]:
    """Return the recorded units that are declared no more, those of people left out."""
    desired = sides.desired
    declared = desired.units.keys() | desired.frozen.keys() | desired.unsupported.keys()
    gone = sides.recorded.units.keys() - declared
    return sorted(name for name in gone if not sides.is_forgotten(name))


def undeclared_files(sides: Sides) -> list[str]:
    """Return recorded drop-ins that no declaration asks for, of units that stay or of none."""
    desired = sides.desired
    declared = {f.path for u in desired.units.values() for f in u.files()}
    declared |= {f.path for f in desired.loose}
    kept = desired.frozen.keys() | desired.unsupported.keys()
    return [
        path
        for path, file in sides.recorded.files.items()
        if path not in declared
        and file.unit not in kept
        and (file.unit in desired.units or file.unit not in sides.recorded.units)
    ]


def may_remove(name: str, sides: Sides) -> bool:
    """Tell whether an undeclared unit or drop-in has been absent long enough (R1, R2)."""
    desired, recorded = sides.desired, sides.recorded
    if not desired.complete or (is_renamed(sides) and not is_rename_approved(sides)):
        return False
    if name in desired.removed:
        return True
    since = recorded.absences.get(name, sides.observed.now)
    return sides.observed.now - since >= sides.settings.prune_after


def is_renamed(sides: Sides) -> bool:
    """Tell whether the configuration names another identity than the ledger."""
    configured, known = sides.settings.identity, sides.recorded.identity
    return bool(configured and known and configured != known)


def is_rename_approved(sides: Sides) -> bool:
    """Tell whether a person let the new identity pass, with all that now goes by it.

    Of an incomplete reading nobody knows what goes.
    """
    return sides.desired.complete and rename_digest(sides) in sides.recorded.approved


def rename_digest(sides: Sides) -> str:
    """Return what the approval of a new identity binds to: both names, and all that would go."""
    names = (sides.recorded.identity, sides.settings.identity)
    return removal_digest([" ".join(names), *gone_units(sides), *undeclared_files(sides)])


def removal_digest(names: Iterable[str]) -> str:
    """Return the identity of a set of removals, which an approval binds to."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]
