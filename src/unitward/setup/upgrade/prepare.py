"""What comes before the switch: the other version, installed beside this one and tried out."""

import time
from collections.abc import Callable

from unitward.errors import LockHeldError, UnitwardError
from unitward.setup.upgrade.environment import (
    Origin,
    is_complete,
    make_environment,
)
from unitward.setup.upgrade.record import (
    Phase,
    Upgrade,
    UpgradeError,
    guard_seconds,
    read_upgrade,
    write_upgrade,
)
from unitward.setup.upgrade.scene import Scene
from unitward.setup.upgrade.switch import refuse
from unitward.setup.upgrade.trial import try_out
from unitward.store.lock import hold_lock

Tell = Callable[[str], object]
_ROLE = "an upgrade"


async def prepare(scene: Scene, version: str, origin: Origin, tell: Tell) -> Upgrade:
    """Install a version (as `find_version` named it), try it, and record that it is READY.

    tell: hears in words what is done. Until the switch, the running version goes on as if
    nothing were. Raises UpgradeError, recorded as a refusal; LockHeldError while another
    upgrade is prepared or on its way.
    """
    try:
        with hold_lock(scene.lock, _ROLE):
            return await _prepare(scene, version, origin, tell)
    except LockHeldError as error:
        text = f"another upgrade is prepared by process {error.pid}"
        raise LockHeldError(text, pid=error.pid, hint="wait for its end") from error


async def _prepare(scene: Scene, version: str, origin: Origin, tell: Tell) -> Upgrade:
    last = read_upgrade(scene.record)
    if last is not None and last.phase is Phase.SWITCHING and scene.kept.exists():
        raise LockHeldError(last.summary, pid=0, hint="wait until that is decided")
    limit = guard_seconds(scene.env)
    upgrade = Upgrade(version, scene.running, Phase.READY, time.time(), limit=limit)
    try:
        folder = scene.environment(version)
        if not is_complete(folder):
            tell(f"installing unitward {version} into {folder}")
        await make_environment(scene, version, origin)
        tell(f"trying unitward {version} with a copy of the ledger")
        await try_out(scene, version)
        write_upgrade(scene.record, upgrade.now(Phase.READY))
    except OSError as error:
        where = error.filename or scene.record
        raise refuse(scene, upgrade, UpgradeError(f"{where}: {error.strerror}")) from error
    except UnitwardError as error:
        raise refuse(scene, upgrade, error) from error
    return upgrade
