"""A throw-away user manager for each pytest worker, and a clean account in it for each test."""

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from unitward.errors import SandboxError
from unitward.systemd.sandbox import Sandbox, open_sandbox

COMMAND_LIMIT_S = 60.0
_POLL_S = 0.02


class Account:
    """A user's home with a running manager: what unitward works on.

    `env` is the whole environment of its programs. Paths that unitward uses are at their defaults,
    below `home`.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._spawned: list[subprocess.Popen[str]] = []

    @property
    def env(self) -> dict[str, str]:
        """The environment of a program of this user."""
        return dict(self._sandbox.env)

    @property
    def home(self) -> Path:
        """$HOME."""
        return self._sandbox.home

    @property
    def runtime_dir(self) -> Path:
        """$XDG_RUNTIME_DIR."""
        return self._sandbox.runtime_dir

    @property
    def unit_dir(self) -> Path:
        """~/.config/systemd/user."""
        return self._sandbox.unit_dir

    @property
    def desired(self) -> Path:
        """The desired-state folder; it exists and is empty at the start of a test."""
        return self.home / ".config/unitward/desired"

    @property
    def state_home(self) -> Path:
        """The default of $XDG_STATE_HOME."""
        return self.home / ".local/state"

    def run(
        self,
        *command: str,
        typed: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        limit: float = COMMAND_LIMIT_S,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command as this user to its end, for `limit` seconds at most.

        `unitward` as the program is the one under test; `env` is added to the account's; `cwd` is
        the home folder by default.
        """
        return subprocess.run(
            _real(command),
            input=typed,
            env={**self.env, **(env or {})},
            cwd=cwd or self.home,
            check=False,
            capture_output=True,
            text=True,
            timeout=limit,
        )

    def spawn(self, *command: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start a command as `run`; at the end of the test it is killed if it still runs.

        Its output and error output are one pipe, `stdout`.
        """
        process = subprocess.Popen(
            _real(command),
            env={**self.env, **(env or {})},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._spawned.append(process)
        return process

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        """Return the output of `systemctl --user`; with `check`, it has to succeed."""
        ended = self.run("systemctl", "--user", "--no-pager", *arguments)
        if check:
            assert ended.returncode == 0, f"systemctl {' '.join(arguments)}: {ended.stderr}"
        return ended.stdout

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Return the named properties of a unit, or all of them."""
        wanted = [f"--property={name}" for name in properties]
        lines = self.systemctl("show", *wanted, "--", unit).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def units(self, *states: str) -> set[str]:
        """Return the names of loaded units in one of the states (systemctl --state), or of all."""
        wanted = [f"--state={','.join(states)}"] if states else []
        listed = json.loads(self.systemctl("list-units", "--all", "--output=json", *wanted))
        return {unit["unit"] for unit in listed}

    def write(self, path: str, text: str) -> Path:
        """Write a file at a path below the desired-state folder."""
        file = self.desired / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def wait_for(self, predicate: Callable[[], object], what: str, limit: float = 10.0) -> None:
        """Poll until the predicate is true; fail with `what` after `limit` seconds.

        It blocks: in an asynchronous test, `await asyncio.to_thread(account.wait_for, …)`.
        """
        give_up_at = time.monotonic() + limit
        while not predicate():
            if time.monotonic() >= give_up_at:
                pytest.fail(f"not within {limit:g} s: {what}")
            time.sleep(_POLL_S)

    @property
    def manager_pid(self) -> int:
        """The process id of the user manager (unix(7), SO_PEERCRED)."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.runtime_dir / "systemd/private"))
            size = struct.calcsize("3i")
            found = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        return int(struct.unpack("3i", found)[0])

    @property
    def has_bus(self) -> bool:
        """Tell whether the manager boots with a bus."""
        return "DBUS_SESSION_BUS_ADDRESS" in self._sandbox.env

    def give_bus(self) -> None:
        """Have the account's bus listen until its manager ends, as dbus-user-session does."""
        self.systemctl("unmask", "--runtime", "dbus.socket", "dbus.service")
        self.systemctl("start", "dbus.socket")
        assert (self.runtime_dir / "bus").exists()

    def start_manager(self) -> None:
        """Boot the manager after `stop_manager` or `kill_manager`, as a login would."""
        self._sandbox.start_manager()

    def stop_manager(self) -> None:
        """End the manager in order, as the last logout does."""
        self._sandbox.stop_manager()

    def kill_manager(self) -> None:
        """Kill the manager and all of its services, as a power cut does."""
        self._sandbox.kill_manager()

    def end_spawned(self) -> None:
        """Kill what `spawn` started and close its pipes."""
        for process in self._spawned:
            process.kill()
            process.communicate(timeout=COMMAND_LIMIT_S)
        self._spawned.clear()


def _real(command: tuple[str, ...]) -> tuple[str, ...]:
    if command[0] == "unitward":
        return (sys.executable, "-m", *command)
    return command


@pytest.fixture(scope="session")
def manager_session() -> Iterator[Sandbox]:
    """Boot a manager for this worker, nested under the one the tests run beside.

    With UNITWARD_TEST_NO_BUS set it has no bus: every test then goes over the private socket, but
    for those that ask for the fixture `bus`.
    """
    try:
        sandbox = open_sandbox(has_bus=not os.environ.get("UNITWARD_TEST_NO_BUS"))
        with sandbox as booted:
            yield booted
    except SandboxError as error:
        pytest.fail(f"{error}\nThese tests need a user manager of their own: run `make test`.")


@pytest.fixture
def account(manager_session: Sandbox) -> Iterator[Account]:
    """Give an account nobody has used: empty folders and a manager just booted."""
    with fresh_account(manager_session) as made:
        yield made


@pytest.fixture
def bus(account: Account) -> str:
    """Give the address of the account's bus, to a test of what becomes of the bus itself.

    An account that booted without one gets it now.
    """
    if not account.has_bus:
        account.give_bus()
    return f"unix:path={account.runtime_dir}/bus"


@contextmanager
def fresh_account(manager_session: Sandbox) -> Iterator[Account]:
    """Empty the account and boot its manager anew; end what was started in it afterwards.

    Rebooting the manager takes 0.15 s, little more than stopping and removing every unit, and
    leaves no job, timer state, transient unit or variable of what was before.
    """
    manager_session.kill_manager()
    manager_session.empty()
    account = Account(manager_session)
    for folder in (account.unit_dir, account.desired, account.home / "tmp"):
        folder.mkdir(parents=True)
    manager_session.start_manager()
    try:
        yield account
    finally:
        account.end_spawned()
