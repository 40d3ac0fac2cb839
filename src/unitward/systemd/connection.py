"""One connection to the bus of the user manager: reaching it, calling it, hearing it."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, cast
from urllib.parse import quote

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.errors import AuthError, DBusFastError
from dbus_fast.message import Message

from unitward.errors import (
    ManagerCallError,
    ManagerTimeoutError,
    ManagerUnreachableError,
    UnitwardError,
)
from unitward.systemd.session import explain_unreachable

SERVICE = "org.freedesktop.systemd1"
MANAGER_PATH = "/org/freedesktop/systemd1"
MANAGER = f"{SERVICE}.Manager"
UNIT = f"{SERVICE}.Unit"
PROPERTIES = "org.freedesktop.DBus.Properties"
BUS_SERVICE = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"

CALL_LIMIT_SECONDS = 10.0
_SECONDS_PER_FURTHER_CALL = 0.02


class ErrorName(StrEnum):
    """The D-Bus error names that a caller may want to tell apart (`ManagerCallError.name`)."""

    NO_SUCH_UNIT = f"{SERVICE}.NoSuchUnit"
    UNIT_EXISTS = f"{SERVICE}.UnitExists"
    UNIT_MASKED = f"{SERVICE}.UnitMasked"
    LOAD_FAILED = f"{SERVICE}.LoadFailed"
    BAD_UNIT_SETTING = f"{SERVICE}.BadUnitSetting"
    ONLY_BY_DEPENDENCY = f"{SERVICE}.OnlyByDependency"
    JOB_TYPE_NOT_APPLICABLE = f"{SERVICE}.JobTypeNotApplicable"
    TRANSACTION_IS_DESTRUCTIVE = f"{SERVICE}.TransactionIsDestructive"
    TRANSACTION_ORDER_IS_CYCLIC = f"{SERVICE}.TransactionOrderIsCyclic"
    ALREADY_SUBSCRIBED = f"{SERVICE}.AlreadySubscribed"
    FILE_EXISTS = "org.freedesktop.DBus.Error.FileExists"
    INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"
    LIMITS_EXCEEDED = "org.freedesktop.DBus.Error.LimitsExceeded"
    NO_REPLY = "org.freedesktop.DBus.Error.NoReply"


class Connection:
    """A connected bus on which a systemd user manager answers.

    `on_signal` hears every signal that the match rules let through, `on_end` is called once
    when the connection ends without `close()`. Both are called in the event loop.
    """

    def __init__(
        self,
        bus: MessageBus,
        *,
        on_signal: Callable[[Message], None],
        on_end: Callable[[], None],
        limit_seconds: float,
    ) -> None:
        self._bus = bus
        self._limit = limit_seconds
        self._on_end = on_end
        self._on_signal = on_signal
        self._closing = False
        bus.add_message_handler(self._hear)
        self._watcher = asyncio.create_task(self._wait_for_end())

    @classmethod
    async def open(
        cls,
        env: Mapping[str, str],
        *,
        on_signal: Callable[[Message], None],
        on_end: Callable[[], None],
        limit_seconds: float = CALL_LIMIT_SECONDS,
    ) -> "Connection":
        """Connect to the first address of `env` that answers; nothing is subscribed yet.

        Raises ManagerUnreachableError, with a hint fit for what is missing.
        """
        reasons: list[str] = []
        for address in bus_addresses(env):
            try:
                bus = await _connect(address, limit_seconds)
            except (OSError, AuthError, DBusFastError, ValueError, TimeoutError) as error:
                reasons.append(f"{address}: {_reason(error, limit_seconds)}")
            else:
                return cls(bus, on_signal=on_signal, on_end=on_end, limit_seconds=limit_seconds)
        message, hint = explain_unreachable(env)
        raise ManagerUnreachableError("; ".join([message, *reasons]), hint=hint)

    async def close(self) -> None:
        """Close the socket and end the task that watches it; pending calls fail."""
        self._closing = True
        self._bus.disconnect()
        await self._watcher

    async def call(self, message: Message, *, limit_seconds: float | None = None) -> list[Any]:
        """Send one call and return the body of its reply.

        Raises ManagerCallError, ManagerTimeoutError or ManagerUnreachableError.
        """
        [reply] = await self.call_all([message], limit_seconds=limit_seconds)
        if isinstance(reply, UnitwardError):
            raise reply
        return reply

    async def call_all(
        self, messages: Sequence[Message], *, limit_seconds: float | None = None
    ) -> list[list[Any] | UnitwardError]:
        """Write all calls in order before any reply is awaited; bodies or errors in that order.

        The limit is for the whole batch; by default it grows by 20 ms with every further call.
        """
        if not self._bus.connected:
            return [_lost(message, "it is closed") for message in messages]
        if not messages:
            return []
        if limit_seconds is None:
            limit_seconds = self._limit + _SECONDS_PER_FURTHER_CALL * (len(messages) - 1)
        tasks = [asyncio.create_task(self._bus.call(message)) for message in messages]
        try:
            await asyncio.wait(tasks, timeout=limit_seconds)
        finally:
            for task in tasks:
                task.cancel()
        return [
            _outcome(task, message, limit_seconds)
            for task, message in zip(tasks, messages, strict=True)
        ]

    def _hear(self, message: Message) -> bool:
        if message.message_type is MessageType.SIGNAL:
            self._on_signal(message)
        return False

    async def _wait_for_end(self) -> None:
        # dbus-fast hands over whatever ended the connection: end of file, a reset, its own errors.
        with contextlib.suppress(Exception):
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's gap
        if not self._closing:
            self._on_end()


def bus_addresses(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the addresses to try, as sd_bus_open_user(3) orders them, without repetition."""
    found = [env.get("DBUS_SESSION_BUS_ADDRESS", "")]
    if runtime := env.get("XDG_RUNTIME_DIR"):
        found.append("unix:path=" + quote(f"{runtime}/bus", safe="/-_."))
    return tuple(dict.fromkeys(address for address in found if address))


def manager_call(member: str, signature: str = "", body: Sequence[Any] = ()) -> Message:
    """Build a call of a method of the Manager interface."""
    return Message(
        destination=SERVICE,
        path=MANAGER_PATH,
        interface=MANAGER,
        member=member,
        signature=signature,
        body=list(body),
    )


def one_property(path: str, interface: str, name: str) -> Message:
    """Build the call that reads one property of an object."""
    return Message(
        destination=SERVICE,
        path=path,
        interface=PROPERTIES,
        member="Get",
        signature="ss",
        body=[interface, name],
    )


def all_properties(path: str, interface: str) -> Message:
    """Build the call that reads every property of one interface of an object."""
    return Message(
        destination=SERVICE,
        path=path,
        interface=PROPERTIES,
        member="GetAll",
        signature="s",
        body=[interface],
    )


def bus_call(member: str, signature: str, body: Sequence[Any]) -> Message:
    """Build a call to the bus itself."""
    return Message(
        destination=BUS_SERVICE,
        path=BUS_PATH,
        interface=BUS_SERVICE,
        member=member,
        signature=signature,
        body=list(body),
    )


class _PatientSocket:
    """The sending side of a socket whose full buffer means "later", not "broken".

    dbus-fast 5.2 drops the connection when a send would block, which some 300 pipelined calls
    reach. A send of no bytes makes it wait until the socket is writable again. Other errors
    are left to the reading side, which meets them too and ends the connection in one place.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, data: memoryview) -> int:
        """Send what fits now and return how much that was."""
        try:
            return self._sock.send(data)
        except OSError:
            return 0


class _Bus(MessageBus):
    """dbus-fast's bus, with a writer that can wait."""

    async def connect(self) -> "_Bus":
        """Connect, authenticate and say hello."""
        await super().connect()
        if self._writer is not None and self._sock is not None:
            self._writer.sock = cast("socket.socket", _PatientSocket(self._sock))
        return self


async def _connect(address: str, limit_seconds: float) -> MessageBus:
    async with asyncio.timeout(limit_seconds):
        return await _Bus(bus_address=address).connect()


def _reason(error: Exception, limit_seconds: float) -> str:
    match error:
        case TimeoutError():
            return f"no answer within {limit_seconds:g} s"
        case OSError(errno=int(number)):
            return os.strerror(number)
        case _:
            return str(error) or type(error).__name__


def _outcome(
    task: "asyncio.Task[Message]", message: Message, limit_seconds: float
) -> list[Any] | UnitwardError:
    """Turn what became of a call into its body or into one of our errors."""
    subject = _subject(message)
    if not task.done() or task.cancelled():
        return ManagerTimeoutError(
            f"the user manager did not answer {subject} within {limit_seconds:g} s",
            hint="see what it does: systemctl --user list-jobs",
        )
    if (error := task.exception()) is not None:
        return _lost(message, str(error) or type(error).__name__)
    # Annotated as never None, yet None after an orderly disconnection.
    reply = cast("Message | None", task.result())
    if reply is None:
        return _lost(message, "it was closed")
    if reply.message_type is MessageType.ERROR:
        text = reply.body[0] if reply.body else reply.error_name
        return ManagerCallError(f"{subject}: {text}", name=str(reply.error_name))
    return reply.body


def _lost(message: Message, reason: str) -> ManagerUnreachableError:
    return ManagerUnreachableError(
        f"no connection to the user manager for {_subject(message)}: {reason}",
        hint="is the manager being restarted? try again",
    )


def _subject(message: Message) -> str:
    """Name a call in a message for people: `StartUnit api.service`."""
    first = next((part for part in message.body if isinstance(part, str)), "")
    return f"{message.member} {first}".strip()
