"""What units depend on beside other units: contents of files, paths that must exist."""

import glob
import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from unitward.model.desired import Desired, DesiredUnit
from unitward.model.observed import DiskFile
from unitward.model.records import dataclass
from unitward.model.unitstate import UnitStatus
from unitward.reconcile.contents import content_key
from unitward.unitfile.errors import BadQuotingError
from unitward.unitfile.names import parse_name
from unitward.unitfile.specifiers import expand


@dataclass(frozen=True, slots=True)
class Places:
    """What the specifiers of the account's folders mean in watched paths: `%h`, `%t`."""

    home: Path
    runtime: Path


def files_differ(unit: DesiredUnit, files: Mapping[str, DiskFile]) -> bool:
    """Tell whether a file of the unit is not on disk as it should be."""
    return any(files[file.path].digest != file.digest for file in unit.files())


def is_to_change(unit: DesiredUnit, changed: Collection[str]) -> bool:
    """Tell whether a file of the unit, or of its template, is not on disk as it should be.

    changed: the units with such a file of their own.
    """
    return unit.name in changed or unit.template in changed


def read_contents(desired: Desired, places: Places) -> dict[str, str | None]:
    """Return a digest for each watched path or glob, None where something is unreadable."""
    result: dict[str, str | None] = {}
    for unit in desired.units.values():
        policy = unit.policy
        for pattern in (*policy.env_files, *policy.restart_on, *policy.reload_on):
            key = content_key(unit.name, pattern)
            if key not in result:
                path = expand_path(pattern, unit.name, places)
                result[key] = None if path is None else _digest_of(path)
    return result


def expand_path(pattern: str, unit: str, places: Places) -> str | None:
    """Return a watched path with its specifiers replaced, None when one is not known here."""
    table = {"h": str(places.home), "t": str(places.runtime), "%": "%"}
    return expand(pattern, parse_name(unit), table)


def _digest_of(pattern: str) -> str | None:
    hasher = hashlib.sha256()
    try:
        for path in _matching(pattern):
            for file in _files_below(Path(path)):
                hasher.update(f"{file}\0".encode())
                hasher.update(file.read_bytes())
    except OSError:
        return None
    return hasher.hexdigest()


def _matching(pattern: str) -> list[str]:
    """Return the paths that a glob matches; a pattern that matches nothing stands for itself."""
    if not glob.has_magic(pattern):
        return [pattern]
    return sorted(map(str, Path("/").glob(pattern.lstrip("/")))) or [pattern]


def _files_below(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    found: list[Path] = []
    for folder, _, names in os.walk(path, onerror=_raise):
        found += [Path(folder) / name for name in names]
    return sorted(file for file in found if file.is_file())


def _raise(error: OSError) -> None:
    raise error


def missing_paths(
    desired: Desired,
    changed: Collection[str],
    units: Mapping[str, UnitStatus],
    places: Places,
) -> dict[str, str]:
    """Return services that cannot start because an executable or folder is not there (F).

    changed: the units with a file that is not on disk as it should be.
    """
    found: dict[str, str] = {}
    for name, unit in desired.units.items():
        status = units.get(name)
        is_up = status is not None and status.active in {"active", "reloading"}
        if is_up and not is_to_change(unit, changed):
            continue
        if unit.suffix != ".service" or unit.is_template:
            continue
        for path in _needed_paths(unit):
            real = expand_path(path, name, places)
            if real is not None and real.startswith("/") and not Path(real).exists():
                found[name] = real
                break
    return found


def _needed_paths(unit: DesiredUnit) -> Iterable[str]:
    """Return the paths without which a start fails: executables, working folder, env files."""
    # 1 ms of CPU, for units that are down or about to change.
    from unitward.unitfile.words import exec_commands  # noqa: PLC0415

    text = unit.text
    if any(text.last("Service", key) for key in ("RootDirectory", "RootImage")):
        return []
    paths: list[str] = []
    try:
        for value in text.values("Service", "ExecStart"):
            paths += [
                command.words[0]
                for command in exec_commands(value)
                if command.words and "-" not in command.prefixes
            ]
    except BadQuotingError:
        return []
    paths.append(text.last("Service", "WorkingDirectory"))
    paths += text.values("Service", "EnvironmentFile")
    return [path for path in paths if path.startswith(("/", "%"))]
