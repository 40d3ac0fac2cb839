"""The daemon's connection to the user manager: made, lost, made again."""

import asyncio
import contextlib
from collections.abc import Callable

from unitward.errors import UnitwardError
from unitward.reconcile.account import Account
from unitward.systemd.events import Event
from unitward.systemd.manager import Manager
from unitward.systemd.memory import Memory
from unitward.telemetry.log import logger

GONE = "the user manager is gone; waiting for it"
RECONNECT_FIRST, RECONNECT_LONGEST = 0.2, 10.0


class Contact:
    """Knows the manager there is now, and why another connection to it is needed.

    memory: of units that are down, for all connections. on_event: hears every connection.
    lost: why a new connection is needed, "" while this one is good.
    """

    def __init__(self, account: Account, memory: Memory, on_event: Callable[[Event], None]) -> None:
        self._account = account
        self._memory = memory
        self._on_event = on_event
        self._manager: Manager | None = None
        self.lost = ""

    @property
    def manager(self) -> Manager:
        """The manager of the newest connection; there is one after `connect`."""
        assert self._manager is not None
        return self._manager

    @property
    def way(self) -> str:
        """How the manager is reached, where that is not by the bus."""
        private = self._manager is not None and self._manager.private
        return ", over the private socket of the user manager: there is no bus" if private else ""

    async def connect(self) -> None:
        """Connect. Raises ManagerUnreachableError and ManagerTimeoutError."""
        manager = await Manager.connect(self._account.env, memory=self._memory)
        manager.listen(self._on_event)
        self._manager = manager
        self.lost = ""

    async def reconnect(self, woken: asyncio.Event, is_ending: Callable[[], bool]) -> bool:
        """Connect again, with growing pauses that `woken` ends; False when unitward ends first."""
        if self._manager is not None:
            await self.close()
            tell = logger().warning if self.lost == GONE else logger().info
            tell(self.lost)
        pause = RECONNECT_FIRST
        while not is_ending():
            try:
                await self.connect()
            except UnitwardError:
                woken.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), pause)
                pause = min(pause * 2, RECONNECT_LONGEST)
            else:
                logger().info(f"connected to the user manager again{self.way}")
                return True
        return False

    async def close(self) -> None:
        """End the connection, if there is one."""
        if self._manager is not None:
            await self._manager.close()
            self._manager = None
