"""A throw-away account to measure in, its manifests and its daemon."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from unitward.systemd.sandbox import Sandbox

PATIENCE_S = 300.0
CONFIG = "prune_after: 0s\nmax_restarts: 100000\njob_wait: 120s\nresync: 1h\n"
SETTLE_S = 0.1


class Account:
    """A home with its user manager, emptied before each measurement."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._daemon: subprocess.Popen[bytes] | None = None
        self.home = sandbox.home
        self.unit_dir = sandbox.unit_dir
        self.desired = self.home / ".config/unitward/desired"
        self.marks = self.home / "marks"

    @property
    def env(self) -> dict[str, str]:
        """The environment of the account's programs."""
        return {**self._sandbox.env, "NO_COLOR": "1"}

    def reset(self) -> None:
        """Begin anew: no file, no unit, a manager just booted."""
        self.end_daemon()
        self._sandbox.kill_manager()
        self._sandbox.empty()
        for folder in (self.unit_dir, self.desired, self.marks):
            folder.mkdir(parents=True)
        (self.home / ".config/unitward/config.yaml").write_text(CONFIG)
        self._sandbox.start_manager()

    def declare(self, name: str, command: str = "/bin/sleep infinity") -> None:
        """Put the manifest of one service into place, as an editor saves it."""
        text = (
            f"version: 1\nunits:\n  {name}:\n    description: Bench\n"
            f"    Service:\n      ExecStart: {command}\n"
            "    Install:\n      WantedBy: default.target\n"
        )
        draft = self.desired / f".{name}.draft"
        draft.write_text(text)
        draft.rename(self.manifest(name))

    def manifest(self, name: str) -> Path:
        """Return the file that declares a unit."""
        return self.desired / f"{name.removesuffix('.service')}.yaml"

    def unitward(self, *arguments: str) -> str:
        """Run unitward to a good end and return its output."""
        return self.run([sys.executable, "-m", "unitward", *arguments])

    def run(self, command: list[str], typed: str = "", codes: Iterable[int] = (0,)) -> str:
        """Run a program to its end and return its output."""
        ended = subprocess.run(
            command,
            env=self.env,
            cwd=self.home,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        if ended.returncode not in set(codes):
            sys.exit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
        return ended.stdout

    def timed(self, command: list[str], typed: str = "", codes: Iterable[int] = (0,)) -> float:
        """Return how many seconds a program takes as a process."""
        began = time.perf_counter()
        self.run(command, typed, codes)
        return time.perf_counter() - began

    def start_daemon(self) -> None:
        """Start the daemon and wait until it has converged once."""
        with (self.home / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [sys.executable, "-m", "unitward", "run"],
                env=self.env,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wake = self._sandbox.runtime_dir / "unitward/wake"
        self.wait_for(wake.exists, "the daemon listens")
        self.unitward("sync")

    def have_a_pass(self, name: str) -> None:
        """Touch a manifest without changing it, and wait for the pass that this causes.

        `sync` would write to the ledger, which the daemon then has to read anew.
        """
        before = self._published_at()
        os.utime(self.manifest(name))
        self.wait_for(lambda: self._published_at() > before, "a pass is published")

    def _published_at(self) -> float:
        return self._moment("SELECT at FROM last_report")

    def changed_at(self) -> float:
        """When the last pass ended that changed something: wall clock, in seconds."""
        return self._moment("SELECT max(at) FROM generations")

    def _moment(self, query: str) -> float:
        path = self.home / ".local/state/unitward/ledger.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            (at,) = ledger.execute(query).fetchone()
        return float(at)

    def end_daemon(self) -> None:
        """Stop the daemon as systemctl does."""
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGTERM)
            self._daemon.wait(PATIENCE_S)
            self._daemon = None

    @property
    def daemon_pid(self) -> int:
        """The daemon's process id."""
        assert self._daemon is not None
        return self._daemon.pid

    def wait_for(self, predicate: Callable[[], object], what: str, *, every: float = 0.001) -> None:
        """Wait for a state of the world; end the run when it does not come, or cannot any more.

        every: seconds between two looks.
        """
        give_up_at = time.monotonic() + PATIENCE_S
        while not predicate():
            if self._daemon is not None and self._daemon.poll() is not None:
                log = (self.home / "daemon.log").read_text()
                sys.exit(f"the daemon ended before {what}:\n{log[-3000:]}")
            if time.monotonic() > give_up_at:
                sys.exit(f"not within {PATIENCE_S:g} s: {what}")
            time.sleep(every)

    def active(self) -> int:
        """How many of the benchmark's services are active."""
        return self._listed("--state=active")

    def loaded(self) -> int:
        """How many of the benchmark's services the manager knows, in whatever state."""
        return self._listed("--all")

    def _listed(self, which: str) -> int:
        shown = ["systemctl", "--user", "list-units", which, "--output=json", "bench*"]
        return len(json.loads(self.run(shown)))

    def stamp(self, unit: str, name: str) -> float:
        """Return a monotonic timestamp of a unit, in seconds."""
        shown = self.run(["systemctl", "--user", "show", "--value", f"--property={name}", unit])
        return int(shown) / 1e6

    def manager_stamp(self, name: str) -> str:
        """Return a property of the manager as text."""
        return self.run(["systemctl", "--user", "show", "--value", f"--property={name}"]).strip()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all threads of a process (proc(5), schedstat: nanoseconds)."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def children_faults(pid: int) -> int:
    """Return the page faults of ended children: any child at all raises them (proc_pid_stat(5))."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[8])


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB (10^6 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def switches(pid: int) -> int:
    """Return how often the threads of a process went to sleep of their own will."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total
