"""From the manager's signals to events, cheaply where they concern foreign units."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from unitward.errors import ManagerCallError, UnitwardError
from unitward.model.unitstate import JobResult
from unitward.systemd.connection import (
    BUS_PATH,
    BUS_SERVICE,
    MANAGER,
    MANAGER_PATH,
    PROPERTIES,
    SERVICE,
    UNIT,
    Connection,
    ErrorName,
    bus_call,
    manager_call,
    one_property,
)
from unitward.systemd.events import (
    BusAppeared,
    Disconnected,
    Event,
    JobFinished,
    ManagerBack,
    ManagerGone,
    ReloadFinished,
    UnitChanged,
    UnitFilesChanged,
)
from unitward.systemd.jobs import JobTracker
from unitward.systemd.memory import Memory
from unitward.systemd.messages import Message
from unitward.systemd.units import TYPE_INTERFACES, path_of

# Nobody declares a scope: it has no file.
_REMEMBERED: Final = tuple(name for kind, name in TYPE_INTERFACES.items() if kind != "scope")

# UnitNew and UnitRemoved are not asked for: a reload sends both for every unit, and so does
# every look at an inactive one, which would wake us by our own looking.
MATCH_RULES = tuple(
    "type='signal'," + ",".join(f"{key}='{value}'" for key, value in rule.items())
    for rule in (
        {"sender": SERVICE, "interface": MANAGER, "member": "JobRemoved"},
        {"sender": SERVICE, "interface": MANAGER, "member": "Reloading"},
        {"sender": SERVICE, "interface": MANAGER, "member": "UnitFilesChanged"},
        *(
            {
                "sender": SERVICE,
                "interface": PROPERTIES,
                "member": "PropertiesChanged",
                "path_namespace": f"{MANAGER_PATH}/unit",
                "arg0": interface,
            }
            for interface in (*_REMEMBERED, UNIT)
        ),
        {
            "sender": BUS_SERVICE,
            "path": BUS_PATH,
            "interface": BUS_SERVICE,
            "member": "NameOwnerChanged",
            "arg0": SERVICE,
        },
    )
)

JOBS: Final = MATCH_RULES[0]

# On its own socket the manager sends more than was asked for, of what our own looking does, too.
_NEWS: Final = frozenset(
    {"PropertiesChanged", "JobRemoved", "Reloading", "UnitFilesChanged", "NameOwnerChanged"}
)

_State = tuple[str | None, str | None, bytes | None]

_BUS_PATHS: Final = frozenset(
    path_of(name) for name in ("dbus.socket", "dbus.service", "dbus-broker.service")
)


class SignalReader:
    """Turns signals into events; of units and jobs only those watched and tracked make any.

    memory: gets what the signals tell of the units to keep.
    news: grows with everything that is heard of any unit, of jobs and of what is loaded.
    """

    def __init__(self, jobs: JobTracker, memory: Memory) -> None:
        self._jobs = jobs
        self._memory = memory
        self._private = False
        self._kept: dict[str, str] = {}
        self._since = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._listeners: list[Callable[[Event], None]] = []
        self._names: dict[str, str] = {}
        self._watched: frozenset[str] = frozenset()
        self._last: dict[str, _State] = {}
        self._reloading = False
        self.news = 0

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every event from now on."""
        self._listeners.append(listener)

    def watch(self, names: Iterable[str]) -> None:
        """Replace the set of watched units."""
        self._watched = frozenset(names)
        self._names = {path_of(name): name for name in self._watched}
        self._last = {name: state for name, state in self._last.items() if name in self._watched}

    def listen_privately(self) -> None:
        """Take the signals as those of the private socket: there is no bus yet, but may be."""
        self._private = True

    def keep(self, names: Iterable[str]) -> None:
        """Have the last run of these units remembered, too."""
        new = {path_of(name): name for name in names}
        self._kept.update(new)
        self._memory.keep(new.values())

    def drop(self, names: Iterable[str]) -> None:
        """Have units forgotten."""
        for name in names:
            self._kept.pop(path_of(name), None)
            self._memory.drop([name])

    def hear(self, message: Message) -> None:
        """Take one signal."""
        if message.member in _NEWS:
            self.news += 1
        match message.member:
            case "PropertiesChanged":
                self._properties_changed(message.path or "", message.body)
            case "JobRemoved":
                self._job_removed(message.body)
            case "Reloading":
                self._reloading = bool(message.body[0])
                if not self._reloading:
                    self._emit(ReloadFinished())
            case "UnitFilesChanged":
                self._emit(UnitFilesChanged())
            case "NameOwnerChanged" if message.body[0] == SERVICE:
                self._emit(ManagerBack() if message.body[2] else ManagerGone())
            case _:
                pass

    def ended(self) -> None:
        """Take the end of the connection."""
        self._jobs.abandon()
        self._emit(Disconnected())

    def _emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

    def _properties_changed(self, path: str, body: list[Any]) -> None:
        interface, changed, _ = body
        if path in self._kept:
            self._memory.hear(self._kept[path], interface, changed)
        if self._private and path in _BUS_PATHS and interface == UNIT:
            self._bus_changed(changed)
        name = self._names.get(path)
        if name is not None and interface == UNIT and not self._reloading:
            self._unit_changed(name, changed)

    def _bus_changed(self, changed: dict[str, Any]) -> None:
        """Tell when a unit of the bus became active since this connection began."""
        state, entered = changed.get("ActiveState"), changed.get("ActiveEnterTimestampMonotonic")
        if state is None or entered is None or state.value != "active":
            return
        if entered.value > self._since:
            self._since = entered.value
            self._emit(BusAppeared())

    def _unit_changed(self, name: str, changed: dict[str, Any]) -> None:
        active, sub, invocation = (
            changed[key].value if key in changed else None
            for key in ("ActiveState", "SubState", "InvocationID")
        )
        state = (active, sub, invocation)
        if self._last.get(name) != state:
            self._last[name] = state
            self._emit(UnitChanged(name, active, sub))

    def _job_removed(self, body: list[Any]) -> None:
        _job_id, path, unit, word = body
        result = JobResult(word)
        if self._jobs.finish(path, result) or unit in self._watched:
            self._emit(JobFinished(path, unit, result))


async def subscribe(connection: Connection) -> None:
    """Add the match rules, then have the manager send signals; on its own socket it does anyway.

    Raises ManagerCallError where there is a bus without a manager.
    """
    rules = [bus_call("AddMatch", "s", [rule]) for rule in MATCH_RULES]
    await _ask_for_signals(connection, [*rules, manager_call("Subscribe")])


async def hear_own_jobs(connection: Connection) -> None:
    """Have the ends of jobs told that are asked for on this connection, and no more.

    The manager tells them without Subscribe to those who asked for the job, also across a reload
    (job_send_message() in src/core/dbus-job.c; measured on 252). Starting 100 services otherwise
    brings 1,000 further signals, which cost the manager, the bus and us 0.1 s.
    Raises ManagerCallError where there is a bus without a manager.
    """
    calls = [bus_call("AddMatch", "s", [JOBS]), one_property(MANAGER_PATH, MANAGER, "Version")]
    await _ask_for_signals(connection, calls)


async def _ask_for_signals(connection: Connection, calls: list[Message]) -> None:
    if connection.route.private:
        return
    for reply in await connection.call_all(calls):
        match reply:
            case ManagerCallError(name=ErrorName.ALREADY_SUBSCRIBED):
                pass
            case UnitwardError():
                raise reply
            case _:
                pass
