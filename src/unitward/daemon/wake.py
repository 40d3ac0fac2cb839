"""The socket on which commands wake the daemon. It carries no content: a nudge only."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def wake_socket(path: Path, on_wake: Callable[[], None]) -> Iterator[str]:
    """Listen at the path while the context lasts, inside a running event loop.

    Yields why nobody can wake the daemon, "" when all is well: without the socket it
    still sees what was asked at its next pass.
    """
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        receiver.bind(str(path))
    except OSError as error:
        receiver.close()
        yield f"{path}: {error.strerror}"
        return

    def drain() -> None:
        with contextlib.suppress(BlockingIOError):
            while receiver.recv(64):
                pass
        on_wake()

    loop = asyncio.get_running_loop()
    loop.add_reader(receiver.fileno(), drain)
    try:
        yield ""
    finally:
        loop.remove_reader(receiver.fileno())
        receiver.close()
        path.unlink(missing_ok=True)
