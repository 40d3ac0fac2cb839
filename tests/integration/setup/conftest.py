"""unitward installed on a throw-away account, and eyes on what it leaves there."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess

OWN = "unitward.service"
LIMIT_S = 30.0
# The account is nested in a real one: nobody may make that one linger.
NO_LOGIND = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}

Listing = Mapping[str, tuple[object, ...]]


class Installed:
    """An account on which unitward is, was or will be installed."""

    def __init__(self, account: Any) -> None:
        self.account = account

    @property
    def file(self) -> Path:
        """The own unit file."""
        path: Path = self.account.unit_dir / OWN
        return path

    @property
    def link(self) -> Path:
        """The link by which it starts."""
        path: Path = self.account.unit_dir / "default.target.wants" / OWN
        return path

    @property
    def state(self) -> Path:
        """Where the ledger lies."""
        path: Path = self.account.state_home / "unitward"
        return path

    @property
    def config(self) -> Path:
        """The configuration file."""
        path: Path = self.account.home / ".config/unitward/config.yaml"
        return path

    def unitward(
        self, *arguments: str, env: Mapping[str, str] | None = None, typed: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run unitward to its end."""
        ended: subprocess.CompletedProcess[str] = self.account.run(
            "unitward", *arguments, env={**NO_LOGIND, **(env or {})}, typed=typed, limit=120
        )
        return ended

    def install(self) -> str:
        """Install unitward, which has to succeed; returns what it said."""
        ended = self.unitward("install", "--yes")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def spawn(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start unitward without waiting for its end."""
        process: subprocess.Popen[str] = self.account.spawn("unitward", *arguments, env=NO_LOGIND)
        return process

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit."""
        return str(self.account.show(unit, name)[name])

    def invocation(self, unit: str) -> str:
        """Return which run of a unit this is."""
        return self.show(unit, "InvocationID")

    def is_active(self, unit: str) -> bool:
        """Tell whether a unit runs."""
        return self.show(unit, "ActiveState") == "active"

    @property
    def pid(self) -> int:
        """The daemon's process, 0 for none."""
        return int(self.show(OWN, "MainPID"))

    def until(self, predicate: Callable[[], object], what: str) -> None:
        """Wait for a state of the world."""
        self.account.wait_for(predicate, what, LIMIT_S)

    def listing(self) -> Listing:
        """Return every file, link and folder of the home and of unitward's runtime folder.

        Without the caches, and the lock that keeps two installations apart.
        """
        found: dict[str, tuple[object, ...]] = {}
        for top in (self.account.home, self.account.runtime_dir / "unitward"):
            for path in sorted(top.rglob("*")):
                if ".cache" not in path.parts and path.name != "install.lock":
                    found[str(path)] = _facts(path)
        return found


def _facts(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    if path.is_symlink():
        return ("link", path.readlink())
    if path.is_file():
        return ("file", status.st_mode, hashlib.sha256(path.read_bytes()).hexdigest())
    return ("folder", status.st_mode)


@pytest.fixture
def place(account: Any) -> Installed:
    """Give an account with nothing in its home but what a manager makes there."""
    for folder in (account.desired, account.desired.parent, account.unit_dir):
        folder.rmdir()
    return Installed(account)
