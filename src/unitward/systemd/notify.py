"""What unitward tells the manager about itself (sd_notify(3)). A side channel: it never raises."""

import contextlib
import socket
import time
from collections.abc import Mapping


class Notifier:
    """Sends datagrams to the `NOTIFY_SOCKET` of an environment; without one it does nothing."""

    def __init__(self, env: Mapping[str, str]) -> None:
        address = env.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the null byte of an abstract socket (sd_notify(3)).
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self, status: str = "") -> None:
        """Say that start-up, or a reload, is finished."""
        self._send("READY=1", *_status(status))

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` must follow."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self, status: str = "") -> None:
        """Say that shutting down has begun."""
        self._send("STOPPING=1", *_status(status))

    def status(self, text: str) -> None:
        """Say in one line, for `systemctl status`, what goes on."""
        self._send(*_status(text))

    def watchdog(self) -> None:
        """Say that the process is alive."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address or not lines:
            return
        message = "\n".join(lines).encode("utf-8", "backslashreplace")
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            sender.settimeout(0)
            sender.sendto(message, self._address)


def watchdog_seconds(env: Mapping[str, str], pid: int) -> float | None:
    """Return within how many seconds the manager wants to hear `watchdog` from process `pid`.

    None when it does not ask this process (sd_watchdog_enabled(3)).
    """
    if env.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    microseconds = env.get("WATCHDOG_USEC", "")
    if not (microseconds.isascii() and microseconds.isdigit()) or not int(microseconds):
        return None
    return int(microseconds) / 1_000_000


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={' '.join(text.split())}",) if text else ()
