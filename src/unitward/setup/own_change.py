"""A change of unitward's own unit: made so that it is undone unless it works.

The guard is that of an upgrade (`upgrade/guard.py`); what it puts back are the files of the unit.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from unitward.manifest.guards import OWN_UNIT, is_own_path
from unitward.model.folders import Folders
from unitward.model.observed import DiskFile, DiskKind
from unitward.model.plan import Phase, Plan, Verb
from unitward.model.recorded import Recorded, RecordedFile
from unitward.model.report import Report, Result
from unitward.model.unittext import UnitText
from unitward.reconcile.account import Account
from unitward.reconcile.one_pass import Considered
from unitward.reconcile.own_text import own_files, place_of_change
from unitward.setup.upgrade.durable import link_durably, write_durably
from unitward.setup.upgrade.guard import ARMED, Guard, arm, clear, disarm, quoted, write_script
from unitward.setup.upgrade.record import guard_seconds, length_in_words
from unitward.store.ledger import Changes, Ledger
from unitward.store.own_change import (
    OwnChange,
    Stage,
    change_path,
    encode_change,
    read_change,
)
from unitward.systemd.manager import Manager
from unitward.unitfile.compare import changed_keys
from unitward.unitfile.mark import mark_holds
from unitward.unitfile.syntax import parse

CHANGES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.RESTORE, Verb.DELETE})
BEGUN = frozenset({Result.DONE, Result.PENDING})
# What cannot keep a process from starting. A limit that the running one bears may do so.
NEVER_IN_THE_WAY = (
    "CPUWeight",
    "StartupCPUWeight",
    "IOWeight",
    "StartupIOWeight",
    "MemoryMin",
    "MemoryLow",
    "*Accounting",
    "Description",
    "Documentation",
)


def kept_folder(folders: Folders) -> Path:
    """Return the folder of what stood before the change."""
    return folders.ledger.parent / "own-change"


def touched_paths(plan: Plan) -> tuple[str, ...]:
    """Return the files of unitward's own unit that a plan writes or removes."""
    found = {a.path for a in plan.actions if a.verb in CHANGES and is_own_path(a.path)}
    return tuple(sorted(found))


def is_deciding(folders: Folders) -> bool:
    """Tell whether an upgrade, or a change of the own unit, still has to prove itself."""
    change = read_change(folders)
    is_tried = change is not None and change.stage is Stage.TRIED
    return is_tried or (folders.ledger.parent / "upgrade" / ARMED).exists()


async def begin_change(
    account: Account, manager: Manager, considered: Considered
) -> Mapping[str, DiskFile]:
    """Arm the guard for the change that a plan makes; return what stands before it, by path.

    Raises UnitwardError and OSError; nothing of the unit was touched then.
    """
    folders, files = account.folders, account.files
    touched = touched_paths(considered.plan)
    limit = guard_seconds(account.env)
    change = OwnChange(
        stage=Stage.TRIED,
        files={path: file.digest for path, file in own_files(considered.desired).items()},
        touched=touched,
        owned=tuple(path for path in touched if path in considered.recorded.files),
        place=str(place_of_change(considered.desired, considered.recorded) or ""),
        at=time.time(),
        invocation=account.env.get("INVOCATION_ID", ""),
    )
    kept = kept_folder(folders)
    guard = Guard(
        kept,
        change_path(folders),
        before=f"the {OWN_UNIT} of before",
        tried="the changed one",
        limit=limit,
    )
    clear(kept)
    steps = keep_files(files.root, kept, touched)
    reason = f"no pass finished within {length_in_words(limit)}"
    undone = replace(change, stage=Stage.UNDONE, at=change.at + limit, reason=reason)
    write_script(guard, steps, encode_change(undone))
    before = {path: files.look(path) for path in touched}
    write_durably(change_path(folders), encode_change(change))
    try:
        await arm(guard, manager, files)
    except BaseException:
        await end_change(account, manager)
        raise
    return before


def keep_files(root: Path, kept: Path, paths: tuple[str, ...]) -> str:
    """Lay files below `root` ready; return the lines of shell that put them back, or away.

    Raises OSError.
    """
    return "".join(_keep(root / path, kept, number) for number, path in enumerate(paths))


def _keep(path: Path, kept: Path, number: int) -> str:
    copy, folder = f"file-{number}", f"folder-{number}"
    if path.is_symlink():
        link_durably(kept / copy, os.readlink(path))  # noqa: PTH115 - the text of the link
    elif path.exists():
        write_durably(kept / copy, path.read_bytes(), 0o644)
    else:
        return f"rm -f {quoted(path)}\nrmdir {quoted(path.parent)} 2>/dev/null\n"
    (kept / folder).mkdir()
    return (
        f"[ -d {quoted(path.parent)} ] || mv -T {folder} {quoted(path.parent)}\n"
        f"[ ! -e {copy} ] && [ ! -L {copy} ] || mv -fT {copy} {quoted(path)}\n"
    )


def has_begun(before: Mapping[str, DiskFile], account: Account) -> bool:
    """Tell whether anything of the change stands on disk."""
    return any(account.files.look(path).digest != disk.digest for path, disk in before.items())


def is_restarting(report: Report) -> bool:
    """Tell whether a pass restarted unitward itself at its end."""
    return any(
        outcome.action.phase is Phase.OWN
        and outcome.action.verb is Verb.RESTART
        and outcome.result in BEGUN
        for outcome in report.outcomes
    )


def needs_start(before: Mapping[str, DiskFile], account: Account) -> bool:
    """Tell whether only a new process can show that the change works."""
    keys: set[tuple[str, str]] = set()
    for path, disk in before.items():
        now = account.files.look(path)
        keys |= changed_keys(_text(disk), _text(now), dropin="/" in path)
    names = {key for section, key in keys if section != "Install"}
    return any(not any(fnmatchcase(name, one) for one in NEVER_IN_THE_WAY) for name in names)


def _text(disk: DiskFile) -> UnitText:
    return parse(disk.content).text if disk.content is not None else UnitText()


async def end_change(account: Account, manager: Manager, *, keep_record: bool = False) -> None:
    """Remove the guard, what it kept, and the record. Raises UnitwardError and OSError."""
    if not keep_record:
        change_path(account.folders).unlink(missing_ok=True)
    await disarm(kept_folder(account.folders), manager, account.files)


async def drop_change(account: Account, manager: Manager) -> None:
    """End a change that has nothing to prove any more, as the unit it is of goes.

    Raises UnitwardError and OSError.
    """
    change = read_change(account.folders)
    if change is not None and change.stage is Stage.TRIED:
        await end_change(account, manager)


def record_undone(change: OwnChange, account: Account, ledger: Ledger) -> None:
    """Have the ledger say what stands again after the script went back. Raises LedgerError."""
    recorded = ledger.read()
    files: list[RecordedFile] = []
    gone: list[str] = []
    for path in change.touched:
        disk = account.files.look(path)
        if path not in change.owned:
            gone.append(path)
        elif _is_ours(disk, recorded):
            assert disk.content is not None
            unit = path.partition("/")[0].removesuffix(".d") if "/" in path else path
            known = recorded.files.get(path)
            owner = known.unit if known is not None else unit
            files.append(RecordedFile(path, owner, disk.digest, disk.content))
    closed = [i.ident for i in recorded.intents if i.unit == OWN_UNIT or is_own_path(i.path)]
    ledger.record(
        Changes(files=tuple(files), deleted_files=tuple(gone), closed=tuple(closed)),
    )


def _is_ours(disk: DiskFile, recorded: Recorded) -> bool:
    return (
        disk.kind is DiskKind.FILE
        and disk.content is not None
        and mark_holds(disk.content, recorded.installation, disk.path)
    )
