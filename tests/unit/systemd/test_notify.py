"""sd_notify: what arrives at the manager's socket, and that nothing of it can fail."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from unitward.systemd.notify import Notifier, watchdog_seconds


@pytest.fixture(params=["path", "abstract"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """Open a socket as the manager has it, and give its NOTIFY_SOCKET value."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        if request.param == "path":
            address = str(tmp_path / "notify")
            sock.bind(address)
        else:
            sock.bind("")
            address = "@" + sock.getsockname()[1:].decode()
        yield sock, address


def test_messages_arrive(receiver: tuple[socket.socket, str]) -> None:
    """Each call is one datagram of KEY=VALUE lines, over file and abstract sockets alike."""
    sock, address = receiver
    notifier = Notifier({"NOTIFY_SOCKET": address})

    notifier.ready("42 units")
    notifier.status("one\ntwo")
    notifier.watchdog()
    notifier.stopping()
    arrived = [sock.recv(4096).decode() for _ in range(4)]

    assert arrived == ["READY=1\nSTATUS=42 units", "STATUS=one two", "WATCHDOG=1", "STOPPING=1"]


def test_reloading_carries_the_time(receiver: tuple[socket.socket, str]) -> None:
    """RELOADING=1 comes with the monotonic time in microseconds that Type=notify-reload needs."""
    sock, address = receiver
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    Notifier({"NOTIFY_SOCKET": address}).reloading()
    first, second = sock.recv(4096).decode().split("\n")

    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) < before + 60_000_000


@pytest.mark.parametrize("address", ["", "/none/at/all", "@none", "relative", "/" + "x" * 300, "@"])
def test_a_broken_socket_does_no_harm(address: str) -> None:
    """No address whatsoever makes a notification raise."""
    Notifier({"NOTIFY_SOCKET": address} if address else {}).ready("\udcff\0")


@pytest.mark.parametrize(
    ("env", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "7"}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
    ],
)
def test_watchdog_period(env: dict[str, str], seconds: float | None) -> None:
    """The period is in seconds, and only for the process that is meant."""
    assert seconds == watchdog_seconds(env, 7)
