"""The files that make up unitward's own unit, and how they stay as they are. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from unitward.manifest.guards import OWN_UNIT, is_own_path
from unitward.model.desired import Desired, DesiredFile, Freeze
from unitward.model.recorded import Recorded, RecordedFile
from unitward.model.source import Place, Problem, Severity
from unitward.unitfile.syntax import parse

_OF_ALL_SERVICES = "service.d/"
HINT = "unitward runs with what stood before; the same text is not applied again"


def own_files(desired: Desired) -> Mapping[str, DesiredFile]:
    """Return what is declared of unitward's own unit, by path."""
    unit = desired.units.get(OWN_UNIT)
    mine = unit.files() if unit is not None else ()
    return {f.path: f for f in (*mine, *desired.loose) if is_own_path(f.path)}


def place_of_change(desired: Desired, recorded: Recorded) -> Place | None:
    """Return where the first file that differs from the recorded one is declared."""
    for path, file in own_files(desired).items():
        known = recorded.files.get(path)
        if known is None or known.digest != file.digest:
            return file.place_of(len(file.content.splitlines()))
    known_unit = recorded.units.get(OWN_UNIT)
    return known_unit.place if known_unit is not None else None


def leave_own_alone(desired: Desired, recorded: Recorded, reason: str) -> Desired:
    """Have unitward's own unit stay as it is recorded, whatever is declared of it."""
    place = place_of_change(desired, recorded) or Place(OWN_UNIT)
    kept = [
        _as_recorded(file)
        for path, file in recorded.files.items()
        if path.startswith(_OF_ALL_SERVICES)
    ]
    loose = [file for file in desired.loose if not is_own_path(file.path)]
    return replace(
        desired,
        units={name: unit for name, unit in desired.units.items() if name != OWN_UNIT},
        loose=(*loose, *kept),
        frozen={**desired.frozen, OWN_UNIT: Freeze(reason, place)},
    )


def leave_undone(desired: Desired, recorded: Recorded, reason: str) -> Desired:
    """Leave alone what was tried already and undone, and say so as a problem of its place."""
    left = leave_own_alone(desired, recorded, reason)
    problem = Problem(left.frozen[OWN_UNIT].place, Severity.ERROR, reason, hint=HINT, unit=OWN_UNIT)
    return replace(left, problems=tuple(sorted({*left.problems, problem})))


def _as_recorded(file: RecordedFile) -> DesiredFile:
    return DesiredFile(
        file.path, file.content, file.digest, Place(file.path), parse(file.content).text
    )
