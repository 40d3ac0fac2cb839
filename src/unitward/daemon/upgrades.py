"""Other versions of unitward, as the daemon meets them: after a pass, and by a pin."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from unitward.daemon.own_changes import is_main_process
from unitward.errors import ManagerUnreachableError, UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.recorded import Recorded
from unitward.model.release import is_same_release
from unitward.reconcile.account import Account
from unitward.setup.layout import layout_from
from unitward.setup.upgrade.record import (
    Phase,
    Upgrade,
    UpgradeError,
    read_upgrade,
    write_upgrade,
)
from unitward.setup.upgrade.scene import Scene, runs_from, scene_of
from unitward.setup.upgrade.settle import settle
from unitward.setup.upgrade.switch import Doors, refuse, switch
from unitward.systemd.manager import Manager
from unitward.telemetry.log import logger

FIRST_PAUSE, LONGEST_PAUSE = 300.0, 6 * 3600.0


class Upgrades:
    """Settles what a switch left, switches when a version is ready, and follows the pin.

    ask: has a pass made for a reason, after some seconds. Whatever goes wrong here is
    logged; no pass fails by it, save for a manager that is gone.
    """

    def __init__(self, account: Account, ask: Callable[[str, float], None]) -> None:
        self._account = account
        self._ask = ask
        self._preparing: asyncio.Task[None] | None = None
        self._handed_over = False
        self._pin = ""
        self._pause = FIRST_PAUSE
        self._due = 0.0
        self._scene: Scene | None = None
        if runs_from(layout_from(account.env, account.folders.home)):
            with contextlib.suppress(UpgradeError):
                self._scene = scene_of(account.folders, account.env)

    async def begin(self, manager: Manager) -> None:
        """Tidy up after an upgrade that was interrupted or undone, before the first pass."""
        # A manager that is gone again is met by the first pass.
        with contextlib.suppress(ManagerUnreachableError):
            await self._settle(manager, finished=False)

    async def after_pass(self, manager: Manager, recorded: Recorded) -> None:
        """Confirm this version, or hand over to another: the last action of a pass.

        Raises ManagerUnreachableError.
        """
        if self._handed_over:
            return
        await self._settle(manager, finished=True)
        if self._scene is not None:
            last = read_upgrade(self._scene.record)
            if last is not None and last.phase is Phase.READY:
                await self._hand_over(self._scene, last, manager, recorded)
                return
            self._follow_pin(self._scene, last)
        elif self._account.settings.unitward_version:
            self._tell_elsewhere()

    async def close(self) -> None:
        """Give up what is being prepared."""
        if self._preparing is not None:
            self._preparing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._preparing

    async def _settle(self, manager: Manager, *, finished: bool) -> None:
        if self._scene is None:
            return
        try:
            ended = await settle(
                self._scene, Doors(manager, self._account.files), finished=finished
            )
        except ManagerUnreachableError:
            raise
        except (OSError, UnitwardError) as error:
            logger().error(f"an upgrade could not be brought to its end: {error}")
            return
        if ended is not None:
            done = ended.phase is Phase.CONFIRMED
            (logger().info if done else logger().warning)(ended.summary, hint=ended.advice)

    async def _hand_over(
        self, scene: Scene, upgrade: Upgrade, manager: Manager, recorded: Recorded
    ) -> None:
        """Switch to a version that is ready."""
        try:
            if upgrade.previous != scene.running:
                text = f"it was prepared for unitward {upgrade.previous}"
                raise refuse(scene, upgrade, UpgradeError(text))
            if not await is_main_process(manager):
                text = f"the running daemon is not the one of {OWN_UNIT}"
                hint = "end it, then: systemctl --user start unitward.service"
                raise refuse(scene, upgrade, UpgradeError(text, hint=hint))
            logger().info(f"unitward {upgrade.version} takes over from {scene.running}")
            await switch(scene, upgrade, Doors(manager, self._account.files), recorded)
        except ManagerUnreachableError:
            raise
        except UnitwardError as error:
            logger().error(str(error), hint=error.hint)
            self._wait_longer()
        else:
            self._handed_over = True

    def _follow_pin(self, scene: Scene, last: Upgrade | None) -> None:
        """Begin to prepare the pinned version, unless it runs, is shunned, or has to wait."""
        pin = self._account.settings.unitward_version
        if pin != self._pin:
            self._pin, self._pause, self._due = pin, FIRST_PAUSE, 0.0
        if last is not None and last.phase is Phase.UNDONE and last.shunned:
            if pin and is_same_release(last.version, pin):
                return
            with contextlib.suppress(OSError):
                write_upgrade(scene.record, replace(last, shunned=False))
        running = self._preparing is not None and not self._preparing.done()
        if not pin or running or is_same_release(scene.running, pin):
            return
        if asyncio.get_running_loop().time() >= self._due:
            self._preparing = asyncio.create_task(self._prepare(scene, pin))

    async def _prepare(self, scene: Scene, pin: str) -> None:
        from unitward.setup.upgrade.environment import Origin, find_version  # noqa: PLC0415
        from unitward.setup.upgrade.prepare import prepare  # noqa: PLC0415 - rarely needed

        wheels = self._account.settings.unitward_from
        origin = Origin.of(Path(wheels) if wheels is not None else None)
        try:
            try:
                version = await find_version(scene, pin, origin)
            except UnitwardError as error:
                sought = Upgrade(pin, scene.running, Phase.REFUSED, 0.0)
                raise refuse(scene, sought, error) from error
            await prepare(scene, version, origin, logger().info)
        except (OSError, UnitwardError) as error:
            hint = error.hint if isinstance(error, UnitwardError) else ""
            text = f"unitward {pin}, which the configuration asks for, is not put in place: {error}"
            logger().error(text, hint=hint)
            self._wait_longer()
        else:
            self._ask("another version is ready", 0.0)

    def _wait_longer(self) -> None:
        """Leave the pin alone for a while that doubles each time."""
        self._due = asyncio.get_running_loop().time() + self._pause
        self._ask("the pinned version is tried again", self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _tell_elsewhere(self) -> None:
        """Say once that a pin has no effect on a unitward that somebody else installed."""
        pin = self._account.settings.unitward_version
        if pin == self._pin:
            return
        self._pin = pin
        try:
            scene_of(self._account.folders, self._account.env)
        except UpgradeError as error:
            text = f"`unitward_version: {pin}` has no effect: {error}"
            logger().warning(text, hint=error.hint)
