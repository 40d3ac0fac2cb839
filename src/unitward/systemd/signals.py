"""From the bus's signals to events, cheaply where they concern foreign units."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dbus_fast.message import Message

from unitward.errors import ManagerCallError, ManagerUnreachableError, UnitwardError
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
)
from unitward.systemd.events import (
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
from unitward.systemd.session import explain_unreachable
from unitward.systemd.units import path_of

# UnitNew and UnitRemoved are not asked for: a reload sends both for every unit, and so does
# every look at an inactive one, which would wake us by our own looking.
MATCH_RULES = tuple(
    "type='signal'," + ",".join(f"{key}='{value}'" for key, value in rule.items())
    for rule in (
        {"sender": SERVICE, "interface": MANAGER, "member": "JobRemoved"},
        {"sender": SERVICE, "interface": MANAGER, "member": "Reloading"},
        {"sender": SERVICE, "interface": MANAGER, "member": "UnitFilesChanged"},
        {
            "sender": SERVICE,
            "interface": PROPERTIES,
            "member": "PropertiesChanged",
            "path_namespace": f"{MANAGER_PATH}/unit",
            "arg0": UNIT,
        },
        {
            "sender": BUS_SERVICE,
            "path": BUS_PATH,
            "interface": BUS_SERVICE,
            "member": "NameOwnerChanged",
            "arg0": SERVICE,
        },
    )
)

_State = tuple[str | None, str | None, bytes | None]


class SignalReader:
    """Turns signals into events; of units and jobs only those watched and tracked make any."""

    def __init__(self, jobs: JobTracker) -> None:
        self._jobs = jobs
        self._listeners: list[Callable[[Event], None]] = []
        self._names: dict[str, str] = {}
        self._watched: frozenset[str] = frozenset()
        self._last: dict[str, _State] = {}
        self._reloading = False

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every event from now on."""
        self._listeners.append(listener)

    def watch(self, names: Iterable[str]) -> None:
        """Replace the set of watched units."""
        self._watched = frozenset(names)
        self._names = {path_of(name): name for name in self._watched}
        self._last = {name: state for name, state in self._last.items() if name in self._watched}

    def hear(self, message: Message) -> None:
        """Take one signal."""
        match message.member:
            case "PropertiesChanged":
                name = self._names.get(message.path or "")
                if name is not None and not self._reloading:
                    self._unit_changed(name, message.body[1])
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


async def subscribe(connection: Connection, env: Mapping[str, str]) -> None:
    """Add the match rules, then have the manager send signals."""
    calls = [bus_call("AddMatch", "s", [rule]) for rule in MATCH_RULES]
    *matches, subscribed = await connection.call_all([*calls, manager_call("Subscribe")])
    for reply in matches:
        if isinstance(reply, UnitwardError):
            raise reply
    match subscribed:
        case ManagerCallError(name=ErrorName.ALREADY_SUBSCRIBED):
            pass
        case ManagerCallError():
            message, hint = explain_unreachable(env)
            raise ManagerUnreachableError(f"{message}: {subscribed}", hint=hint) from subscribed
        case UnitwardError():
            raise subscribed
        case _:
            pass
