"""Throw-away user managers: a fresh `systemd --user` of its own, gone without a trace afterwards.

As root it gets namespaces of its own and an unprivileged identity (`as_root`); as an ordinary user
it is nested under the user's manager (`nested`).
"""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager

from unitward.errors import SandboxError
from unitward.systemd.sandbox.nested import Sandbox, open_nested, run_nested
from unitward.systemd.sandbox.programs import check_programs

__all__ = ["Sandbox", "open_sandbox", "run_in_sandbox"]


def open_sandbox(*, has_bus: bool = True) -> AbstractContextManager[Sandbox]:
    """Boot a manager nested under this user's own and keep it for the length of a `with` block.

    has_bus: False leaves only the manager's private socket, as without dbus-user-session.
    Raises SandboxError: for root, whose sandboxes are processes of their own (`run_in_sandbox`),
    without a manager to nest under, and when the boot fails.
    """
    check_programs(has_bus=has_bus)
    if os.geteuid() == 0:
        raise SandboxError(
            "root cannot nest a user manager",
            hint="run the program inside a sandbox: `unitward sandbox -- PROGRAM`",
        )
    return open_nested(os.environ, has_bus=has_bus)


def run_in_sandbox(command: Sequence[str], *, has_bus: bool = True) -> int:
    """Run `command` inside a fresh sandbox; return its exit code, 128 + n when signal n ended it.

    has_bus: as for `open_sandbox`.
    Raises SandboxError, with exit code 5 when there is neither root nor a user manager.
    """
    check_programs(has_bus=has_bus)
    if os.geteuid() == 0:
        from unitward.systemd.sandbox.as_root import run_as_root  # noqa: PLC0415

        return run_as_root(command, has_bus=has_bus)
    return run_nested(command, os.environ, has_bus=has_bus)
