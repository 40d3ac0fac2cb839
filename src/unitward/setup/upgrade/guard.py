"""What goes back to what ran before by itself: a timer, a script of plain sh, what it needs.

Real files, not a transient timer: they come back with the manager after a power cut. The script
runs nothing of either version and needs no free space: it only renames what lies ready.
"""

import contextlib
import shlex
import shutil
from pathlib import Path

from unitward.errors import UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.records import dataclass
from unitward.model.unitstate import JobResult
from unitward.setup.upgrade.durable import link_durably, sync_folder, write_durably
from unitward.setup.upgrade.record import Phase, Upgrade, UpgradeError, encode, length_in_words
from unitward.setup.upgrade.scene import Scene
from unitward.store.copy import copy_ledger
from unitward.store.unit_files import UnitFiles
from unitward.systemd.jobs import Mode
from unitward.systemd.manager import Manager
from unitward.unitfile.words import quote_argument

TIMER, LATE, BOOT = "unitward-undo.timer", "unitward-undo.service", "unitward-undo-boot.service"
LINKS = {
    f"timers.target.wants/{TIMER}": f"../{TIMER}",
    f"default.target.wants/{BOOT}": f"../{BOOT}",
}
ARMED, UNDOING, CONFIRMED, TAKEN_BACK = "armed", "undoing", "confirmed", "taken-back"
"""Whoever renames the first to one of the others decides how the upgrade ends."""
SCRIPT, LEDGER, RECORD, UNIT = "undo.sh", "ledger.sqlite", "undone.json", OWN_UNIT
ARM_SECONDS = 10.0

_SCRIPT = """\
# {title}. Made for once, and removed after it.
# `late`: the time is over. `boot`: finishes what was begun before the power failed.
# Each step that was done already is passed over; none stops the ones after it.
cd {kept} || exit 0
case $1 in
late) mv {armed} {undoing} 2>/dev/null || [ -e {undoing} ] || exit 0 ;;
*) [ -e {undoing} ] || exit 0 ;;
esac
systemctl --user stop {unit}
{steps}[ ! -e {undone} ] || mv -f {undone} {record}
sync
systemctl --user daemon-reload
systemctl --user reset-failed {unit}
rm -f {undoing}
systemctl --user --no-block start {unit}
"""

_STEPS = """\
if [ -e {copy} ]; then
    rm -f {ledger}-wal {ledger}-shm
    mv -f {copy} {ledger}
fi
[ ! -e {unit} ] || mv -f {unit} {unit_file}
[ ! -L {before} ] || mv -fT {before} {current}
"""

_SERVICE = """\
# Made for once, and removed after it.
[Unit]
Description=Go back to {before}
Before={unit}

[Service]
Type=oneshot
ExecStart=/bin/sh {script} {when}
"""

_TIMER = """\
# Made for once, and removed after it.
[Unit]
Description=Go back to {before} unless {tried} finishes a pass

[Timer]
OnActiveSec={limit:g}s
AccuracySec=100ms
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """What watches over one change, of the version or of the own unit.

    kept: the folder with the script and all that it puts back. record: the file that says
    in the end what became of the change. before, tried: what it goes back to, and from, in
    words. limit: seconds.
    """

    kept: Path
    record: Path
    before: str
    tried: str
    limit: float


def guard_of(scene: Scene, upgrade: Upgrade) -> Guard:
    """Return the guard of an upgrade."""
    before = f"unitward {upgrade.previous}"
    return Guard(scene.kept, scene.record, before, upgrade.version, upgrade.limit)


def keep_for_return(scene: Scene, upgrade: Upgrade, unit: bytes | None) -> None:
    """Lay ready what the script puts back: ledger, record, link, and the unit file if given.

    Raises OSError, LedgerError, and UnrenderableError for a path that no unit can name.
    """
    kept = scene.kept
    clear(kept)
    copy_ledger(scene.folders.ledger, kept / LEDGER)
    reason = f"no pass finished within {length_in_words(upgrade.limit)}"
    if unit is not None:
        write_durably(kept / UNIT, unit, 0o644)
    link_durably(scene.previous, f"versions/{upgrade.previous}")
    steps = _STEPS.format(
        unit=UNIT,
        copy=LEDGER,
        ledger=quoted(scene.folders.ledger),
        unit_file=quoted(scene.folders.unit_dir / UNIT),
        before=quoted(scene.previous),
        current=quoted(scene.layout.current),
    )
    write_script(guard_of(scene, upgrade), steps, encode(upgrade.now(Phase.UNDONE, reason)))


def clear(kept: Path) -> None:
    """Make the folder for what is kept, empty. Raises OSError."""
    if kept.exists():
        shutil.rmtree(kept)
    kept.mkdir(mode=0o700, parents=True)


def write_script(guard: Guard, steps: str, undone: bytes) -> None:
    """Write the script, and the record that it puts in place. Raises OSError.

    steps: shell lines that only rename what lies in the folder, their working directory.
    """
    write_durably(guard.kept / RECORD, undone)
    script = _SCRIPT.format(
        title=f"Goes back from {guard.tried} to {guard.before}",
        kept=quoted(guard.kept),
        armed=ARMED,
        undoing=UNDOING,
        unit=UNIT,
        undone=RECORD,
        record=quoted(guard.record),
        steps=steps,
    )
    write_durably(guard.kept / SCRIPT, script.encode("utf-8", "surrogateescape"))


def quoted(path: object) -> str:
    """Return a path as a word of the shell."""
    return shlex.quote(str(path))


async def arm(guard: Guard, manager: Manager, files: UnitFiles) -> None:
    """Have the manager go back unless `decide` comes first, from now on. Raises UnitwardError."""
    script = quote_argument(str(guard.kept / SCRIPT))
    for name, when in ((LATE, "late"), (BOOT, "boot")):
        service = _SERVICE.format(before=guard.before, unit=OWN_UNIT, script=script, when=when)
        files.write(name, service.encode("utf-8", "surrogateescape"))
    timer = _TIMER.format(before=guard.before, tried=guard.tried, limit=guard.limit)
    files.write(TIMER, timer.encode())
    for path, target in LINKS.items():
        if not files.link(path, target):
            raise UpgradeError(f"{files.root / path} stands in the way")
    files.sync_folders({TIMER, *LINKS})
    await manager.reload()
    write_durably(guard.kept / ARMED, b"")
    job = await manager.restart(TIMER)
    results = await manager.wait([job], limit_seconds=ARM_SECONDS)
    if results[job] is not JobResult.DONE:
        raise UpgradeError(
            f"{TIMER}, which goes back when unitward fails, does not start",
            hint=f"systemctl --user status {TIMER}",
        )


def decide(kept: Path, end: str) -> bool:
    """Take the decision from the script; tell whether the change now ends as `end` says.

    False when the script was first: it goes back. Raises OSError.
    """
    try:
        (kept / ARMED).rename(kept / end)
    except FileNotFoundError:
        return not (kept / UNDOING).exists()
    sync_folder(kept)
    return True


async def disarm(kept: Path, manager: Manager, files: UnitFiles) -> None:
    """Remove the guard and what was kept, the kept last. Raises UnitwardError and OSError."""
    await remove_guard(manager, files)
    shutil.rmtree(kept, ignore_errors=True)


async def remove_guard(manager: Manager, files: UnitFiles) -> None:
    """Stop the guard's timer and remove its units; without them nothing happens.

    Raises UnitwardError.
    """
    paths = (*LINKS, TIMER, LATE, BOOT)
    if not any((files.root / path).is_symlink() or (files.root / path).exists() for path in paths):
        return
    with contextlib.suppress(UnitwardError):
        job = await manager.stop(TIMER, Mode.REPLACE)
        await manager.wait([job], limit_seconds=ARM_SECONDS)
    for path in paths:
        files.delete(path)
    await manager.reload()
