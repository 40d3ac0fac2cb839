"""unitward's own unit, as the daemon changes it: guarded, and proven by a pass."""

import os
from collections.abc import Callable

from unitward.errors import ManagerUnreachableError, UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.observed import DiskFile
from unitward.model.report import Report
from unitward.reconcile.account import Account
from unitward.reconcile.one_pass import Considered, without_own
from unitward.reconcile.own_text import HINT, own_files
from unitward.setup.own_change import (
    begin_change,
    end_change,
    has_begun,
    is_deciding,
    is_restarting,
    kept_folder,
    needs_start,
    record_undone,
    touched_paths,
)
from unitward.setup.upgrade.guard import CONFIRMED, TAKEN_BACK, decide
from unitward.store.ledger import Ledger
from unitward.store.own_change import OwnChange, Stage, change_path, read_change
from unitward.systemd.manager import Manager
from unitward.telemetry.log import logger

AGAIN_SECONDS = 10.0


class OwnChanges:
    """Arms the guard before a pass changes the own unit, and ends it after one that proves it.

    ask: has a pass made for a reason, after some seconds.
    """

    def __init__(self, account: Account, ask: Callable[[str, float], None]) -> None:
        self._account = account
        self._ask = ask
        self._before = dict[str, DiskFile]()
        self._restarting = False

    @property
    def _is_deciding(self) -> bool:
        """Tell whether a change is made and not proven."""
        change = read_change(self._account.folders)
        return change is not None and change.stage is Stage.TRIED

    async def begin(self, manager: Manager, ledger: Ledger) -> None:
        """Tidy up after a change that was undone, before the first pass."""
        kept = kept_folder(self._account.folders)
        change = read_change(self._account.folders)
        if not kept.exists() or (change is not None and change.stage is Stage.TRIED):
            return
        try:
            if change is not None:
                record_undone(change, self._account, ledger)
                logger().error(change.summary, hint=HINT)
            await end_change(self._account, manager, keep_record=True)
        except (OSError, UnitwardError) as error:
            _tell_unfinished(error)

    async def before_pass(self, manager: Manager, considered: Considered) -> Considered:
        """Arm the guard where the plan changes the own unit; without one it is left out.

        Raises ManagerUnreachableError.
        """
        account = self._account
        if not touched_paths(considered.plan):
            self._forget_undone(considered)
            return considered
        if is_deciding(account.folders):
            return self._without(considered, "waits until what was changed before has proven good")
        if not await is_main_process(manager):
            return considered
        try:
            self._before.update(await begin_change(account, manager, considered))
        except ManagerUnreachableError:
            raise
        except (OSError, UnitwardError) as error:
            return self._without(considered, f"no way back can be prepared: {error}")
        return considered

    async def after_pass(self, manager: Manager, report: Report) -> bool:
        """Confirm the change or restart to prove it; tell whether this process is to end.

        Raises ManagerUnreachableError.
        """
        try:
            return await self._after_pass(manager, report)
        except ManagerUnreachableError:
            raise
        except (OSError, UnitwardError) as error:
            _tell_unfinished(error)
            return self._is_deciding

    async def _after_pass(self, manager: Manager, report: Report) -> bool:
        account, before = self._account, self._before
        change = read_change(account.folders)
        if self._restarting or change is None or change.stage is not Stage.TRIED:
            return self._restarting
        if not before:
            is_mine = change.invocation == account.env.get("INVOCATION_ID", "")
            return is_mine or not await self._end(manager, change, CONFIRMED)
        if not has_begun(before, account):
            return not await self._end(manager, change, TAKEN_BACK)
        if is_restarting(report):
            self._restarting = True
        elif needs_start(before, account):
            logger().info(f"{OWN_UNIT} restarts, to show that its change works")
            await manager.restart(OWN_UNIT)
            self._restarting = True
        else:
            return not await self._end(manager, change, CONFIRMED)
        return True

    async def _end(self, manager: Manager, change: OwnChange, end: str) -> bool:
        """End the change; False when the guard was first, and goes back."""
        if not decide(kept_folder(self._account.folders), end):
            return False
        await end_change(self._account, manager)
        self._before.clear()
        if end == CONFIRMED:
            where = f"{change.place}: " if change.place else ""
            logger().info(f"{where}the change of unitward's own unit works")
        self._ask("its own unit may change", 0.0)
        return True

    def _without(self, considered: Considered, reason: str) -> Considered:
        """Return the pass without what it would do to the own unit."""
        self._ask("its own unit waits for a change", AGAIN_SECONDS)
        return without_own(considered, self._account, reason)

    def _forget_undone(self, considered: Considered) -> None:
        """Give up the memory of what was undone once something else is declared."""
        change, desired = read_change(self._account.folders), considered.desired
        if change is None or change.stage is not Stage.UNDONE:
            return
        if desired.unavailable is not None or OWN_UNIT in desired.frozen:
            return
        if change.files != {path: file.digest for path, file in own_files(desired).items()}:
            change_path(self._account.folders).unlink(missing_ok=True)


async def is_main_process(manager: Manager) -> bool:
    """Tell whether this process is the one that unitward's own unit runs."""
    found = await manager.properties([OWN_UNIT], ["main_pid"])
    return OWN_UNIT in found and found[OWN_UNIT].main_pid == os.getpid()


def _tell_unfinished(error: Exception) -> None:
    logger().error(f"a change of {OWN_UNIT} could not be brought to its end: {error}")
