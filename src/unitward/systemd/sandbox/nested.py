"""A sandbox under the user manager of an ordinary user, which it cannot disturb.

A guard process outlives its maker just long enough to clean up after it, however it ended.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from unitward.errors import Exit, SandboxError
from unitward.systemd.sandbox.boot import wait_until_up
from unitward.systemd.sandbox.bus import withhold_bus
from unitward.systemd.sandbox.claims import claimed, taken_over
from unitward.systemd.sandbox.environment import command_environment, manager_environment
from unitward.systemd.sandbox.process import end, signals_held, spawn, tend, wait_for_end
from unitward.systemd.sandbox.programs import manager_program

_SYSTEMCTL: Final = "systemctl"
_PREFIX: Final = "unitward-sandbox-"
_LONGEST_RUNTIME_DIR: Final = 80  # leaves 27 bytes for the sockets in it (unix(7): 107 in all)
_PATIENCE_S: Final = 5.0
_ANSWER_LIMIT_S: Final = 10.0

_GUARD: Final = """\
cat >/dev/null
systemctl --user kill --signal=KILL "$1-*.scope"
systemctl --user stop "$1-*.scope"
rm -rf -- "$2" || { sleep 0.2; rm -rf -- "$2"; }
"""
"""A shell script that waits for its maker's end, then ends the scopes and removes the folder."""


@dataclass
class Sandbox:
    """A running throw-away user manager.

    `env` is the whole environment for programs that shall talk to it. `home` and `runtime_dir` are
    private to it; `unit_dir` is the folder its fragments are in. Without `has_bus`, its private
    socket is the only way to the manager.
    """

    name: str
    home: Path
    runtime_dir: Path
    env: Mapping[str, str]
    has_bus: bool
    _log: Path
    _outer: Mapping[str, str]
    _manager: int | None = field(default=None)
    _boots: int = field(default=0)

    @property
    def unit_dir(self) -> Path:
        """Where fragments and drop-ins are (systemd.unit(5), user unit search path)."""
        return self.home / ".config/systemd/user"

    def start_manager(self) -> None:
        """Boot the manager; it is up at the return. Raises SandboxError."""
        if self._manager is not None:
            return
        self._boots += 1
        if not self.has_bus:
            withhold_bus(self.runtime_dir)
        environment = manager_environment(
            self._outer, user=_user_name(), home=self.home, runtime_dir=self.runtime_dir
        )
        manager = (*_in(environment), str(manager_program()), "--user")
        self._manager = spawn(
            self.in_scope(f"manager{self._boots}", manager), self._outer, output=self._log
        )
        try:
            wait_until_up(self._manager, self.runtime_dir, self._said, has_bus=self.has_bus)
        except SandboxError:
            self.kill_manager()
            raise

    def stop_manager(self) -> None:
        """End the manager in order: its units are stopped first, for 5 seconds at most."""
        if self._manager is not None and end(self._manager, patience=_PATIENCE_S):
            self._manager = None
        self.kill_manager()

    def kill_manager(self) -> None:
        """Kill the manager, and then all processes of its units: it never hears of their ends."""
        scope = f"{self.name}-manager{self._boots}.scope"
        if self._manager is not None:
            os.kill(self._manager, signal.SIGKILL)
        _outer_systemctl(self._outer, "kill", "--signal=KILL", scope)
        if self._manager is not None:
            wait_for_end(self._manager, limit=_PATIENCE_S)
        _outer_systemctl(self._outer, "stop", scope)
        self._manager = None

    def empty(self) -> None:
        """Remove all that is in its folders; only while no manager runs."""
        for top in (self.home, self.runtime_dir):
            for parent, folders, _ in os.walk(top):
                for name in folders:
                    path = Path(parent, name)
                    if not path.is_symlink():
                        path.chmod(0o700)
            for path in top.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def in_scope(self, purpose: str, command: Sequence[str]) -> list[str]:
        """Return a command line, for the outer environment, that ends with the sandbox."""
        return [
            "systemd-run",
            "--user",
            "--scope",
            "--quiet",
            "--collect",
            f"--description={purpose} of {self.name}",
            f"--unit={self.name}-{purpose}.scope",
            "--property=Delegate=yes",
            "--",
            *command,
        ]

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def open_nested(outer: Mapping[str, str], *, has_bus: bool) -> Iterator[Sandbox]:
    """Boot a manager under the one that `outer`, an environment, leads to.

    At the end of the block, or of this process, all of its processes are killed and its folder is
    removed. Raises SandboxError; its exit code is 5 when there is no manager to nest under.
    """
    outer = _leading_to_manager(outer)
    top = Path(outer["XDG_RUNTIME_DIR"])
    _check_length(top)
    _check_manager(outer)
    for left_over in top.glob(f"{_PREFIX}*"):
        with taken_over(left_over) as abandoned:
            if abandoned:
                _end_guard(_start_guard(left_over, outer))
    with ExitStack() as stack:
        folder = stack.enter_context(
            claimed(lambda: Path(tempfile.mkdtemp(prefix=_PREFIX, dir=top)))
        )
        guard = _start_guard(folder, outer)
        stack.callback(_end_guard, guard)
        sandbox = _lay_out(folder, outer, has_bus=has_bus)
        stack.callback(sandbox.stop_manager)
        sandbox.start_manager()
        yield sandbox


def run_nested(command: Sequence[str], outer: Mapping[str, str], *, has_bus: bool) -> int:
    """Run `command` in a fresh sandbox and return its exit code (128 + n for signal n).

    Raises SandboxError as `open_nested`.
    """
    with signals_held(), open_nested(outer, has_bus=has_bus) as sandbox:
        scoped = sandbox.in_scope("command", (*_in(sandbox.env), *command))
        pid = spawn(scoped, _leading_to_manager(outer))
        return tend(pid, patience=_PATIENCE_S)


def _lay_out(folder: Path, outer: Mapping[str, str], *, has_bus: bool) -> Sandbox:
    home = folder / "home"
    runtime_dir = folder / "run"
    for path in (home, runtime_dir, home / "tmp"):
        path.mkdir(mode=0o700)
    sandbox = Sandbox(
        name=folder.name,
        home=home,
        runtime_dir=runtime_dir,
        env=command_environment(
            outer, user=_user_name(), home=home, runtime_dir=runtime_dir, has_bus=has_bus
        ),
        has_bus=has_bus,
        _log=folder / "manager.log",
        _outer=outer,
    )
    sandbox.unit_dir.mkdir(parents=True)
    return sandbox


def _leading_to_manager(outer: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which XDG_RUNTIME_DIR alone says which manager is meant."""
    runtime_dir = outer.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    others = {name: value for name, value in outer.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    return {**others, "XDG_RUNTIME_DIR": runtime_dir}


def _check_length(top: Path) -> None:
    limit = _LONGEST_RUNTIME_DIR - len(f"/{_PREFIX}12345678/run")
    if len(os.fsencode(top)) > limit:
        raise SandboxError(
            f"XDG_RUNTIME_DIR is too long for a sandbox's sockets below it: {top}",
            hint=f"set it to a path of {limit} bytes at most, or do not nest so deep",
        )


def _check_manager(outer: Mapping[str, str]) -> None:
    answer = _outer_systemctl(outer, "show", "--property=Version", "--value")
    if answer.returncode != 0 or not answer.stdout.strip():
        error = SandboxError(
            "a sandbox needs root or a running user manager, and there is neither: "
            f"{answer.stderr.strip() or 'no answer'}",
            hint="log in as this user (or `sudo loginctl enable-linger $USER`), or use sudo",
        )
        error.exit_code = Exit.NO_MANAGER
        raise error


def _outer_systemctl(
    outer: Mapping[str, str], *arguments: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (_SYSTEMCTL, "--user", *arguments),
        env=outer,
        capture_output=True,
        check=False,
        text=True,
        timeout=_ANSWER_LIMIT_S,
    )


def _start_guard(folder: Path, outer: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ("/bin/sh", "-c", _GUARD, "unitward-sandbox-guard", folder.name, str(folder)),
        env=outer,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def _end_guard(guard: "subprocess.Popen[bytes]") -> None:
    guard.communicate(timeout=_ANSWER_LIMIT_S)


def _in(environment: Mapping[str, str]) -> tuple[str, ...]:
    return ("env", "-i", *(f"{name}={value}" for name, value in environment.items()))


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
