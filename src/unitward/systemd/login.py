"""logind, on the system bus: having an account's user manager start at boot (linger)."""

import asyncio
import os
import pwd
from collections.abc import Mapping
from typing import cast

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.errors import AuthError, DBusFastError
from dbus_fast.message import Message

from unitward.errors import UnitwardError

LIMIT_SECONDS = 10.0
SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"

# Without a polkit that allows org.freedesktop.login1.set-self-linger the bus or logind refuses.
_REFUSALS = frozenset(
    {
        "org.freedesktop.DBus.Error.AccessDenied",
        "org.freedesktop.DBus.Error.AuthFailed",
        "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
    }
)


class NotPermittedError(UnitwardError):
    """The account may not do that itself; the hint is the one command that does it."""


class LoginUnavailableError(UnitwardError):
    """logind does not answer, so nobody can say or change whether an account lingers."""


def linger_command(user: str, *, enabled: bool = True) -> str:
    """Return the command by which an administrator has the user manager start at boot, or not."""
    return f"sudo loginctl {'enable' if enabled else 'disable'}-linger {user}"


async def set_linger(
    uid: int,
    *,
    enabled: bool,
    env: Mapping[str, str] = os.environ,
    limit_seconds: float = LIMIT_SECONDS,
) -> None:
    """Have logind start the user manager of `uid` at boot and keep it after logout, or not.

    Turning it on starts the manager at once if it does not run (org.freedesktop.login1(5),
    SetUserLinger). Nobody is asked for a password. `session.linger_enabled` tells the state
    without the bus.

    env: only DBUS_SYSTEM_BUS_ADDRESS is read, for a bus elsewhere. limit_seconds: for
    connecting and for the call, each.
    Raises NotPermittedError, or LoginUnavailableError when logind cannot be asked.
    """
    user = _user_name(uid)
    bus = await _system_bus(env, limit_seconds)
    try:
        refusal = await _call(bus, _set_user_linger(uid, enabled=enabled), limit_seconds)
        if refusal:
            raise NotPermittedError(
                f"the account {user} may not decide whether its manager starts at boot: {refusal}",
                hint=linger_command(user, enabled=enabled),
            )
    finally:
        bus.disconnect()


def _set_user_linger(uid: int, *, enabled: bool) -> Message:
    # The uid is written out: the default, UINT32_MAX, fails for a caller without a session.
    return Message(
        destination="org.freedesktop.login1",
        path="/org/freedesktop/login1",
        interface="org.freedesktop.login1.Manager",
        member="SetUserLinger",
        signature="ubb",
        body=[uid, enabled, False],
    )


async def _system_bus(env: Mapping[str, str], limit_seconds: float) -> MessageBus:
    address = env.get("DBUS_SYSTEM_BUS_ADDRESS") or SYSTEM_BUS
    try:
        async with asyncio.timeout(limit_seconds):
            return await MessageBus(bus_address=address).connect()
    except TimeoutError:
        raise _unavailable(f"{address} gave no answer within {limit_seconds:g} s") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise _unavailable(f"{address}: {reason}") from error
    except (AuthError, DBusFastError, ValueError) as error:
        raise _unavailable(f"{address}: {error}") from error


async def _call(bus: MessageBus, message: Message, limit_seconds: float) -> str:
    """Make the call and return why it was refused, "" when it was done."""
    try:
        async with asyncio.timeout(limit_seconds):
            # Annotated as never None, yet None after an orderly disconnection.
            reply = cast("Message | None", await bus.call(message))
    except TimeoutError:
        raise _unavailable(f"logind gave no answer within {limit_seconds:g} s") from None
    except (OSError, EOFError, DBusFastError) as error:
        raise _unavailable(f"the connection ended: {error}") from error
    if reply is None:
        raise _unavailable("the connection was closed")
    if reply.message_type is not MessageType.ERROR:
        return ""
    text = str(reply.body[0]) if reply.body else str(reply.error_name)
    if reply.error_name in _REFUSALS:
        return text
    raise _unavailable(text)


def _unavailable(reason: str) -> LoginUnavailableError:
    return LoginUnavailableError(
        f"logind cannot be asked: {reason}",
        hint="where systemd does not run the machine (a container), something else has to start"
        " the user manager",
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
