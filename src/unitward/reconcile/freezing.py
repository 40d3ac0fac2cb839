"""What a frozen unit takes with it (semantics.md F). Pure."""

from collections.abc import Mapping

from unitward.model.desired import DesiredUnit, Freeze
from unitward.model.recorded import Recorded
from unitward.unitfile.names import parse_name

NAMING_KEYS = (
    "Requires",
    "Requisite",
    "Wants",
    "BindsTo",
    "PartOf",
    "Upholds",
    "After",
    "Before",
    "Conflicts",
    "OnFailure",
    "OnSuccess",
    "JoinsNamespaceOf",
)


def freeze_what_names_the_frozen(
    units: Mapping[str, DesiredUnit], frozen: dict[str, Freeze], recorded: Recorded
) -> None:
    """Add to `frozen` every unit that changed in this revision and names a frozen one."""
    if not frozen:
        return
    changed = [unit for unit in units.values() if _is_changed(unit, recorded)]
    grew = True
    while grew:
        grew = False
        for unit in changed:
            if unit.name in frozen:
                continue
            named = next((n for n in _names_in(unit) if n in frozen), None)
            if named is not None:
                cause = frozen[named]
                frozen[unit.name] = Freeze(f"names {named}, which is frozen", cause.place, "F3")
                grew = True


def _is_changed(unit: DesiredUnit, recorded: Recorded) -> bool:
    if parse_name(unit.name).is_instance:
        return True  # it has no text of its own: whatever holds its template holds it
    return any(
        (known := recorded.files.get(file.path)) is None or known.digest != file.digest
        for file in unit.files()
    )


def _names_in(unit: DesiredUnit) -> set[str]:
    """Return the units that a unit's text refers to, implied ones included."""
    text = unit.text
    names = {word for key in NAMING_KEYS for word in text.words("Unit", key)}
    names |= set(text.words("Service", "Sockets")) | set(text.words("Socket", "Service"))
    names |= set(text.words("Timer", "Unit")) | set(text.words("Path", "Unit"))
    stem, _, kind = unit.name.rpartition(".")
    if kind in {"timer", "socket", "path"}:
        names |= {f"{stem}.service", f"{stem}@.service"}
    parsed = parse_name(unit.name)
    if parsed.is_instance:
        names.add(parsed.template)
    names.discard(unit.name)
    return names
