"""An account on a machine and what its person does there."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.system.harness.machine import Machine

Ended = subprocess.CompletedProcess[str]

_LOGOUT_LIMIT_S: Final = 20.0
_WRITE: Final = 'case $0 in */*) mkdir -p "${0%/*}";; esac; cat >"$0"'


@dataclass(frozen=True)
class Session:
    """A login that logind knows of; it lasts until `logout`."""

    process: "subprocess.Popen[bytes]"

    def logout(self) -> None:
        """End the session."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(_LOGOUT_LIMIT_S)


@dataclass(frozen=True)
class Person:
    """An account that exists. Paths are relative to its home."""

    machine: "Machine"
    name: str
    uid: int
    home: str

    def run(self, *command: str, env: Mapping[str, str] | None = None, typed: str = "") -> Ended:
        """Run a command in its home to its end, without a session.

        `env` is what it has besides HOME, USER and PATH, by default XDG_RUNTIME_DIR.
        """
        variables = {"XDG_RUNTIME_DIR": f"/run/user/{self.uid}"} if env is None else env
        moved = ("env", f"--chdir={self.home}", *command)
        return self.machine.run(*moved, user=self.name, env=variables, typed=typed)

    def must(self, *command: str, typed: str = "") -> str:
        """Run a command as `run`; it has to succeed. Return its output."""
        ended = self.run(*command, typed=typed)
        assert ended.returncode == 0, f"{' '.join(command)}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def write(self, path: str, text: str) -> None:
        """Write a file, with the folders above it."""
        self.must("sh", "-ec", _WRITE, path, typed=text)

    def read(self, path: str) -> str:
        """Return what is in a file, "" without one."""
        return self.run("cat", path).stdout

    def has(self, path: str) -> bool:
        """Tell whether something is at the path, a dangling link included."""
        return self.run("stat", path).returncode == 0

    def read_link(self, path: str) -> str:
        """Return where a link leads, "" without one."""
        return self.run("readlink", path).stdout.strip()

    def files(self, path: str = ".") -> set[str]:
        """Return every path below a folder that is not a folder."""
        return set(self.run("find", path, "!", "-type", "d").stdout.splitlines())

    def systemctl(self, *arguments: str) -> str:
        """Return the output of `systemctl --user`, which has to succeed."""
        return self.must("systemctl", "--user", "--no-pager", *arguments)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Return properties of a unit; nothing while there is no manager."""
        wanted = [f"--property={name}" for name in properties]
        shown = self.run("systemctl", "--user", "show", *wanted, "--", unit)
        return dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)

    def is_active(self, unit: str) -> bool:
        """Tell whether the unit is active now."""
        return self.show(unit, "ActiveState") == {"ActiveState": "active"}

    def main_pid(self, unit: str) -> int:
        """Return the process id of a service, 0 without one."""
        return int(self.show(unit, "MainPID").get("MainPID", "0"))

    def has_manager(self) -> bool:
        """Tell whether its user manager runs."""
        return (
            self.machine.run("systemctl", "is-active", f"user@{self.uid}.service").returncode == 0
        )

    def linger(self, *, on: bool) -> None:
        """Have root switch linger; with it, wait until the manager answers."""
        self.machine.must("loginctl", "enable-linger" if on else "disable-linger", self.name)
        if on:
            self.wait_for(self.manager_is_up, "its manager is up")

    def manager_is_up(self) -> bool:
        """Tell whether its user manager has finished its start."""
        state = self.run("systemctl", "--user", "is-system-running").stdout.strip()
        return state in {"running", "degraded"}

    def login(self) -> Session:
        """Log in through PAM and wait until the user manager is up."""
        # A class of its own: without a terminal it would count as a background job's.
        asked = {"XDG_SESSION_CLASS": "user", "XDG_SESSION_TYPE": "tty"}
        shell = self.machine.spawn("su", "--login", self.name, "--command=exec cat", env=asked)
        self.wait_for(self.has_session, "logind has its session")
        self.wait_for(self.manager_is_up, "its manager is up")
        return Session(shell)

    def has_session(self) -> bool:
        """Tell whether logind has a session of a person's for it."""
        shown = self.machine.run("loginctl", "show-user", self.name, "--property=Display")
        return shown.stdout.strip() not in {"", "Display="}

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Return entries that its processes wrote to the journal, the oldest first."""
        return self.machine.journal(f"_UID={self.uid}", *matches)

    def said(self, unit: str) -> str:
        """Return the messages of a user unit in the journal, its manager's about it included."""
        texts = [
            str(entry.get("MESSAGE", "")) for entry in self.journal(f"_SYSTEMD_USER_UNIT={unit}")
        ]
        about = [str(entry.get("MESSAGE", "")) for entry in self.journal(f"USER_UNIT={unit}")]
        return "\n".join([*texts, *about])

    def wait_for(self, predicate: Callable[[], object], what: str) -> None:
        """Wait as the machine does."""
        self.machine.wait_for(predicate, f"{self.name}: {what}")
