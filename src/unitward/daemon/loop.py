"""The daemon: waits until a pass is due, makes it, publishes its report."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Coroutine
from pathlib import Path

from unitward.config import load_settings
from unitward.daemon.interest import followed, referable
from unitward.daemon.narrate import Narrator
from unitward.daemon.triggers import Due, Triggers
from unitward.daemon.wake import wake_socket
from unitward.daemon.watches import Watches
from unitward.errors import ConfigError, Exit, ManagerUnreachableError, UnitwardError
from unitward.model.plan import Sync
from unitward.model.report import Report
from unitward.reconcile import Considered, carry_out, consider
from unitward.reconcile.account import Account
from unitward.reconcile.document import report_document
from unitward.sources.settle import Settle
from unitward.store.ledger import Ledger
from unitward.systemd.events import (
    Disconnected,
    JobFinished,
    ManagerBack,
    ManagerGone,
    UnitChanged,
)
from unitward.systemd.manager import Manager
from unitward.systemd.notify import Notifier, watchdog_seconds
from unitward.telemetry.log import Kind, bind_pass, logger

RETRY_SECONDS = 30.0
END_SECONDS = 1.0
UNFINISHED = frozenset({Sync.PENDING, Sync.STARTING, Sync.STOPPING})
RECONNECT_FIRST, RECONNECT_LONGEST = 0.2, 10.0


class Daemon:
    """One account's reconciler in a loop."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self._account = account
        self._ledger = ledger
        self._notifier = Notifier(os.environ)
        self._narrator = Narrator()
        self._woken = asyncio.Event()
        self._ending = asyncio.Event()
        self._lost = False
        self._orphaned = False
        self._passes = 0
        self._working = False
        self._expected: dict[str, str] = {}
        self._unfinished: set[str] = set()
        self._heard: dict[str, str] = {}
        self._ended_jobs: set[str] = set()
        self._touched: set[str] = set()
        settings = account.settings
        self._triggers = Triggers(Settle(settings.settle, settings.settle_cap), settings.resync)
        self._manager: Manager | None = None
        self._watches: Watches | None = None

    async def run(self) -> Exit | None:
        """Run until SIGTERM or SIGINT. Raises ManagerUnreachableError at the start only.

        Returns None when the ledger was removed or replaced: what this daemon would write
        there, nobody would read.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_settings)
        with contextlib.suppress(UnitwardError):
            self._account.files.remove_leftovers()
        await self._connect()
        dog = asyncio.create_task(self._feed_watchdog())
        self._watches = Watches(
            self._account, self._on_source, self._on_unit_file, self._on_content
        )
        try:
            with wake_socket(self._account.folders.wake, self._on_asked) as trouble:
                if trouble:
                    logger().warning(f"commands cannot wake unitward: {trouble}")
                self._notifier.ready("started")
                logger().info(f"unitward watches {self._account.source.root}", kind=Kind.STARTED)
                self._triggers.ask("start", time.monotonic())
                await self._loop()
        finally:
            dog.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await dog
            self._watches.close()
            if self._manager is not None:
                await self._manager.close()
        if self._orphaned:
            return None
        logger().info("unitward ends; units keep running", kind=Kind.STOPPING)
        return Exit.OK

    async def _loop(self) -> None:
        while not self._stopping and not self._orphaned:
            if self._lost:
                await self._unless_ending(self._reconnect())
                continue
            self._woken.clear()
            pause = self._triggers.wait(time.monotonic())
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)
                continue
            due = self._triggers.take(time.monotonic())
            self._orphaned = not self._ledger.is_in_place()
            if due is not None and not self._orphaned:
                await self._unless_ending(self._guarded_pass(due))

    @property
    def _stopping(self) -> bool:
        return self._ending.is_set()

    async def _unless_ending(self, work: Coroutine[None, None, None]) -> None:
        """Await the work; once unitward has to end, it gets a second more and is cut short.

        What was cut short left its intents open: the next start finishes it.
        """
        task = asyncio.create_task(work)
        ending = asyncio.create_task(self._ending.wait())
        await asyncio.wait({task, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=END_SECONDS)
            task.cancel()
        ending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _guarded_pass(self, due: Due) -> None:
        """Make a pass; whatever goes wrong in it is logged and tried again later."""
        self._passes += 1
        self._working = True
        trigger = "; ".join(due.reasons)
        with bind_pass(self._passes):
            try:
                await self._pass(due, trigger)
            except ManagerUnreachableError:
                self._lost = True
            except UnitwardError as error:
                self._narrator.tell_given_up(error)
                self._notifier.status(f"the last pass was given up: {error}")
                self._triggers.ask("a pass failed", time.monotonic(), RETRY_SECONDS)
            finally:
                self._working = False
                self._catch_up()

    async def _pass(self, due: Due, trigger: str) -> None:
        assert self._manager is not None
        manager, account, ledger = self._manager, self._account, self._ledger
        answers = ledger.newest_request()
        self._heard.clear()
        self._ended_jobs.clear()
        recorded = ledger.read()
        considered = await consider(account, manager, recorded, settled=due.settled)
        manager.watch(considered.observed.units)
        report = await carry_out(considered, account, manager, ledger, stop=lambda: self._stopping)
        await manager.ref(referable(considered))
        self._expected = followed(considered)
        self._expected.update({unit.name: unit.active for unit in report.units})
        self._unfinished = {u.name for u in report.units if u.verdict.sync in UNFINISHED}
        self._narrator.tell(report, trigger)
        self._plan_ahead(considered, report)
        self._publish(report, trigger, answers)

    def _publish(self, report: Report, trigger: str, answers: int) -> None:
        document = report_document(report, trigger)
        self._ledger.publish(document, report.finished_at, answers)
        if report.outcomes:
            self._ledger.add_generation(report.finished_at, str(report.revision), trigger, document)
        wrong = sum(u.verdict.sync.value in {"failed", "blocked", "invalid"} for u in report.units)
        text = f"{len(report.units)} units" + (f", {wrong} need attention" if wrong else "")
        self._notifier.status(f"{text}; revision {report.revision}")

    def _plan_ahead(self, considered: Considered, report: Report) -> None:
        now = time.monotonic()
        later = report.wake_at - time.time()
        self._triggers.set_alarm(now + max(0.0, later) if report.wake_at else 0.0)
        if report.unavailable:
            self._triggers.ask("the source could not be read", now, RETRY_SECONDS)
        assert self._watches is not None
        recorded = self._ledger.read() if report.outcomes else considered.recorded
        self._watches.follow(considered, recorded)
        if self._watches.degraded:
            self._triggers.resync = min(self._triggers.resync, RETRY_SECONDS)

    def _catch_up(self) -> None:
        """Ask for one more pass for what happened during the last one and was not our doing."""
        now = time.monotonic()
        for unit, active in self._heard.items():
            if self._expected.get(unit, active) != active:
                self._triggers.unit_changed(unit, now)
        for unit in self._ended_jobs & self._unfinished:
            self._triggers.unit_changed(unit, now)
        for path in self._touched:
            self._look_at(path, now)
        self._touched.clear()

    async def _connect(self) -> None:
        manager = await Manager.connect(self._account.env)
        manager.listen(self._on_event)
        self._manager = manager
        self._lost = False

    async def _reconnect(self) -> None:
        """Connect again with growing pauses, then make a full pass."""
        if self._manager is not None:
            await self._manager.close()
            self._manager = None
            logger().warning("the user manager is gone; waiting for it")
        pause = RECONNECT_FIRST
        while not self._stopping:
            try:
                await self._connect()
            except UnitwardError:
                self._woken.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)
                pause = min(pause * 2, RECONNECT_LONGEST)
            else:
                logger().info("connected to the user manager again")
                self._triggers.ask("connected again", time.monotonic())
                return

    async def _feed_watchdog(self) -> None:
        interval = watchdog_seconds(os.environ, os.getpid())
        while interval is not None:
            self._notifier.watchdog()
            await asyncio.sleep(interval / 2)

    def _stop(self) -> None:
        self._ending.set()
        self._notifier.stopping("ending")
        self._woken.set()

    def _reload_settings(self) -> None:
        self._notifier.reloading()
        path = self._account.folders.config_file
        try:
            settings = load_settings(path)
        except ConfigError as error:
            logger().error(f"the configuration stays as it was: {error}", hint=error.hint)
        else:
            self._account.use(settings)
            self._triggers.use(Settle(settings.settle, settings.settle_cap), settings.resync)
            if self._watches is not None:
                self._watches.restart_source()
        self._notifier.ready("configuration read")
        self._wake("SIGHUP")

    def _wake(self, reason: str) -> None:
        self._triggers.ask(reason, time.monotonic())
        self._woken.set()

    def _on_asked(self) -> None:
        self._wake("asked for")

    def _on_source(self, _: str) -> None:
        self._triggers.source_changed(time.monotonic())
        self._woken.set()

    def _on_content(self, path: Path) -> None:
        self._triggers.ask(f"{path} changed", time.monotonic(), self._account.settings.settle)
        self._woken.set()

    def _on_unit_file(self, path: str) -> None:
        if self._working:
            self._touched.add(path)
        else:
            self._look_at(path, time.monotonic())
            self._woken.set()

    def _look_at(self, path: str, now: float) -> None:
        assert self._watches is not None
        owner = self._watches.owner_of(path)
        if owner and self._watches.differs(path):
            self._triggers.unit_changed(owner, now)

    def _on_event(self, event: object) -> None:
        match event:
            case UnitChanged(name=name, active_state=str(active)):
                self._heard[name] = active
                if not self._working and self._expected.get(name, active) != active:
                    self._expected[name] = active
                    self._triggers.unit_changed(name, time.monotonic())
                    self._woken.set()
            case JobFinished(unit=unit) if self._working:
                self._ended_jobs.add(unit)
            case JobFinished(unit=unit) if unit in self._unfinished:
                self._unfinished.discard(unit)
                self._triggers.unit_changed(unit, time.monotonic())
                self._woken.set()
            case ManagerGone() | ManagerBack() | Disconnected():
                self._lost = True
                self._woken.set()
            case _:
                pass
