"""Removing every unit that unitward manages, and then all that it kept for itself."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from unitward.errors import UnitwardError
from unitward.model.desired import Desired
from unitward.model.folders import Folders
from unitward.model.plan import Plan, Verb
from unitward.model.recorded import Recorded
from unitward.model.report import Report, Result
from unitward.model.source import Revision
from unitward.reconcile.account import Account
from unitward.reconcile.carry_out import carry_out
from unitward.reconcile.observe import observe
from unitward.reconcile.one_pass import Considered
from unitward.reconcile.plan import plan
from unitward.setup.install import is_default_config
from unitward.setup.layout import Layout, data_home
from unitward.setup.marked import with_marked
from unitward.store.identity import identity
from unitward.store.ledger import open_ledger
from unitward.systemd.manager import Manager

NOTHING = Revision("0" * 64)
LONGEST_SECONDS = 200.0
PAUSE_SECONDS = 0.2
TRIES = 3


async def plan_purge(account: Account, manager: Manager, recorded: Recorded) -> Plan:
    """Return the plan that removes everything recorded, without carrying it out."""
    return (await _consider(account, manager, recorded)).plan


async def _consider(account: Account, manager: Manager, recorded: Recorded) -> Considered:
    """Plan as a pass does on the day that nothing is declared any more, and that is meant.

    What bears unitward's mark goes too, should the ledger have been lost.

    Approved and long absent, for the person who asked was shown it; holds end with unitward.
    """
    recorded = with_marked(recorded, account.files)
    names = [*recorded.units, *recorded.files]
    meant = replace(
        recorded,
        absences=dict.fromkeys(names, 0.0),
        orders=replace(recorded.orders, holds={}),
        intents=tuple(replace(intent, neighbours=()) for intent in recorded.intents),
    )
    desired, settings = Desired(NOTHING), replace(account.settings, prune_after=0.0)
    observed = await observe(desired, meant, account.world(manager))
    decided = plan(desired, meant, observed, settings)
    if decided.held:
        approved = frozenset(held.digest for held in decided.held)
        meant = replace(meant, approved=approved)
        decided = plan(desired, meant, observed, settings)
    return Considered(desired, meant, observed, decided)


async def remove_units(account: Account, manager: Manager, tell: Callable[[Report], None]) -> None:
    """Remove every managed unit in order; tell: called with the report of each pass.

    Waits for slow stops, 200 s in all. Raises UnitwardError that names what could not be
    removed; all that was removed is recorded, so it can be run again.
    """
    folders, name = account.folders, identity(os.getuid())
    end = time.monotonic() + LONGEST_SECONDS
    before: list[str] = []
    missed: list[str] = []
    failures = 0
    with open_ledger(folders.ledger, identity=name, unit_dir=folders.unit_dir) as ledger:
        while True:
            considered = await _consider(account, manager, ledger.read())
            left = [*considered.recorded.units, *considered.recorded.files]
            if not left:
                return
            failures = failures + 1 if left == before and not _is_waiting(considered) else 0
            if failures == TRIES or time.monotonic() > end:
                raise UnitwardError(
                    f"not removed: {', '.join(missed or _verdicts(considered))}",
                    hint="mend what is named, then run `unitward uninstall --purge` again",
                )
            if left == before:
                await asyncio.sleep(PAUSE_SECONDS)
            before = left
            report = await carry_out(considered, account, manager, ledger)
            tell(report)
            missed = _missed(report)


def _is_waiting(considered: Considered) -> bool:
    """Tell whether a unit is still on its way down."""
    units = considered.observed.units
    found = [units[name] for name in considered.recorded.units if name in units]
    return any(unit.active == "deactivating" or unit.job_id for unit in found)


def _missed(report: Report) -> list[str]:
    """Return what a pass could not do, and why."""
    return [
        f"{outcome.action.unit}: {outcome.detail or outcome.result.value}"
        for outcome in report.outcomes
        if outcome.result is not Result.DONE
    ]


def _verdicts(considered: Considered) -> list[str]:
    return [f"{name}: {v.reason}" for name, v in considered.plan.verdicts.items()]


def remove_stamps(account: Account, purged: Plan) -> None:
    """Remove systemd's record of when the removed timers last ran (systemd.timer(5))."""
    stamps = data_home(account.env, account.folders.home) / "systemd" / "timers"
    for action in purged.actions:
        if action.verb is Verb.DELETE and action.path == action.unit:
            (stamps / f"stamp-{action.unit}").unlink(missing_ok=True)


def remove_own_folders(folders: Folders) -> tuple[tuple[Path, str], ...]:
    """Remove what unitward kept for itself; return what stays, and why.

    A person's own files stay: manifests, a changed configuration, copies of unit files that
    were edited by hand. Raises OSError.
    """
    kept: list[tuple[Path, str]] = []
    if _holds_something(folders.edited):
        kept.append((folders.edited, "copies of unit files that were edited by hand"))
    _empty(folders.ledger.parent, keep=[path for path, _ in kept])
    for folder in (folders.cache / "unitward", folders.wake.parent):
        _empty(folder)
    if _is_default(folders.config_file):
        folders.config_file.unlink()
    elif folders.config_file.exists():
        kept.append((folders.config_file, "you changed it"))
    if _holds_something(folders.desired):
        kept.append((folders.desired, "your manifests"))
    for folder in (folders.desired, folders.config_file.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()
    return tuple(kept)


def remove_program(layout: Layout, stamp: Path, *, keep_stamp: bool) -> None:
    """Remove the versions that unitward keeps of itself, and the bootstrap unit's stamp.

    The running program may be one of them: nothing may be imported any more. Raises OSError.
    """
    if not keep_stamp:
        stamp.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            stamp.parent.rmdir()
    # What starts it goes first: half-removed, nobody can take it for a whole one.
    for link in (layout.current, layout.root / "previous"):
        if link.is_symlink():
            link.unlink()
    _empty(layout.versions)
    with contextlib.suppress(OSError):
        layout.root.rmdir()


def _empty(folder: Path, keep: Iterable[Path] = ()) -> None:
    """Remove a folder of unitward's alone with all that is in it, save what is kept."""
    if folder.is_symlink() or not folder.is_dir():
        return
    kept = set(keep)
    for path in folder.iterdir():
        if path in kept:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _is_default(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and is_default_config(path.read_bytes())
