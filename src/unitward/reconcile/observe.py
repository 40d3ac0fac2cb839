"""Disk + bus -> Observed.

Asks the manager for the status of all units in one call, and for details only of those
whose status or content calls for a closer look: a pass over 1000 units in sync makes a
handful of calls.
"""

import glob
import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unitward.model.desired import Desired, DesiredUnit
from unitward.model.observed import DiskFile, Observed
from unitward.model.recorded import Recorded
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.contents import content_key, contents_changed
from unitward.store.unit_files import UnitFiles
from unitward.systemd.conditions import failing_condition
from unitward.systemd.manager import Manager
from unitward.unitfile.errors import BadQuotingError
from unitward.unitfile.names import is_unit_name, parse_name
from unitward.unitfile.specifiers import expand, expand_name_specifiers
from unitward.unitfile.words import exec_commands

ROUNDS = 4
CONDITION_PREFIXES = ("Condition", "Assert")


@dataclass(frozen=True, slots=True)
class Places:
    """What the specifiers of the account's folders mean in watched paths: `%h`, `%t`."""

    home: Path
    runtime: Path


@dataclass(slots=True)
class AskedNames:
    """Which units were asked for, and for which declared and recorded sides."""

    desired: Desired | None = None
    recorded: Recorded | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """The doors that observing goes through.

    env: the environment in which systemd's programs are run.
    """

    manager: Manager
    files: UnitFiles
    places: Places
    env: Mapping[str, str] = field(default_factory=dict)
    asked: AskedNames = field(default_factory=AskedNames)


async def observe(desired: Desired, recorded: Recorded, world: World) -> Observed:
    """Look at the disk and the user manager. Raises ManagerUnreachableError and the like."""
    files = _look_at_files(desired, recorded, world.files)
    facts = await world.manager.facts()
    asked = world.asked
    if asked.desired is not desired or asked.recorded is not recorded:
        asked.names = tuple(sorted(_names(desired, recorded)))
        asked.desired, asked.recorded = desired, recorded
    units = await world.manager.list_units(asked.names)
    external = _read_external(desired, world)
    curious = _worth_a_look(desired, recorded, files, units, external)
    details = await _details(curious, units, world.manager)
    templates = [
        unit.name
        for unit in desired.units.values()
        if unit.is_template and _files_differ(unit, files)
    ]
    instances = await world.manager.list_instances(templates) if templates else {}
    for status in instances.values():
        units.setdefault(status.name, status)
    missing = [n for n in instances if n not in details]
    details.update(await world.manager.details(missing) if missing else {})
    owned = frozenset(recorded.files) | {f.path for u in desired.units.values() for f in u.files()}
    return Observed(
        manager=facts,
        now=time.time(),
        now_monotonic=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000,
        files=files,
        links=world.files.links(),
        units=units,
        details=details,
        hand_started=_hand_started(instances, desired),
        external=external,
        shadowed=await _shadowed(desired, recorded, world),
        foreign_dropins={
            unit: paths
            for unit, paths in world.files.dropins(owned).items()
            if unit in desired.units
        },
        missing=_missing(desired, files, units, world),
        skipped_conditions=await _conditions(desired, files, units, world),
    )


def _look_at_files(desired: Desired, recorded: Recorded, files: UnitFiles) -> dict[str, DiskFile]:
    paths = set(recorded.files) | {i.path for i in recorded.intents if i.path}
    paths |= {file.path for unit in desired.units.values() for file in unit.files()}
    paths |= {file.path for file in desired.loose}
    paths |= {unit.name for unit in desired.units.values() if unit.policy.mask}
    paths |= {unit.name for unit in recorded.units.values() if unit.masked}
    return {path: files.look(path) for path in sorted(paths)}


def _names(desired: Desired, recorded: Recorded) -> set[str]:
    names = desired.units.keys() | recorded.units.keys() | desired.frozen.keys()
    for unit in desired.units.values():
        parsed = parse_name(unit.name)
        for key in ("WantedBy", "RequiredBy", "UpheldBy"):
            for word in unit.text.words("Install", key):
                expanded = expand_name_specifiers(word, parsed)
                if expanded:
                    names.add(expanded)
        if unit.suffix == ".socket":
            named = unit.text.last("Socket", "Service")
            names.add(named or f"{unit.name.removesuffix('.socket')}.service")
    for link in recorded.links.values():
        folder = link.path.partition("/")[0].rpartition(".")[0]
        names.add(folder)
    return {name for name in names if is_unit_name(name)}


def _files_differ(unit: DesiredUnit, files: Mapping[str, DiskFile]) -> bool:
    return any(files[file.path].digest != file.digest for file in unit.files())


def _worth_a_look(
    desired: Desired,
    recorded: Recorded,
    files: Mapping[str, DiskFile],
    units: Mapping[str, UnitStatus],
    external: Mapping[str, str | None],
) -> set[str]:
    """Return the units whose status line does not say enough to decide."""
    intended = {intent.unit for intent in recorded.intents}
    changed = {u.name for u in desired.units.values() if _files_differ(u, files)}
    curious: set[str] = set()
    for name, unit in desired.units.items():
        status = units.get(name)
        if status is None:
            continue
        known = recorded.units.get(name)
        settled = (
            known is not None
            and known.invocation
            and known.run_digest == unit.run_digest
            and not known.tries
        )
        steady = status.active == "active" and not status.job_id
        touched = name in changed or unit.template in changed or name in intended
        if known is not None:
            touched = touched or any(contents_changed(unit, known, external))
        never_ran = status.load == "not-found" and known is None
        if not never_ran and not (steady and settled and not touched):
            curious.add(name)
        if unit.suffix == ".socket" and touched:
            named = unit.text.last("Socket", "Service")
            curious.add(named or f"{unit.name.removesuffix('.socket')}.service")
    removed = recorded.units.keys() - desired.units.keys() - desired.frozen.keys()
    return curious | {name for name in removed if name in units}


async def _details(
    curious: set[str], units: dict[str, UnitStatus], manager: Manager
) -> dict[str, UnitDetail]:
    """Return the details of units, and of the units that a stop of them takes down."""
    details = await manager.details(sorted(curious)) if curious else {}
    for _ in range(ROUNDS):
        near = {
            other
            for detail in details.values()
            for other in (
                *detail.requires,
                *detail.binds_to,
                *detail.part_of,
                *detail.required_by,
                *detail.bound_by,
                *detail.consists_of,
                *detail.conflicts,
                *detail.triggered_by,
            )
        }
        unknown = sorted(near - units.keys())
        if not unknown:
            break
        units.update(await manager.list_units(unknown))
        followed = [n for n in unknown if n in units and n.endswith((".service", ".socket"))]
        details.update(await manager.details(followed))
    return details


def _hand_started(
    instances: Mapping[str, UnitStatus], desired: Desired
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in instances:
        if name not in desired.units:
            found.setdefault(parse_name(name).template, []).append(name)
    return {template: tuple(sorted(names)) for template, names in found.items()}


def _read_external(desired: Desired, world: World) -> dict[str, str | None]:
    """Return a digest for each watched path or glob, None where something is unreadable."""
    result: dict[str, str | None] = {}
    for unit in desired.units.values():
        policy = unit.policy
        for pattern in (*policy.env_files, *policy.restart_on, *policy.reload_on):
            key = content_key(unit.name, pattern)
            if key not in result:
                path = expand_path(pattern, unit.name, world.places)
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


def _missing(
    desired: Desired,
    files: Mapping[str, DiskFile],
    units: Mapping[str, UnitStatus],
    world: World,
) -> dict[str, str]:
    """Return services that cannot start because an executable or folder is not there (F)."""
    found: dict[str, str] = {}
    for name, unit in desired.units.items():
        status = units.get(name)
        template = desired.units.get(unit.template)
        differs = _files_differ(unit, files) or (template and _files_differ(template, files))
        is_up = status is not None and status.active in {"active", "reloading"}
        if unit.suffix != ".service" or unit.is_template or (is_up and not differs):
            continue
        for path in _needed_paths(unit):
            real = expand_path(path, name, world.places)
            if real is not None and real.startswith("/") and not Path(real).exists():
                found[name] = real
                break
    return found


def _needed_paths(unit: DesiredUnit) -> Iterable[str]:
    """Return the paths without which a start fails: executables, working folder, env files."""
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


async def _shadowed(desired: Desired, recorded: Recorded, world: World) -> dict[str, str]:
    """Return units about to be removed whose name another folder provides too (R6)."""
    gone = recorded.units.keys() - desired.units.keys() - desired.frozen.keys()
    ours = [name for name in sorted(gone) if name in recorded.files]
    if not ours:
        return {}
    found: dict[str, str] = {}
    for folder in await world.manager.unit_path():
        if Path(folder) == world.files.root or "transient" in folder:
            continue
        for name in ours:
            candidate = Path(folder) / name
            if name not in found and candidate.is_file():
                found[name] = str(candidate)
    return found


async def _conditions(
    desired: Desired,
    files: Mapping[str, DiskFile],
    units: Mapping[str, UnitStatus],
    world: World,
) -> dict[str, str]:
    """Return running units about to change whose condition does not hold now (C18)."""
    found: dict[str, str] = {}
    for unit in desired.units.values():
        status = units.get(unit.name)
        template = desired.units.get(unit.template)
        differs = _files_differ(unit, files) or (template and _files_differ(template, files))
        if status is None or status.active != "active" or not differs:
            continue
        conditions = [
            f"{entry.key}={entry.value}"
            for entry in unit.text.entries
            if entry.section == "Unit" and entry.key.startswith(CONDITION_PREFIXES) and entry.value
        ]
        if conditions:
            failing = await failing_condition(conditions, world.env)
            if failing:
                found[unit.name] = failing
    return found
