"""What the desired-state folder asks for, read without asking systemd or git to check it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from unitward.config import load_settings
from unitward.model.desired import Desired, DesiredUnit
from unitward.model.folders import source_folder
from unitward.model.observed import ManagerFacts, Observed
from unitward.model.recorded import Recorded
from unitward.model.settings import Settings
from unitward.model.source import Severity, Snapshot, Unavailable, Unreadable
from unitward.reconcile.desire import DesireCache, Terms, desire
from unitward.reconcile.plan.files import FileSync, judge_file
from unitward.reconcile.plan.sides import take_sides
from unitward.setup.doctor.facts import Account, Checkout, InTheWay, Source
from unitward.setup.doctor.needs import controllers_needed, needs_namespace
from unitward.sources.folder import read_folder
from unitward.sources.git import find_checkout
from unitward.sources.lookup import Interest, Lookup
from unitward.sources.trust import check_overlap
from unitward.store.health import examine_ledger
from unitward.store.identity import identity
from unitward.store.installation import marked_installation
from unitward.store.unit_files import UnitFiles
from unitward.systemd.directives import load_directives

_LIMIT_SECONDS = 3.0


def look_at_source(account: Account) -> Source:
    """Read the folder once and put together what it asks for. Raises ConfigError."""
    folders = account.folders
    settings = load_settings(folders.config_file)
    root = source_folder(folders, settings)
    snapshot = check_overlap(root, folders.unit_dir) or read_folder(root, uid=account.uid)
    recorded = _recorded(account)
    desired = _desire(snapshot, recorded, settings, account)
    return Source(
        root=str(root),
        is_default=settings.source is None,
        exists=os.path.lexists(root),
        unavailable=desired.unavailable,
        unreadable=_unreadable(snapshot, root),
        units=len(desired.units),
        errors=tuple(
            f"{problem.place}: {problem.message}"
            for problem in desired.problems
            if problem.severity is Severity.ERROR
        ),
        unsupported={name: freeze.reason for name, freeze in desired.unsupported.items()},
        in_the_way=_in_the_way(desired, recorded, UnitFiles(folders.unit_dir)),
        controller_users=_controller_users(desired.units.values()),
        namespace_users=tuple(u.name for u in desired.units.values() if needs_namespace(u.text)),
        folders=_watched_folders(root, folders.unit_dir, account.uid),
        checkout=_checkout(root, account.env),
    )


def _recorded(account: Account) -> Recorded:
    health = examine_ledger(account.folders.ledger)
    if health is not None and health.recorded.installation:
        return health.recorded
    name = identity(account.uid)
    return Recorded(marked_installation(account.folders.unit_dir, name) or f"{name}-new")


def _desire(
    snapshot: Snapshot | Unavailable, recorded: Recorded, settings: Settings, account: Account
) -> Desired:
    terms = Terms(
        table=load_directives(None),
        folder=str(source_folder(account.folders, settings)),
        home=str(account.folders.home),
        installation=recorded.installation,
        strict=settings.strict,
    )
    return desire(snapshot, recorded, terms, DesireCache())


def _unreadable(snapshot: Snapshot | Unavailable, root: Path) -> tuple[tuple[str, str, str], ...]:
    if isinstance(snapshot, Unavailable):
        return ()
    return tuple(
        (str(root / file.path), file.content.reason, file.content.hint)
        for file in snapshot.files
        if isinstance(file.content, Unreadable)
    )


def _in_the_way(desired: Desired, recorded: Recorded, files: UnitFiles) -> tuple[InTheWay, ...]:
    """Return what stands where declared files should and is not unitward's (semantics.md N2)."""
    wanted = [file for unit in desired.units.values() for file in unit.files()]
    wanted += desired.loose
    looked_at = {file.path: files.look(file.path) for file in wanted}
    world = Observed(ManagerFacts(0, "", "", 0), now=time.time(), now_monotonic=0, files=looked_at)
    sides = take_sides(desired, recorded, world, Settings())
    owners = {f.path: name for name, unit in sides.desired.units.items() for f in unit.files()}
    owners |= {file.path: file.path for file in sides.desired.loose}
    judged = (judge_file(file, sides) for file in wanted if file.path in owners)
    return tuple(
        InTheWay(str(files.root / found.file.path), owners[found.file.path], found.reason)
        for found in judged
        if found.sync is FileSync.FOREIGN
    )


def _controller_users(units: Iterable[DesiredUnit]) -> Mapping[str, tuple[str, ...]]:
    users: dict[str, list[str]] = {}
    for unit in units:
        for controller in sorted(controllers_needed(unit.text)):
            users.setdefault(controller, []).append(unit.name)
    return {controller: tuple(names) for controller, names in users.items()}


def _watched_folders(root: Path, unit_dir: Path, uid: int) -> int:
    """Return how many folders the daemon watches for the source and the unit folder."""
    found: set[Path] = set()

    def register(interest: Interest) -> None:
        found.add(interest.folder)

    for top in (root, unit_dir):
        lookup = Lookup(top, uid, recursive=True, register=register)
        lookup.walk()
    checkout = find_checkout(root)
    if checkout is not None:
        Lookup(root, uid, recursive=True, register=register).walk_git(checkout)
    return len(found)


def _checkout(root: Path, env: Mapping[str, str]) -> Checkout | None:
    checkout = find_checkout(root)
    if checkout is None:
        return None
    lock = checkout.git_dir / "index.lock"
    try:
        age = time.time() - lock.stat().st_mtime
    except OSError:
        age = None
    return Checkout(
        top=str(checkout.top), git=_git_version(env), git_dir=str(checkout.git_dir), lock_age=age
    )


def _git_version(env: Mapping[str, str]) -> str:
    """Return what `git --version` says, "" when there is no git."""
    program = shutil.which("git", path=env.get("PATH"))
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "--version"],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip()
