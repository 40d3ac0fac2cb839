"""One connection to a user manager, through its bus or to itself: reaching, calling, hearing."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from unitward.errors import (
    ManagerCallError,
    ManagerTimeoutError,
    ManagerUnreachableError,
    UnitwardError,
)
from unitward.model.records import dataclass
from unitward.systemd.messages import Message, MessageType
from unitward.systemd.session import explain_unreachable
from unitward.systemd.wire import Wire

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


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a user manager: a D-Bus address.

    private: the manager's own socket. It broadcasts every signal there, unasked; there are no
    match rules and no bus names, and the manager's end, also when it executes itself anew, is the
    end of the connection (measured on 252).
    """

    address: str
    private: bool = False


class Connection:
    """A connection on which a systemd user manager answers.

    `on_signal` hears every signal that the match rules let through, on the private socket every
    signal there is. `on_end` is called once when the connection ends without `close()`. Both are
    called in the event loop.
    """

    def __init__(self, wire: Wire, route: Route, *, limit_seconds: float) -> None:
        self._wire = wire
        self._limit = limit_seconds
        self.route = route

    @classmethod
    async def open(
        cls,
        env: Mapping[str, str],
        *,
        on_signal: Callable[[Message], None],
        on_end: Callable[[], None],
        begin: Callable[["Connection"], Awaitable[None]] | None = None,
        limit_seconds: float = CALL_LIMIT_SECONDS,
    ) -> "Connection":
        """Connect by the first route of `env` that answers: a bus, else the private socket.

        begin: what makes the connection complete; where it raises ManagerCallError or
        ManagerUnreachableError, the next route is tried. Nothing is subscribed otherwise.
        Raises ManagerUnreachableError, with a hint fit for what is missing.
        """
        reasons: list[str] = []
        for route in routes(env):
            try:
                connection = await cls._through(route, on_signal, on_end, limit_seconds)
            except (OSError, ValueError, UnitwardError) as error:
                reasons.append(f"{route.address}: {_reason(error, limit_seconds)}")
                continue
            try:
                await (begin(connection) if begin else asyncio.sleep(0))
            except (ManagerCallError, ManagerUnreachableError) as error:
                await connection.close()
                reasons.append(f"{route.address}: {error}")
            except BaseException:
                await connection.close()
                raise
            else:
                return connection
        message, hint = explain_unreachable(env)
        raise ManagerUnreachableError("; ".join([message, *reasons]), hint=hint)

    @classmethod
    async def _through(
        cls,
        route: Route,
        on_signal: Callable[[Message], None],
        on_end: Callable[[], None],
        limit_seconds: float,
    ) -> "Connection":
        def hear(message: Message) -> None:
            if message.message_type is MessageType.SIGNAL:
                on_signal(message)

        async with asyncio.timeout(limit_seconds):
            wire = await Wire.open(route.address, hear, lambda _: on_end())
            connection = cls(wire, route, limit_seconds=limit_seconds)
            if not route.private:
                try:
                    await connection.call(bus_call("Hello", "", []))
                except BaseException:
                    wire.close()
                    raise
        return connection

    async def close(self) -> None:
        """Close the socket; pending calls fail."""
        self._wire.close()

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
        if not self._wire.is_open:
            return [_lost(message, "it is closed") for message in messages]
        if not messages:
            return []
        if limit_seconds is None:
            limit_seconds = self._limit + _SECONDS_PER_FURTHER_CALL * (len(messages) - 1)
        replies = self._wire.call_all(messages)
        try:
            await asyncio.wait(replies, timeout=limit_seconds)
        finally:
            for reply in replies:
                reply.cancel()
        return [
            _outcome(reply, message, limit_seconds)
            for reply, message in zip(replies, messages, strict=True)
        ]


def routes(env: Mapping[str, str]) -> tuple[Route, ...]:
    """Return the ways to try, in order: the buses, then the manager's private socket."""
    found = [Route(address) for address in bus_addresses(env)]
    if runtime := env.get("XDG_RUNTIME_DIR"):
        found.append(Route(_socket_address(f"{runtime}/systemd/private"), private=True))
    return tuple(found)


def bus_addresses(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the addresses to try, as sd_bus_open_user(3) orders them, without repetition."""
    found = [env.get("DBUS_SESSION_BUS_ADDRESS", "")]
    if runtime := env.get("XDG_RUNTIME_DIR"):
        found.append(_socket_address(f"{runtime}/bus"))
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
    """Build the call that reads every property of one interface of an object, of all for ""."""
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


def _socket_address(path: str) -> str:
    return "unix:path=" + quote(os.fsencode(path), safe="/-_.")


def _reason(error: Exception, limit_seconds: float) -> str:
    match error:
        case TimeoutError():
            return f"no answer within {limit_seconds:g} s"
        case OSError(errno=int(number)):
            return os.strerror(number)
        case _:
            return str(error) or type(error).__name__


def _outcome(
    answer: "asyncio.Future[Message]", message: Message, limit_seconds: float
) -> list[Any] | UnitwardError:
    """Turn what became of a call into its body or into one of our errors."""
    subject = _subject(message)
    if not answer.done() or answer.cancelled():
        return ManagerTimeoutError(
            f"the user manager did not answer {subject} within {limit_seconds:g} s",
            hint="see what it does: systemctl --user list-jobs",
        )
    if (error := answer.exception()) is not None:
        return _lost(message, str(error) or "it was closed")
    reply = answer.result()
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
