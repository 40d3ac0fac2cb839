"""The daemon: waits until a pass is due, makes it, publishes its report."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path

from unitward.config import load_settings
from unitward.daemon.contact import GONE, Contact
from unitward.daemon.hearing import Hearing, followed, left_behind
from unitward.daemon.memory import collecting_afterwards, give_back_memory
from unitward.daemon.narrate import Narrator
from unitward.daemon.outdone import give_up
from unitward.daemon.own_changes import OwnChanges
from unitward.daemon.publish import Publisher
from unitward.daemon.pulse import Pulse
from unitward.daemon.triggers import Due, Triggers
from unitward.daemon.upgrades import Upgrades
from unitward.daemon.wake import wake_socket
from unitward.daemon.watches import Watches
from unitward.errors import ConfigError, Exit, ManagerUnreachableError, UnitwardError
from unitward.model.report import Report
from unitward.reconcile.account import Account
from unitward.reconcile.carry_out import carry_out
from unitward.reconcile.one_pass import Considered, consider, look_ahead
from unitward.sources.settle import Settle
from unitward.store.ledger import Ledger
from unitward.store.remembered import read_remembered
from unitward.systemd.events import (
    BusAppeared,
    Disconnected,
    JobFinished,
    ManagerBack,
    ManagerGone,
    UnitChanged,
)
from unitward.systemd.memory import Memory
from unitward.systemd.notify import Notifier, watchdog_seconds
from unitward.telemetry.log import Kind, bind_pass, logger

RETRY_SECONDS = 30.0
BLIND_HINT = f"unitward looks every {RETRY_SECONDS:g} s; `unitward sync` has it look at once"
DROPPED = (
    "the kernel dropped notices of changed files (fs.inotify.max_queued_events): all is read anew"
)
END_SECONDS = 1.0


class Daemon:
    """One account's reconciler in a loop."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self._account = account
        self._ledger = ledger
        self._notifier = Notifier(os.environ)
        self._narrator = Narrator()
        self._woken = asyncio.Event()
        self._ending = asyncio.Event()
        memory = Memory(read_remembered(account.folders.remembered))
        self._contact = Contact(account, memory, self._on_event)
        self._publisher = Publisher(account.folders, ledger, self._notifier)
        self._orphaned = False
        self._passes = 0
        self._hearing = Hearing()
        self._pulse = Pulse()
        self._answers = 0
        self._blind = ""
        settings = account.settings
        self._triggers = Triggers(Settle(settings.settle, settings.settle_cap), settings.resync)
        self._watches: Watches | None = None
        self._upgrades = Upgrades(account, self._ask_later)
        self._own_changes = OwnChanges(account, self._ask_later)

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
        await self._contact.connect()
        await self._upgrades.begin(self._contact.manager)
        await self._own_changes.begin(self._contact.manager, self._ledger)
        dog = asyncio.create_task(self._feed_watchdog())
        self._watches = Watches(
            self._account, self._on_source, self._on_unit_file, self._on_content
        )
        try:
            with wake_socket(self._account.folders.wake, self._on_asked) as trouble:
                if trouble:
                    logger().warning(f"commands cannot wake unitward: {trouble}")
                self._notifier.ready("started")
                watches = f"unitward watches {self._account.source.root}{self._contact.way}"
                logger().info(watches, kind=Kind.STARTED)
                self._triggers.ask("start", time.monotonic())
                await self._loop()
        finally:
            await self._upgrades.close()
            dog.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await dog
            self._watches.close()
            self._publisher.take_back()
            await self._contact.close()
        if self._orphaned:
            return None
        logger().info("unitward ends; units keep running", kind=Kind.STOPPING)
        return Exit.OK

    async def _loop(self) -> None:
        while not self._stopping and not self._orphaned:
            if self._contact.lost:
                await self._unless_ending(self._reconnect())
                continue
            self._woken.clear()
            pause = self._triggers.wait(time.monotonic())
            if pause > 0:
                await self._rest(pause)
                continue
            due = self._triggers.take(time.monotonic())
            self._orphaned = not self._ledger.is_in_place()
            if due is not None and not self._orphaned:
                await self._unless_ending(self._guarded_pass(due))

    async def _rest(self, seconds: float) -> None:
        """Wait until something happens or the time is over; look ahead once the source rests."""
        now = time.monotonic()
        ahead = self._triggers.until_look_ahead(now)
        if ahead == 0:
            self._triggers.looks_ahead(now)
            await self._unless_ending(self._look_ahead())
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                self._woken.wait(), seconds if ahead is None else min(seconds, ahead)
            )

    async def _look_ahead(self) -> None:
        """Have ready what the coming pass will conclude; what goes wrong is told by that pass."""
        with collecting_afterwards(), contextlib.suppress(UnitwardError):
            await look_ahead(self._account, self._contact.manager, self._ledger.read())

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
        self._hearing.pass_begins()
        self._pulse.pass_begins(time.monotonic())
        trigger = "; ".join(due.reasons)
        with bind_pass(self._passes), collecting_afterwards():
            try:
                await self._pass(due, trigger)
            except ManagerUnreachableError:
                self._contact.lost = GONE
            except UnitwardError as error:
                self._narrator.tell_given_up(error)
                self._publisher.tell_given_up(error, self._answers)
                self._triggers.ask("a pass failed", time.monotonic(), RETRY_SECONDS)
            else:
                self._publisher.take_back()
            finally:
                self._pulse.pass_ends()
                self._catch_up()

    async def _pass(self, due: Due, trigger: str) -> None:
        manager, account, ledger = self._contact.manager, self._account, self._ledger
        self._answers = 0  # a pass that cannot read the requests answers none
        self._answers = ledger.passes.newest_request()
        self._hearing.look_begins()
        recorded = give_up(ledger, self._hearing.take_outdone())
        considered = await consider(
            account, manager, recorded, settled=due.settled, looked=due.alone
        )
        considered = await self._own_changes.before_pass(manager, considered)
        manager.watch(considered.observed.units)
        report = await carry_out(considered, account, manager, ledger, stop=lambda: self._stopping)
        left = left_behind(considered.observed.units, report)
        self._hearing.pass_looked({**followed(considered), **left}, report)
        self._narrator.tell(report, trigger)
        self._plan_ahead(considered, report)
        report = self._with_blindness(report)
        self._publisher.publish(report, trigger, self._answers, self._contact.way)
        if not self._stopping and not await self._own_changes.after_pass(manager, report):
            await self._upgrades.after_pass(manager, ledger.read())
        if self._passes == 1 or report.outcomes:
            give_back_memory()

    def _plan_ahead(self, considered: Considered, report: Report) -> None:
        now = time.monotonic()
        later = report.wake_at - time.time()
        self._triggers.set_alarm(now + max(0.0, later) if report.wake_at else 0.0)
        if report.unavailable:
            self._triggers.ask("the source could not be read", now, RETRY_SECONDS)
        assert self._watches is not None
        recorded = self._ledger.read() if report.outcomes else considered.recorded
        self._watches.follow(considered, recorded)

    def _with_blindness(self, report: Report) -> Report:
        """Look again often while changes may go unnoticed; say so in the log once, and in notes."""
        assert self._watches is not None
        if self._watches.take_dropped():
            logger().warning(DROPPED)
        why, resync = self._watches.degraded, self._account.settings.resync
        if why and why != self._blind:
            logger().warning(why, hint=BLIND_HINT)
        self._blind = why
        self._triggers.resync = min(resync, RETRY_SECONDS) if why else resync
        return replace(report, notes=(*report.notes, why)) if why else report

    def _catch_up(self) -> None:
        """Ask for one more pass for what happened during the last one and was not our doing."""
        now = time.monotonic()
        units, paths = self._hearing.pass_ends()
        for unit in units:
            self._triggers.unit_changed(unit, now)
        for path in paths:
            self._look_at(path, now)

    async def _reconnect(self) -> None:
        """Connect again, then make a full pass."""
        if await self._contact.reconnect(self._woken, self._ending.is_set):
            self._triggers.ask("connected again", time.monotonic())

    async def _feed_watchdog(self) -> None:
        """Tell the manager that unitward is alive: the loop runs, and no pass hangs."""
        interval = watchdog_seconds(os.environ, os.getpid())
        while interval is not None:
            if self._pulse.is_alive(time.monotonic()):
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

    def _ask_later(self, reason: str, seconds: float) -> None:
        self._triggers.ask(reason, time.monotonic(), seconds)
        self._woken.set()

    def _on_asked(self) -> None:
        """Make the pass that was asked for, unless one that began since then answers already.

        A ledger that is gone from its place does not hold what was asked for since.
        """
        with contextlib.suppress(UnitwardError):
            asked = self._ledger.passes.newest_request()
            if self._ledger.is_in_place() and asked <= self._answers:
                return
        self._wake("asked for")

    def _on_source(self, heard_at: float) -> None:
        self._triggers.source_changed(heard_at)
        self._woken.set()

    def _on_content(self, path: Path) -> None:
        self._triggers.ask(f"{path} changed", time.monotonic(), self._account.settings.settle)
        self._woken.set()

    def _on_unit_file(self, path: str) -> None:
        if self._hearing.file_touched(path):
            self._look_at(path, time.monotonic())
            self._woken.set()

    def _unit_changed(self, unit: str) -> None:
        self._triggers.unit_changed(unit, time.monotonic())
        self._woken.set()

    def _look_at(self, path: str, now: float) -> None:
        assert self._watches is not None
        owner = self._watches.owner_of(path)
        if owner and self._watches.differs(path):
            self._triggers.unit_changed(owner, now)

    def _on_event(self, event: object) -> None:
        match event:
            case UnitChanged(name=name, active_state=str(active)):
                if self._hearing.unit_changed(name, active):
                    self._unit_changed(name)
            case JobFinished(unit=unit, result=result):
                if self._hearing.job_ended(unit, result):
                    self._unit_changed(unit)
            case BusAppeared():
                self._contact.lost = "there is a bus now: changing over to it"
                self._woken.set()
            case ManagerGone() | ManagerBack() | Disconnected():
                self._contact.lost = GONE
                self._woken.set()
            case _:
                pass
