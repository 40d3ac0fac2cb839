"""How a switch ends: confirmed by a finished pass, or found interrupted or undone."""

from unitward.setup.upgrade.environment import remove_environments
from unitward.setup.upgrade.guard import CONFIRMED, TAKEN_BACK, UNDOING, decide, disarm
from unitward.setup.upgrade.record import (
    Phase,
    Upgrade,
    length_in_words,
    read_upgrade,
    write_upgrade,
)
from unitward.setup.upgrade.scene import Scene
from unitward.setup.upgrade.switch import Doors


async def settle(scene: Scene, doors: Doors, *, finished: bool) -> Upgrade | None:
    """Bring what a switch left behind to its end; return the upgrade if that was now.

    finished: this process finished a pass, which confirms the version it is of. For the
    daemon, at its start and after each pass. Raises UnitwardError and OSError: it goes on
    where it was the next time.
    """
    upgrade = read_upgrade(scene.record)
    if upgrade is None or not (scene.kept.exists() or upgrade.phase is Phase.SWITCHING):
        return None
    ended = _end(scene, upgrade, finished=finished)
    if ended is None:
        return None
    if ended is not upgrade:
        write_upgrade(scene.record, ended)
    if ended.phase is Phase.CONFIRMED:
        await remove_environments(scene, frozenset({ended.version, ended.previous}))
    scene.previous.unlink(missing_ok=True)
    await disarm(scene.kept, doors.manager, doors.files)
    return ended


def _end(scene: Scene, upgrade: Upgrade, *, finished: bool) -> Upgrade | None:
    """Decide how the upgrade ends, None while it does not."""
    match upgrade.phase:
        case Phase.SWITCHING if scene.running == upgrade.version:
            if finished and decide(scene.kept, CONFIRMED):
                return upgrade.now(Phase.CONFIRMED)
            return None
        case Phase.SWITCHING if scene.running == scene.current == upgrade.previous:
            if (scene.kept / UNDOING).exists():
                limit = length_in_words(upgrade.limit)
                return upgrade.now(Phase.UNDONE, f"no pass finished within {limit}")
            if decide(scene.kept, TAKEN_BACK):
                return upgrade.now(Phase.REFUSED, "it was interrupted before the switch")
            return None
        case Phase.SWITCHING:
            return None
        case Phase.UNDONE | Phase.CONFIRMED:
            return upgrade
        case Phase.READY | Phase.REFUSED:
            return upgrade if decide(scene.kept, TAKEN_BACK) else None
