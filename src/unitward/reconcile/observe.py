"""Disk + bus -> Observed.

Asks the manager for the status of all units in one call, and for details only of those
whose status or content calls for a closer look: a pass over 1000 units in sync makes a
handful of calls.
"""

import asyncio
import os
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from pathlib import Path

from unitward.model.desired import Desired, DesiredUnit
from unitward.model.observed import DiskFile, Observed
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.contents import contents_changed
from unitward.reconcile.elapsing import find_due
from unitward.reconcile.kinds import service_of
from unitward.reconcile.outside import (
    Places,
    files_differ,
    missing_paths,
    read_contents,
)
from unitward.reconcile.restarting import failing_conditions, may_restart
from unitward.reconcile.traits import traits_of
from unitward.store.unit_files import UnitFiles
from unitward.systemd.manager import Manager
from unitward.unitfile.names import is_unit_name, parse_name
from unitward.unitfile.specifiers import expand_name_specifiers

ROUNDS = 4
OF_THOSE_LEAVING = (
    "invocation_id",
    "n_restarts",
    "fragment_path",
    "slice",
    "required_by",
    "bound_by",
    "consists_of",
    "triggered_by",
)
"""What is asked about units that are to be removed: which run it is, and what goes down with it.

Whole details also have UnitFileState, for which the manager reads all links: 100 of 300 services
cost it and us 0.45 s, these fields 0.09 s.
"""
PULLING_KEYS = ("Wants", "Requires", "BindsTo", "Upholds")


@dataclass(slots=True)
class Subjects:
    """What is looked at, worked out once for the same declared and recorded sides.

    names: the units to ask for. paths: below the unit folder, in order; ours: those of them
    that are declared or recorded as files.
    """

    desired: Desired | None = None
    recorded: Recorded | None = None
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    ours: frozenset[str] = frozenset()

    def take(self, desired: Desired, recorded: Recorded) -> None:
        """Work them out for these sides."""
        if self.desired is desired and self.recorded is recorded:
            return
        declared = {file.path for unit in desired.units.values() for file in unit.files()}
        self.names = tuple(sorted(_names(desired, recorded)))
        self.paths = tuple(sorted(_paths(desired, recorded) | declared))
        self.ours = frozenset(recorded.files) | declared
        self.desired, self.recorded = desired, recorded


@dataclass(frozen=True, slots=True)
class World:
    """The doors that observing goes through.

    env: the environment in which systemd's programs are run.
    """

    manager: Manager
    files: UnitFiles
    places: Places
    env: Mapping[str, str] = field(default_factory=dict)
    subjects: Subjects = field(default_factory=Subjects)


async def observe(desired: Desired, recorded: Recorded, world: World) -> Observed:
    """Look at the disk and the user manager. Raises ManagerUnreachableError and the like."""
    subjects = world.subjects
    subjects.take(desired, recorded)
    facts = await world.manager.facts()
    files, units = await _look_at_both(world)
    changed = {n: unit for n, unit in desired.units.items() if files_differ(unit, files)}
    # What has no file yet may become the transient unit of somebody else.
    world.manager.keep(n for n in desired.units if n in units and units[n].load != "not-found")
    external = read_contents(desired, world.places)
    curious = _worth_a_look(desired, recorded, changed, units, external)
    leaving = recorded.units.keys() - desired.units.keys() - desired.frozen.keys() - curious
    details = await _details(curious, leaving, units, world.manager)
    world.manager.drop(name for name, detail in details.items() if detail.transient)
    templates = [unit.name for unit in changed.values() if unit.is_template]
    templates += _templates_gone(desired, recorded)
    instances = await world.manager.list_instances(templates) if templates else {}
    for status in instances.values():
        units.setdefault(status.name, status)
    missing = [n for n in instances if n not in details]
    details.update(await world.manager.details(missing) if missing else {})
    now, now_monotonic = time.time(), time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    await _look_at_pulled(changed.values(), units, world.manager)
    restarted = may_restart(desired, recorded, changed, units, external)
    timers = [unit for unit in changed.values() if unit.suffix == ".timer"]
    return Observed(
        manager=facts,
        now=now,
        now_monotonic=now_monotonic,
        due=await find_due(timers, details, now, now_monotonic, world.env),
        files=files,
        links=world.files.links(),
        units=units,
        details=details,
        hand_started=_hand_started(instances, desired),
        external=external,
        shadowed=await _shadowed(desired, recorded, world),
        foreign_dropins=_foreign_dropins(desired, subjects.ours, world),
        missing=missing_paths(desired, changed, units, world.places),
        skipped_conditions=await failing_conditions(restarted, details, recorded, world.env),
    )


async def _look_at_both(world: World) -> tuple[dict[str, DiskFile], dict[str, UnitStatus]]:
    """Look at the files while the manager lists the units: of 1000, 5 ms each."""
    listing = asyncio.create_task(world.manager.list_units(world.subjects.names))
    try:
        await asyncio.sleep(0)  # the question goes out before the files are looked at
        files = {path: world.files.look(path) for path in world.subjects.paths}
        return files, await listing
    finally:
        listing.cancel()


def _paths(desired: Desired, recorded: Recorded) -> set[str]:
    """Return what may stand in the unit folder by our doing, besides the files of units."""
    paths = set(recorded.files) | {i.path for i in recorded.intents if i.path}
    paths |= {file.path for file in desired.loose}
    paths |= {unit.name for unit in desired.units.values() if unit.policy.mask}
    return paths | {unit.name for unit in recorded.units.values() if unit.masked}


def _names(desired: Desired, recorded: Recorded) -> set[str]:
    names = (recorded.units.keys() | desired.frozen.keys()) - desired.units.keys()
    for unit in desired.units.values():
        names.update(traits_of(unit).installs_into)
        if unit.name.endswith(".socket"):
            names.add(service_of(unit))
    names.update(
        {link.path.partition("/")[0].rpartition(".")[0] for link in recorded.links.values()}
    )
    return {*desired.units, *(name for name in names if is_unit_name(name))}


def _worth_a_look(
    desired: Desired,
    recorded: Recorded,
    changed: Collection[str],
    units: Mapping[str, UnitStatus],
    external: Mapping[str, str | None],
) -> set[str]:
    """Return the units whose status line does not say enough to decide."""
    intended = {intent.unit for intent in recorded.intents}
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
            and not known.doubted
        )
        steady = status.active == "active" and not status.job_id
        touched = name in changed or unit.template in changed or name in intended
        if known is not None and external:
            touched = touched or any(contents_changed(unit, known, external))
        never_ran = status.load == "not-found" and known is None
        if not never_ran and not (steady and settled and not touched):
            curious.add(name)
        if touched and unit.suffix == ".socket":
            curious.add(service_of(unit))
    return curious


async def _details(
    curious: set[str], leaving: set[str], units: dict[str, UnitStatus], manager: Manager
) -> dict[str, UnitDetail]:
    """Return the details of units, and of the units that a stop of them takes down."""
    details = await manager.details(sorted(curious)) if curious else {}
    left = sorted(leaving & units.keys())
    active = [name for name in left if units[name].active == "active"]
    others = sorted(set(left).difference(active))
    details.update(await manager.properties(active, OF_THOSE_LEAVING, active=active))
    details.update(
        await manager.properties(others, (*OF_THOSE_LEAVING, "inactive_enter_timestamp"))
    )
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
                *detail.conflicted_by,
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


async def _look_at_pulled(
    changed: Iterable[DesiredUnit], units: dict[str, UnitStatus], manager: Manager
) -> None:
    """Add the status of what changed units pull in: it may be up already (C2)."""
    pulled = {
        name
        for unit in changed
        for key in PULLING_KEYS
        for word in unit.text.words("Unit", key)
        if (name := expand_name_specifiers(word, parse_name(unit.name))) is not None
    }
    unknown = sorted(pulled - units.keys())
    units.update(await manager.list_units(unknown) if unknown else {})


def _foreign_dropins(
    desired: Desired, owned: frozenset[str], world: World
) -> dict[str, tuple[str, ...]]:
    """Return others' drop-ins beside ours and where `systemctl set-property` keeps its own."""
    found = world.files.dropins(owned)
    control = "user.control"
    for folder in (world.files.root.with_name(control), world.places.runtime / "systemd" / control):
        for unit, paths in UnitFiles(folder).dropins(frozenset()).items():
            theirs = (str(folder / path) for path in paths)
            found[unit] = (*found.get(unit, ()), *theirs)
    return {unit: paths for unit, paths in found.items() if unit in desired.units}


def _templates_gone(desired: Desired, recorded: Recorded) -> list[str]:
    gone = recorded.units.keys() - desired.units.keys() - desired.frozen.keys()
    return [name for name in sorted(gone) if parse_name(name).is_template]


def _hand_started(
    instances: Mapping[str, UnitStatus], desired: Desired
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in instances:
        if name not in desired.units:
            found.setdefault(parse_name(name).template, []).append(name)
    return {template: tuple(sorted(names)) for template, names in found.items()}


async def _shadowed(desired: Desired, recorded: Recorded, world: World) -> dict[str, str]:
    """Return units about to be removed whose name another folder provides too (R6)."""
    gone = recorded.units.keys() - desired.units.keys() - desired.frozen.keys()
    ours = gone & recorded.files.keys()
    if not ours:
        return {}
    found: dict[str, str] = {}
    for folder in await world.manager.unit_path():
        if Path(folder) == world.files.root or "transient" in folder:
            continue
        for name in _standing_in(folder) & ours - found.keys():
            candidate = Path(folder) / name
            if candidate.is_file():
                found[name] = str(candidate)
    return found


def _standing_in(folder: str) -> set[str]:
    """Return what stands in a unit folder: one look instead of one for each name."""
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - names are asked for, not paths
    except OSError:
        return set()
