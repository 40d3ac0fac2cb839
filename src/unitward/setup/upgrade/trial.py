"""The trial: a new version has to load what is there and make a plan, without an effect."""

import json
import tempfile
from pathlib import Path

from unitward.errors import Exit, LedgerError
from unitward.setup.upgrade.programs import run_program
from unitward.setup.upgrade.record import UpgradeError
from unitward.setup.upgrade.scene import Scene
from unitward.store.copy import copy_ledger

LIMIT_SECONDS = 90.0
PLAN_SCHEMA = "unitward/plan/"
# The running daemon's own line to the manager is none of the new version's business.
_OF_THE_DAEMON = frozenset({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS"})


async def try_out(scene: Scene, version: str, *, limit: float = LIMIT_SECONDS) -> None:
    """Have a version read the configuration and a copy of the ledger, and make a plan.

    The copy is its own: it may bring it up to date. Raises UpgradeError with what went wrong.
    """
    what = f"unitward {version} does not work here"
    try:
        with tempfile.TemporaryDirectory(prefix="unitward-trial-") as state:
            _copy_state(scene, Path(state, "unitward"))
            env = {name: text for name, text in scene.env.items() if name not in _OF_THE_DAEMON}
            program = scene.environment(version) / "bin/unitward"
            ended = await run_program(
                (str(program), "plan", "--output", "json"),
                env={**env, "XDG_STATE_HOME": state},
                limit=limit,
                what=what,
            )
    except OSError as error:
        raise UpgradeError(f"no copy of the ledger can be made: {error.strerror}") from error
    except LedgerError as error:
        raise UpgradeError(str(error), hint=error.hint) from error
    try:
        plan = json.loads(ended.out)
        made = str(plan["schema"]).startswith(PLAN_SCHEMA)
        unavailable = str(plan.get("unavailable", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        made, unavailable = False, ""
    # Invalid manifests make it exit with 1, and are no reason against a version.
    if made and not unavailable and ended.code in {Exit.OK, Exit.FAILED}:
        return
    if unavailable:
        raise UpgradeError(f"{what} now: {unavailable}")
    said = ended.last_words.replace(state, str(scene.folders.state))
    raise UpgradeError(f"{what}: {said}" if ended.code else f"{what}: it made no plan")


def _copy_state(scene: Scene, to: Path) -> None:
    to.mkdir(mode=0o700)
    copy_ledger(scene.folders.ledger, to / scene.folders.ledger.name)
