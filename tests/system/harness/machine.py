"""A whole Debian, booted from a folder: its power switch, its files, its people."""

import json
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import pytest
from tests.system.harness.nspawn import joined, leader_of, nspawn
from tests.system.harness.person import Person
from tests.system.harness.roots import Image, Root

from unitward.systemd.sandbox.cgroup import own_slice

Ended = subprocess.CompletedProcess[str]

BOOT_LIMIT_S: Final = 60.0
COMMAND_LIMIT_S: Final = 90.0
WAIT_LIMIT_S: Final = 30.0

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENV: Final = {"LANG": "C.UTF-8", "NO_COLOR": "1", "PATH": _PATH, "SYSTEMD_PAGER": ""}
_AS_ROOT: Final = ("env", "--ignore-environment", "HOME=/root", "USER=root", "LOGNAME=root")
_POLL_S: Final = 0.05
_UP: Final = {"running", "degraded"}


class Machine:
    """A machine, switched off at first. Everything it runs is below one cgroup.

    It has no network but loopback. Paths are those inside; `cgroup` is the one it is below.
    """

    def __init__(self, root: Root, cgroup: Path) -> None:
        self._root = root
        self.cgroup = cgroup / "machine"
        # Inside: logind asks for the cgroup of whoever calls it, and 257 refuses one it cannot see.
        self._commands = self.cgroup / "payload/commands.scope"
        self._console = root.path.parent / "console.log"
        self._power: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._entered: list[subprocess.Popen[bytes]] = []
        self.cgroup.mkdir()
        self.give_machine_id()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill everything."""
        if self._power is not None:
            self.power_cut()

    def give_machine_id(self) -> None:
        """Make it another machine; only while it is switched off."""
        assert self._power is None
        path = self._root.path / "etc/machine-id"
        path.write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")

    def put(self, path: str, text: str) -> None:
        """Write a file that belongs to root, also while it is switched off, but not below /run."""
        file = self._root.path / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def copy_in(self, folder: Path, path: str) -> None:
        """Copy a folder from outside to a path that does not exist yet."""
        shutil.copytree(folder, self._root.path / path.removeprefix("/"))

    def boot(self) -> None:
        """Switch it on and wait until systemd is up."""
        assert self._power is None
        with self._console.open("ab") as console:
            self._power = subprocess.Popen(
                joined(self.cgroup, *nspawn(self._root.path, "--boot", "--console=pipe")),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self.wait_for(self._is_up, "the machine is up", limit=BOOT_LIMIT_S)

    def _is_up(self) -> bool:
        assert self._power is not None
        if self._power.poll() is not None:
            self._power = None
            pytest.fail(f"the machine does not boot:\n{self._console.read_text()}")
        self._leader = leader_of(self.cgroup) or 0
        if not self._leader:
            return False
        self._commands.mkdir(exist_ok=True)
        return self.state in _UP

    @property
    def leader(self) -> int:
        """The process id of its systemd as seen from outside."""
        return self._leader

    @property
    def state(self) -> str:
        """What `systemctl is-system-running` says."""
        return self.run("systemctl", "is-system-running").stdout.strip()

    def power_cut(self) -> None:
        """Kill everything at once."""
        (self.cgroup / "cgroup.kill").write_text("1", encoding="ascii")
        self._wait_until_off()

    def power_cut_and_boot(self) -> None:
        """Kill everything at once and boot."""
        self.power_cut()
        self.boot()

    def reboot(self) -> None:
        """Shut down in order and boot."""
        self.shut_down()
        self.boot()

    def shut_down(self) -> None:
        """Shut down in order."""
        self.run("systemctl", "--no-block", "poweroff")
        self._wait_until_off()

    def _wait_until_off(self) -> None:
        assert self._power is not None
        self._power.wait(BOOT_LIMIT_S)
        self._power = None
        for entered in self._entered:
            assert entered.stdin is not None
            entered.stdin.close()
            entered.wait(COMMAND_LIMIT_S)
        self._entered.clear()
        self.wait_for(self._is_off, "the machine is off")

    def _is_off(self) -> bool:
        if Path(f"/proc/{self._leader}").exists():
            return False
        # The cgroup must be empty before the next boot divides it.
        for folder in sorted(self.cgroup.glob("**/*/"), reverse=True):
            with suppress(OSError):
                folder.rmdir()
        return not any(self.cgroup.glob("*/"))

    def run(
        self,
        *command: str,
        user: str = "root",
        env: Mapping[str, str] | None = None,
        typed: str = "",
        limit: float = COMMAND_LIMIT_S,
    ) -> Ended:
        """Run a command inside to its end, as root or without privileges as a user.

        There is no session and no variable of one: what cron or `ssh HOST COMMAND` have at most.
        """
        words = [f"{name}={value}" for name, value in {**_ENV, **(env or {})}.items()]
        become = _AS_ROOT if user == "root" else _becoming(user)
        return subprocess.run(
            self._entering(*become, "env", *words, *command),
            input=typed,
            capture_output=True,
            check=False,
            text=True,
            timeout=limit,
        )

    def spawn(self, *command: str, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Start a command inside as root; it has a pipe for input and writes to the console log."""
        with self._console.open("ab") as console:
            entered = subprocess.Popen(
                self._entering(*command),
                env={**_ENV, **env},
                stdin=subprocess.PIPE,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self._entered.append(entered)
        return entered

    def _entering(self, *command: str) -> tuple[str, ...]:
        enter = ("nsenter", f"--target={self._leader}", "--all", "--wd=/")
        return joined(self._commands, *enter, *command)

    def must(self, *command: str, user: str = "root", typed: str = "") -> str:
        """Run a command as `run`; it has to succeed. Return its output."""
        ended = self.run(*command, user=user, typed=typed)
        assert ended.returncode == 0, f"{' '.join(command)}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def let_managers_go_at_once(self) -> None:
        """Have a user manager end with the last session, not ten seconds later (logind.conf(5))."""
        self.put("/etc/systemd/logind.conf.d/at-once.conf", "[Login]\nUserStopDelaySec=0\n")
        self.must("systemctl", "restart", "systemd-logind.service")

    def new_person(self, name: str) -> Person:
        """Add an account for a person, with a home and no session."""
        self.must("useradd", "--create-home", "--shell=/bin/bash", name)
        return self.person(name)

    def new_service_account(self, name: str) -> Person:
        """Add a system account (uid below 1000) with a home below /var/lib."""
        home = f"/var/lib/{name}"
        self.must("useradd", "--system", "--create-home", f"--home-dir={home}", name)
        return self.person(name)

    def person(self, name: str) -> Person:
        """Return an account that exists."""
        _, _, uid, _, _, home, _ = self.must("getent", "passwd", name).strip().split(":")
        return Person(self, name, int(uid), home)

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Return the journal's entries that match (journalctl(1)), the oldest first."""
        lines = self.must("journalctl", "--output=json", "--no-pager", *matches).splitlines()
        return [json.loads(line) for line in lines]

    def wait_for(
        self, predicate: Callable[[], object], what: str, limit: float = WAIT_LIMIT_S
    ) -> None:
        """Poll until the predicate is true; fail with `what` and what the machine last said."""
        give_up_at = time.monotonic() + limit
        while not predicate():
            if time.monotonic() >= give_up_at:
                pytest.fail(f"not within {limit:g} s: {what}\n{self.last_words()}")
            time.sleep(_POLL_S)

    def last_words(self) -> str:
        """Return the last lines of console and journal."""
        console = self._console.read_text(errors="replace") if self._console.exists() else ""
        journal = ""
        if self._power is not None and self._leader:
            journal = self.run("journalctl", "--no-pager", "--lines=60").stdout
        return f"{console[-2000:]}\n{journal}"


@contextmanager
def machine_of(image: Image, folder: Path) -> Iterator[Machine]:
    """Make a machine below a folder; at the end of the block nothing of it is left."""
    own = Path(tempfile.mkdtemp(prefix="machine-", dir=folder))
    with Root(image, own) as root, own_slice() as cgroup, Machine(root, cgroup.path) as machine:
        yield machine


def _becoming(user: str) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env")
