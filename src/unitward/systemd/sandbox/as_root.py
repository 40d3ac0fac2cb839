"""A sandbox made by root: namespaces of its own, an unprivileged manager and command in them.

The supervisor stays outside and holds the cgroup. Its only child is process 1 of a PID namespace:
the kernel ends everything in there with process 1, and process 1 with the supervisor.
"""

import grp
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from unitward.errors import Exit, SandboxError
from unitward.systemd.sandbox import kernel
from unitward.systemd.sandbox.account import (
    JOURNAL_GROUP,
    Account,
    account_files,
    choose_account,
)
from unitward.systemd.sandbox.boot import wait_until_up
from unitward.systemd.sandbox.bus import withhold_bus
from unitward.systemd.sandbox.cgroup import Slice, delegate, own_slice
from unitward.systemd.sandbox.environment import command_environment, manager_environment
from unitward.systemd.sandbox.journald import NoJournalError, last_messages, start_journal
from unitward.systemd.sandbox.private_root import (
    CGROUP_MOUNT,
    Folders,
    enter_private_root,
    folders_of,
)
from unitward.systemd.sandbox.process import end, signals_held, spawn, tend
from unitward.systemd.sandbox.programs import manager_program
from unitward.systemd.sandbox.ways import open_ways, python_places

_COMMAND_PATIENCE_S: Final = 5.0
_MANAGER_PATIENCE_S: Final = 5.0
_SUPERVISOR_PATIENCE_S: Final = 20.0

_JOIN: Final = 'echo 0 >"$0" && exec "$@"'
"""A shell script that moves itself to a cgroup and becomes its arguments."""


def run_as_root(command: Sequence[str], *, has_bus: bool) -> int:
    """Run `command` in a fresh sandbox and return its exit code (128 + n for signal n).

    Needs CAP_SYS_ADMIN. Raises SandboxError.
    """
    account = choose_account(os.environ)
    with signals_held(), own_slice() as cgroup:
        reader, writer = os.pipe()
        try:
            kernel.unshare(kernel.Namespace.PID)
        except PermissionError as error:
            raise SandboxError(
                f"cannot make a sandbox: {error}",
                hint="root needs CAP_SYS_ADMIN for it (docker run --privileged), "
                "or run it as a user who has a user manager",
            ) from error
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _process_one(writer, lambda: _Inside(account, cgroup, command, has_bus).run())
        os.close(writer)
        code = tend(pid, patience=_SUPERVISOR_PATIENCE_S)
        with os.fdopen(reader, encoding="utf-8") as pipe:
            _raise_reported(pipe.read())
        return code


def _process_one(report: int, run: Callable[[], int]) -> NoReturn:
    code = int(Exit.FAILED)
    try:
        kernel.signal_at_parents_death(signal.SIGKILL)
        code = run()
    except SandboxError as error:
        _report(report, str(error), error.hint, error.exit_code)
    except OSError as error:
        _report(report, f"cannot make a sandbox: {error}", "", Exit.FAILED)
    except BaseException:  # noqa: BLE001  # a forked child must never return into its parent's code
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _report(pipe: int, message: str, hint: str, code: Exit) -> None:
    os.write(pipe, json.dumps([message, hint, code]).encode())


def _raise_reported(text: str) -> None:
    if text:
        message, hint, code = json.loads(text)
        error = SandboxError(message, hint=hint)
        error.exit_code = Exit(code)
        raise error


def _return_to(working_directory: Path) -> None:
    try:
        os.chdir(working_directory)
    except OSError as error:
        raise SandboxError(
            f"the working directory {working_directory} does not exist inside a sandbox",
            hint="run it in another directory; those of /run/user, /run/systemd and /run/log are "
            "the sandbox's own",
        ) from error


@dataclass(frozen=True)
class _Inside:
    """What process 1 does."""

    account: Account
    outer_cgroup: Slice
    command: Sequence[str]
    has_bus: bool

    def run(self) -> int:
        folders = folders_of(self.account)
        working_directory = Path.cwd()
        self._divide_cgroup()
        enter_private_root(self.account, folders, account_files(self.account, folders.home))
        open_ways(self.account, (*python_places(), working_directory))
        _return_to(working_directory)
        journal_gid = grp.getgrnam(JOURNAL_GROUP).gr_gid
        journal = self._start_journal(folders, journal_gid)
        manager = self._start_manager(folders, has_journal=journal is not None)
        try:
            code = self._run_command(folders, self.account.become((journal_gid,)))
        finally:
            end(manager, patience=_MANAGER_PATIENCE_S)
            if journal is not None:
                end(journal, patience=1.0)
        return code

    def _divide_cgroup(self) -> None:
        cgroup = self.outer_cgroup
        cgroup.supervisor.mkdir()
        delegate(cgroup.manager(self.account.uid), self.account.uid, self.account.gid)
        (cgroup.supervisor / "cgroup.procs").write_text("0", encoding="ascii")

    def _start_journal(self, folders: Folders, journal_gid: int) -> int | None:
        environment = {"PATH": os.defpath}
        try:
            return start_journal(environment, journal_gid, folders.own / "journald.log")
        except NoJournalError as error:
            print(f"unitward sandbox: no journal inside: {error}", file=sys.stderr)  # noqa: T201  # process 1 has no caller to tell
            return None

    def _start_manager(self, folders: Folders, *, has_journal: bool) -> int:
        if not self.has_bus:
            withhold_bus(folders.runtime_dir, uid=self.account.uid, gid=self.account.gid)
        log = folders.own / "manager.log"
        pid = self._spawn_in(
            self._cgroup.manager(self.account.uid),
            [*self.account.become(()), str(manager_program()), "--user"],
            manager_environment(
                os.environ,
                user=self.account.name,
                home=folders.home,
                runtime_dir=folders.runtime_dir,
            ),
            output=log,
        )

        def said() -> str:
            printed = log.read_text(encoding="utf-8", errors="replace")
            return printed + (last_messages() if has_journal else "")

        wait_until_up(
            pid,
            folders.runtime_dir,
            said,
            has_bus=self.has_bus,
            become=self.account.become(()),
        )
        return pid

    def _run_command(self, folders: Folders, become: Sequence[str]) -> int:
        cgroup = self._cgroup.command(self.account.uid)
        delegate(cgroup, self.account.uid, self.account.gid)
        pid = self._spawn_in(
            cgroup,
            [*become, *self.command],
            command_environment(
                os.environ,
                user=self.account.name,
                home=folders.home,
                runtime_dir=folders.runtime_dir,
                has_bus=self.has_bus,
            ),
        )
        return tend(pid, patience=_COMMAND_PATIENCE_S)

    @property
    def _cgroup(self) -> Slice:
        return self.outer_cgroup.seen_at(CGROUP_MOUNT)

    def _spawn_in(
        self,
        cgroup: Path,
        command: Sequence[str],
        environment: dict[str, str],
        *,
        output: Path | None = None,
    ) -> int:
        join = ["sh", "-c", _JOIN, str(cgroup / "cgroup.procs")]
        return spawn([*join, *command], environment, output=output)
