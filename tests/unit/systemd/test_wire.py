"""Addresses of Unix sockets, and an other side that does not keep to the rules."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from dbus_fast.message import Message

from unitward.systemd.wire import Wire, socket_names

OK = b"OK 0123456789abcdef0123456789abcdef\r\n"


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("unix:path=/run/user/7/bus", [b"/run/user/7/bus"]),
        ("unix:path=/a%20b,guid=12ab", [b"/a b"]),
        ("unix:guid=12ab,abstract=/tmp/x", [b"\0/tmp/x"]),
        ("tcp:host=localhost,port=1;unix:path=/x", [b"/x"]),
        ("unix:path=/x;unix:abstract=y", [b"/x", b"\0y"]),
        ("unix:path=/%ff", [b"/\xff"]),
    ],
)
def test_socket_names(address: str, names: list[bytes]) -> None:
    """The Unix sockets of an address are found in order, with their escapes undone."""
    assert names == socket_names(address)


@pytest.mark.parametrize(
    "address",
    ["", "garbage", "autolaunch:", "disabled:", "unix:", "unix:tmpdir=/tmp", "tcp:port=1"],
)
def test_no_socket_names(address: str) -> None:
    """An address that names no Unix socket is an error."""
    with pytest.raises(ValueError, match="not the address of a Unix socket"):
        socket_names(address)


@asynccontextmanager
async def other_side(answer: bytes, *, closes: bool = True) -> AsyncIterator[str]:
    """Listen on a socket and answer the handshake with these bytes; yields the address."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        listener.listen()
        listener.settimeout(0)
        taken: list[socket.socket] = []

        async def serve() -> None:
            peer, _ = await loop.sock_accept(listener)
            taken.append(peer)
            said = b""
            while said.count(b"\n") < 2:
                said += await loop.sock_recv(peer, 4096)
            await loop.sock_sendall(peer, answer)
            if closes:
                peer.close()

        serving = asyncio.create_task(serve())
        try:
            yield f"unix:path={folder}/s"
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            for peer in taken:
                peer.close()


async def opened(address: str, ended: list[Exception]) -> Wire:
    """Open a wire that hears nothing."""
    return await Wire.open(address, lambda _: None, ended.append)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"REJECTED EXTERNAL\r\n", PermissionError),
        (b"ERROR\r\n", ConnectionAbortedError),
        (b"OK", ConnectionResetError),
        (b"", ConnectionResetError),
        (b"HTTP/1.1 400 Bad Request" * 100, ConnectionAbortedError),
    ],
)
async def test_a_handshake_that_fails(answer: bytes, error: type[OSError]) -> None:
    """Whatever comes instead of a welcome is an OSError."""
    async with other_side(answer) as address:
        with pytest.raises(error):
            await opened(address, [])


@pytest.mark.parametrize("rest", [b"", b"no message of D-Bus at all, not even nearly"])
async def test_an_end_without_an_order(rest: bytes) -> None:
    """The end of the stream, or nonsense in it, fails the calls and is told once."""
    ended: list[Exception] = []
    async with other_side(OK + rest) as address:
        wire = await opened(address, ended)
        futures = wire.call_all([Message(path="/", interface="a.b", member="C")])
        await asyncio.wait(futures, timeout=5)
        wire.close()

    assert futures[0].exception() is ended[0]
    assert 1 == len(ended)
    assert not wire.is_open


async def test_closing_while_much_is_unsent() -> None:
    """Closing with data that the other side never took fails the calls and tells no end."""
    ended: list[Exception] = []
    async with other_side(OK, closes=False) as address:
        wire = await opened(address, ended)
        body = ["x" * 1_000_000]
        futures = wire.call_all(
            Message(path="/", interface="a.b", member="C", signature="s", body=body)
            for _ in range(5)
        )
        await asyncio.sleep(0)
        wire.close()
        wire.close()

    assert [ConnectionAbortedError] * 5 == [type(future.exception()) for future in futures]
    assert [] == ended


def signal_of(member: str, serial: int) -> bytes:
    """Return a signal as it comes over the wire."""
    message = Message.new_signal("/x", "a.b", member)
    message.serial = serial
    return bytes(message._marshall(False))  # noqa: FBT003 - as in wire.py


async def test_what_follows_the_welcome_at_once_is_heard() -> None:
    """Signals that come in the same breath as the welcome are heard, in order.

    One that a listener cannot take is told to the event loop, and harms none of the others.
    """
    heard: list[str | None] = []
    faults: list[object] = []

    def listen(message: Message) -> None:
        if message.member == "Bad":
            raise KeyError(message.member)
        heard.append(message.member)

    asyncio.get_running_loop().set_exception_handler(lambda _, told: faults.append(told))
    sent = b"".join(signal_of(name, n + 1) for n, name in enumerate(("One", "Bad", "Two")))
    async with other_side(OK + sent, closes=False) as address:
        wire = await Wire.open(address, listen, lambda _: None)
        async with asyncio.timeout(5):
            while len(heard) < 2:  # noqa: ASYNC110 - the list is what is looked at
                await asyncio.sleep(0.01)
        still_open = wire.is_open
        wire.close()

    assert ["One", "Two"] == heard
    assert 1 == len(faults)
    assert still_open
