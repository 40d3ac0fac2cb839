"""A running daemon on a throw-away account, and eyes on what it does."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from unitward.store.identity import identity
from unitward.store.ledger import open_ledger, read_ledger

LIMIT_S = 20.0
SETTINGS = "stop_grace: 0s\nprune_after: 0s\n"


class Loop:
    """The daemon of an account, started as a service manager would start it.

    It hears the daemon's notifications (sd_notify(3)): each finished pass sends one STATUS.
    """

    def __init__(self, account: Any, folder: Path) -> None:
        self.account = account
        self.log_file = folder / "daemon.log"
        self.said: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._address = f"\0unitward-test-{os.getpid()}-{id(self)}"
        self._socket.bind(self._address)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        while message := self._socket.recv(4096):
            self.said.append(message.decode())

    @property
    def ledger_path(self) -> Path:
        """Where the account's ledger lies."""
        path: Path = self.account.state_home / "unitward/ledger.sqlite"
        return path

    def configure(self, text: str = SETTINGS) -> None:
        """Write config.yaml."""
        path = self.account.home / ".config/unitward/config.yaml"
        path.write_text(text, encoding="utf-8")

    def spawn(self, env: Mapping[str, str] | None = None, command: Sequence[str] = ()) -> None:
        """Start the daemon, by another command where one is given, and wait for nothing."""
        config = self.account.home / ".config/unitward/config.yaml"
        if not config.exists():
            self.configure()
        notify = {"NOTIFY_SOCKET": f"@{self._address[1:]}", "NO_COLOR": "1"}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command or _command("run"),
                env={**self.account.env, **notify, **(env or {})},
                cwd=self.account.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start(self, env: Mapping[str, str] | None = None) -> None:
        """Start the daemon and wait for the end of its first pass."""
        before = self.passes
        self.spawn(env)
        self.until(lambda: self.passes > before or self._ended(), "the first pass ends")
        assert not self._ended(), self.log

    @property
    def runs(self) -> bool:
        """Tell whether the daemon runs."""
        return self._process is not None and self._process.poll() is None

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def passes(self) -> int:
        """How many passes have ended since the first start."""
        return sum("STATUS=" in text and "; revision" in text for text in [*self.said])

    @property
    def log(self) -> str:
        """Everything the daemon logged."""
        return self.log_file.read_text(encoding="utf-8")

    def until(self, predicate: Callable[[], object], what: str, limit: float = LIMIT_S) -> None:
        """Wait for a state of the world."""
        end = time.monotonic() + limit
        while not predicate():
            if time.monotonic() >= end:
                pytest.fail(f"not within {limit:g} s: {what}\n{self.log}")
            time.sleep(0.01)

    def quiet(self, seconds: float) -> bool:
        """Tell whether no pass ends during the next seconds.

        By the ledger, as `sync` has it: the daemon tells its manager of a pass a moment later.
        """
        before = self._last_at()
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._last_at() == before:
            time.sleep(0.02)
        return self._last_at() == before

    def settled(self) -> int:
        """Wait until a second went by without a pass; return how many passes there were."""
        self.until(lambda: self.quiet(1.0), "the daemon becomes quiet")
        return self.passes

    def sync(self) -> dict[str, Any]:
        """Have one pass made now and return what it published."""
        name, unit_dir = identity(os.getuid()), self.account.unit_dir
        told = self.passes
        with open_ledger(self.ledger_path, identity=name, unit_dir=unit_dir) as ledger:
            asked = ledger.passes.ask_for_pass(time.time())
        # A daemon that only starts answers with its first pass.
        with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
            self.nudge()

        def answered() -> bool:
            found = self._last()
            return found is not None and found[2] >= asked and self.passes > told

        self.until(answered, "the pass that was asked for ends")
        return self.report

    @property
    def report(self) -> dict[str, Any]:
        """The last published pass."""
        found = self._last()
        return dict(found[0]) if found else {}

    def nudge(self) -> None:
        """Have the daemon look whether a pass is asked for."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"pass", str(self.account.runtime_dir / "unitward/wake"))

    def _last_at(self) -> float:
        found = self._last()
        return found[1] if found else 0.0

    def _last(self) -> tuple[Mapping[str, Any], float, int] | None:
        ledger = read_ledger(self.ledger_path)
        if ledger is None:
            return None
        with ledger:
            return ledger.passes.last_report()

    def unit(self, name: str) -> dict[str, Any]:
        """Return what the last pass said of a unit."""
        return next((unit for unit in self.report["units"] if unit["name"] == name), {})

    def sync_of(self, name: str) -> str:
        """Return the one word that the last pass had for a unit, "" when it named none."""
        return str(self.unit(name).get("sync", "")) if self.report else ""

    @property
    def generations(self) -> int:
        """How many passes changed the machine."""
        with sqlite3.connect(f"file:{self.ledger_path}?mode=ro", uri=True) as database:
            (count,) = database.execute("SELECT count(*) FROM generations").fetchone()
        database.close()
        return int(count)

    def children_time(self) -> tuple[int, int]:
        """Return the CPU time of the daemon's ended children, and how many it was waited for.

        proc_pid_stat(5): cutime and cstime, in clock ticks; cminflt, their page faults, which
        even the shortest child has.
        """
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[8]), int(fields[13]) + int(fields[14])

    def signal(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        os.kill(self.pid, number)

    def wait(self, limit: float = LIMIT_S) -> int:
        """Wait for the daemon's end; returns its exit code."""
        assert self._process is not None
        try:
            return self._process.wait(limit)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the daemon runs still after {limit:g} s\n{self.log}")

    def stop(self) -> int:
        """End the daemon as `systemctl stop` does; returns its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """Kill the daemon without a chance to end in order."""
        self.signal(signal.SIGKILL)
        self.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ender:
            ender.sendto(b"", self._address)
        self._listener.join()
        self._socket.close()

    def invocation(self, unit: str) -> str:
        """Return the InvocationID of a unit's present or last run, "" for none."""
        return str(self.account.show(unit, "InvocationID").get("InvocationID", ""))

    def invocations(self, *units: str) -> dict[str, str]:
        """Return the InvocationID of each unit."""
        shown = self.account.systemctl("show", "--property=Id,InvocationID", "--", *units)
        blocks = [dict(line.split("=", 1) for line in b.splitlines()) for b in shown.split("\n\n")]
        return {b["Id"]: b["InvocationID"] for b in blocks if b}

    def is_active(self, unit: str) -> bool:
        """Tell whether a unit is active."""
        return bool(self.account.show(unit, "ActiveState")["ActiveState"] == "active")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "unitward", *arguments]


@pytest.fixture
def loop(account: Any, tmp_path: Path) -> Iterator[Loop]:
    """Give a daemon that does not run yet, with short waits in its configuration."""
    made = Loop(account, tmp_path)
    yield made
    made.close()
