"""Waiting for a user manager to come up."""

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from unitward.errors import Exit, SandboxError
from unitward.systemd.sandbox.process import has_ended, stop_is_pending

BOOT_LIMIT_S: Final = 15.0

_POLL_S: Final = 0.03
_TAIL_LINES: Final = 15


class SandboxInterruptedError(SandboxError):
    """Somebody ended the sandbox while it was booting."""

    exit_code = Exit.INTERRUPTED


def wait_until_up(
    pid: int,
    runtime_dir: Path,
    said: Callable[[], str],
    *,
    has_bus: bool,
    become: Sequence[str] = (),
) -> None:
    """Return when the manager `pid` is `running` or `degraded` and its bus, if any, listens.

    `said` returns what the manager last wrote, for the error. `become` begins the command line of
    the question to the manager, which answers only its own user, not root (measured, systemd 252).
    Raises SandboxError when the manager ends or is not up after 15 seconds,
    SandboxInterruptedError on a held signal.
    """
    give_up_at = time.monotonic() + BOOT_LIMIT_S
    state = "not answering"
    while time.monotonic() < give_up_at:
        if stop_is_pending() is not None:
            raise SandboxInterruptedError("the sandbox was ended while its user manager booted")
        if has_ended(pid):
            raise SandboxError(f"the sandbox's user manager ended while booting; {_last(said())}")
        if (runtime_dir / "systemd/private").exists():
            state = _state(runtime_dir, become) or state
            if state in {"running", "degraded"} and (not has_bus or (runtime_dir / "bus").exists()):
                return
        time.sleep(_POLL_S)
    raise SandboxError(
        f"the sandbox's user manager is not up after {BOOT_LIMIT_S:.0f} s (state: {state}); "
        f"{_last(said())}"
    )


def _state(runtime_dir: Path, become: Sequence[str]) -> str:
    try:
        answer = subprocess.run(
            (*become, "systemctl", "--user", "is-system-running"),
            env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(runtime_dir)},
            capture_output=True,
            check=False,
            text=True,
            timeout=BOOT_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return ""
    return answer.stdout.strip()


def _last(text: str) -> str:
    lines = text.strip().splitlines()[-_TAIL_LINES:]
    if not lines:
        return "it wrote nothing"
    return "it last wrote:\n" + "\n".join(f"  {line}" for line in lines)
