"""D-Bus messages over a Unix socket: the handshake, calls and their replies, signals.

Spoken with a bus and, without one, with the user manager itself. Of dbus-fast only the coding of
messages is used: its own connecting says Hello to a bus, and the manager is none.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

from unitward.systemd.messages import Message, MessageFlag, MessageType, Unmarshaller

_LONGEST_ANSWER: Final = 512
_UNKNOWN_METHOD: Final = "org.freedesktop.DBus.Error.UnknownMethod"


class Wire:
    """A connected and authenticated socket. Its callbacks run in the event loop.

    on_message hears what is no reply. on_end is called once, with the reason, when the other side
    ends the connection; not after `close`.
    """

    def __init__(
        self,
        sock: socket.socket,
        on_message: Callable[[Message], None],
        on_end: Callable[[Exception], None],
    ) -> None:
        self._sock = sock
        self._on_message = on_message
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._parser = Unmarshaller(None, sock, negotiate_unix_fd=False)
        self._serial = 0
        self._pending: dict[int, asyncio.Future[Message]] = {}
        self._unsent = bytearray()
        self._is_open = True
        self._loop.add_reader(sock, self._read)

    @classmethod
    async def open(
        cls,
        address: str,
        on_message: Callable[[Message], None],
        on_end: Callable[[Exception], None],
    ) -> "Wire":
        """Connect to the first part of a D-Bus address that answers, as the user who runs this.

        Raises OSError (EACCES when the other side does not want this user), ValueError for an
        address that names no Unix socket.
        """
        names = socket_names(address)
        last: OSError = FileNotFoundError(errno.ENOENT, "no address")
        for name in names:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(0)
                await asyncio.get_running_loop().sock_connect(sock, name)
                await _authenticate(sock)
            except OSError as error:
                sock.close()
                last = error
            except BaseException:
                sock.close()
                raise
            else:
                return cls(sock, on_message, on_end)
        raise last

    @property
    def is_open(self) -> bool:
        """Tell whether calls can be made."""
        return self._is_open

    def call_all(self, messages: Iterable[Message]) -> list["asyncio.Future[Message]"]:
        """Send calls in order; each reply, an error reply too, ends its future.

        When the connection ends first, the future raises OSError or EOFError.
        """
        futures: list[asyncio.Future[Message]] = []
        for message in messages:
            self._serial += 1
            message.serial = self._serial
            future = self._loop.create_future()
            self._pending[self._serial] = future
            futures.append(future)
            self._unsent += message._marshall(False)  # noqa: FBT003, SLF001 - its only way to bytes
        self._write()
        return futures

    def close(self) -> None:
        """Close the socket; pending calls fail. Closing twice is no error."""
        self._finish(ConnectionAbortedError("it was closed"))

    def _read(self) -> None:
        try:
            while self._is_open and (message := self._parser.unmarshall()) is not None:
                self._take(message)
        except Exception as error:  # noqa: BLE001 - whatever ended the stream, nothing more comes
            was_open = self._is_open
            self._finish(error)
            if was_open:
                self._on_end(error)

    def _take(self, message: Message) -> None:
        match message.message_type:
            case MessageType.METHOD_RETURN | MessageType.ERROR:
                future = self._pending.pop(message.reply_serial or 0, None)
                if future is not None and not future.done():
                    future.set_result(message)
            case MessageType.METHOD_CALL:
                if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
                    self._refuse(message)
            case _:
                self._pass_on(message)

    def _pass_on(self, message: Message) -> None:
        try:
            self._on_message(message)
        except Exception as error:  # noqa: BLE001 - a listener's fault must not end the connection
            context = {"message": f"cannot take {message.member}", "exception": error}
            self._loop.call_exception_handler(context)

    def _refuse(self, call: Message) -> None:
        self._serial += 1
        answer = Message.new_error(call, _UNKNOWN_METHOD, "this program offers nothing")
        answer.serial = self._serial
        self._unsent += answer._marshall(False)  # noqa: FBT003, SLF001 - as in call_all
        self._write()

    def _write(self) -> None:
        """Send what fits now, and the rest when the socket takes it.

        Errors are left to the reading side, which meets them too: the end is in one place.
        """
        waited = len(self._unsent)
        if not self._is_open:
            return
        try:
            sent = self._sock.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            sent = waited
        del self._unsent[:sent]
        if self._unsent:
            self._loop.add_writer(self._sock, self._write)
        else:
            self._loop.remove_writer(self._sock)

    def _finish(self, error: Exception) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        self._unsent.clear()
        for future in self._pending.values():
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be waiting for it any more
        self._pending.clear()


def socket_names(address: str) -> list[bytes]:
    """Return the Unix sockets of a D-Bus address (D-Bus specification, Server Addresses).

    Raises ValueError where there is none.
    """
    names: list[bytes] = []
    for part in address.split(";"):
        transport, _, rest = part.partition(":")
        pairs = dict(pair.partition("=")[::2] for pair in rest.split(",") if pair)
        if transport == "unix" and "path" in pairs:
            names.append(unquote_to_bytes(pairs["path"]))
        elif transport == "unix" and "abstract" in pairs:
            names.append(b"\0" + unquote_to_bytes(pairs["abstract"]))
    if not names:
        raise ValueError("not the address of a Unix socket")
    return names


async def _authenticate(sock: socket.socket) -> None:
    """Say who we are; the kernel vouches for it (D-Bus specification, EXTERNAL).

    BEGIN goes out before the answer is read. The manager parses it together with what comes in
    the same breath; a first call that came along would lie there until more came (measured: 172
    of 200 first calls were lost).
    """
    loop = asyncio.get_running_loop()
    uid = str(os.getuid()).encode().hex()
    await loop.sock_sendall(sock, f"\0AUTH EXTERNAL {uid}\r\nBEGIN\r\n".encode())
    answer = bytearray()
    # Byte by byte: messages may follow the line at once.
    while not answer.endswith(b"\r\n"):
        byte = await loop.sock_recv(sock, 1)
        if not byte:
            raise ConnectionResetError(errno.ECONNRESET, "closed during the handshake")
        answer += byte
        if len(answer) > _LONGEST_ANSWER:
            raise ConnectionAbortedError("it does not speak D-Bus")
    if answer.startswith(b"REJECTED"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if not answer.startswith(b"OK "):
        raise ConnectionAbortedError(f"it answered {bytes(answer)!r}")
