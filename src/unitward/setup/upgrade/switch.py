"""The switch: recorded and guarded first, one renamed link, then a restart of unitward itself."""

import contextlib
import os

from unitward.errors import UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.setup.own_unit import Standing, judge_own_file, own_unit_text, sealed
from unitward.setup.upgrade.durable import link_durably
from unitward.setup.upgrade.environment import is_complete, mark_complete
from unitward.setup.upgrade.guard import TAKEN_BACK, arm, decide, disarm, guard_of, keep_for_return
from unitward.setup.upgrade.record import Phase, Upgrade, UpgradeError, write_upgrade
from unitward.setup.upgrade.scene import Scene
from unitward.store.unit_files import UnitFiles
from unitward.systemd.manager import Manager

TEMPLATE = f"lib/python3*/site-packages/unitward/setup/{OWN_UNIT}"


@dataclass(frozen=True, slots=True)
class Doors:
    """Through what the switch acts."""

    manager: Manager
    files: UnitFiles


async def switch(scene: Scene, upgrade: Upgrade, doors: Doors, recorded: Recorded) -> None:
    """Put the new version in the place of the running one and restart unitward.

    To be called by who holds the account's lock, after everything else: the caller is ended
    soon after. Until the restart was accepted, whatever goes wrong is taken back and recorded
    as a refusal. Raises UpgradeError.
    """
    begun = upgrade.now(Phase.SWITCHING)
    old: bytes | None = None
    try:
        if not is_complete(scene.environment(upgrade.version)):
            raise UpgradeError(f"the environment of {upgrade.version} is not there any more")
        # It runs: it has all it needs, whoever made it.
        mark_complete(scene.environment(upgrade.previous))
        write_upgrade(scene.record, begun)
        new, old = renewed_unit(scene, upgrade.version, doors.files, recorded)
        keep_for_return(scene, begun, old)
        await arm(guard_of(scene, begun), doors.manager, doors.files)
        point_to(scene, upgrade.version)
        if new is not None:
            doors.files.write(OWN_UNIT, new)
            doors.files.sync_folders({OWN_UNIT})
            await doors.manager.reload()
        await doors.manager.restart(OWN_UNIT)
    except (OSError, UnitwardError) as error:
        await _take_back(scene, upgrade.previous, doors, old)
        raise refuse(scene, begun, _told(error)) from error


def point_to(scene: Scene, version: str) -> None:
    """Have the next start take a version's environment. Raises OSError."""
    link_durably(scene.layout.current, f"versions/{version}")


def renewed_unit(
    scene: Scene, version: str, files: UnitFiles, recorded: Recorded
) -> tuple[bytes | None, bytes | None]:
    """Return the unit file that a version comes with, and the one that it replaces.

    None and None when they do not differ, or when the file is not the one that
    `unitward install` wrote: declared, edited or foreign, it stays as it is.
    """
    templates = list(scene.environment(version).glob(TEMPLATE))
    command = (str(scene.layout.program),)
    disk = files.look(OWN_UNIT)
    own = judge_own_file(disk, own_unit_text(command), recorded)
    if not templates or own.standing not in {Standing.CURRENT, Standing.OUTDATED}:
        return None, None
    body = own_unit_text(command, templates[0].read_bytes())
    new = sealed(body, recorded.installation)
    return (None, None) if new == disk.content else (new, disk.content)


async def _take_back(scene: Scene, previous: str, doors: Doors, old: bytes | None) -> None:
    """Undo the steps of a switch that failed; what cannot be undone, the guard's script does."""
    with contextlib.suppress(OSError, UnitwardError):
        if not decide(scene.kept, TAKEN_BACK):
            return
        if scene.current != previous:
            point_to(scene, previous)
        if old is not None and doors.files.look(OWN_UNIT).content != old:
            doors.files.write(OWN_UNIT, old)
            await doors.manager.reload()
        scene.previous.unlink(missing_ok=True)
        await disarm(scene.kept, doors.manager, doors.files)


def refuse(scene: Scene, upgrade: Upgrade, error: UnitwardError) -> UpgradeError:
    """Record why an upgrade does not come about and return the error that says it."""
    refused = upgrade.now(Phase.REFUSED, str(error))
    with contextlib.suppress(OSError):
        write_upgrade(scene.record, refused)
    return UpgradeError(refused.summary, hint=error.hint)


def _told(error: OSError | UnitwardError) -> UnitwardError:
    if isinstance(error, UnitwardError):
        return error
    where = f"{error.filename}: " if error.filename else ""
    return UpgradeError(f"{where}{error.strerror or os.strerror(error.errno or 0)}")
