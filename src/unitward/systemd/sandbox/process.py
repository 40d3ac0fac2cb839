"""Child processes of a sandbox: started with a clean signal state, tended until they end."""

import os
import select
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PASSED_ON: Final = frozenset(
    {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD}
)
"""What `tend` waits for. It has to be blocked meanwhile (`signals_held`)."""

_STOPPING: Final = PASSED_ON - {signal.SIGCHLD}
_FOREVER_S: Final = 3600.0


@contextmanager
def signals_held() -> Iterator[None]:
    """Keep the signals of `tend` pending instead of letting them end this process."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop_is_pending() -> signal.Signals | None:
    """Return a held signal that asks this process to end, if there is one."""
    return next((held for held in _STOPPING if held in signal.sigpending()), None)


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    output: Path | None = None,
) -> int:
    """Start `command` (found on this process's PATH) with no signal blocked; return its pid.

    With `output`, the child reads nothing, appends its output to that file, and leads a session of
    its own, so that Ctrl-C on the terminal does not reach it. Without, it has our files and our
    terminal. Raises OSError.
    """
    actions: list[tuple[int, int, str, int, int] | tuple[int, int, int]] = []
    if output is not None:
        append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
    return os.posix_spawnp(
        command[0],
        list(command),
        environment,
        file_actions=actions,
        setsid=output is not None,
        setsigmask=(),
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
    )


def tend(pid: int, *, patience: float) -> int:
    """Wait for the child `pid` and return its exit code, 128 + n when signal n ended it.

    A signal sent to this process is passed on; what the terminal sends (Ctrl-C) is not, because the
    child gets it from the terminal itself. `patience` is in seconds: a child that has not ended so
    long after the first passed-on signal is killed. Other children are reaped on the way, because
    process 1 of a namespace inherits all orphans. Needs `signals_held`.
    """
    give_up_at = None
    while True:
        left = _FOREVER_S if give_up_at is None else give_up_at - time.monotonic()
        info = signal.sigtimedwait(PASSED_ON, max(left, 0.0))
        if (code := _reap(pid)) is not None:
            return code
        if give_up_at is not None and time.monotonic() >= give_up_at:
            os.kill(pid, signal.SIGKILL)
            give_up_at = time.monotonic() + _FOREVER_S
        elif info is not None and _is_for_child(info):
            os.kill(pid, signal.SIGTERM)
            give_up_at = give_up_at or time.monotonic() + patience


def _is_for_child(info: signal.struct_siginfo) -> bool:
    if info.si_signo == signal.SIGCHLD:
        return False
    sent_by_kernel = info.si_code > 0
    return info.si_signo == signal.SIGHUP or not sent_by_kernel


def _reap(wanted: int) -> int | None:
    code = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0] != 0:
            if ended[0] == wanted:
                code = os.waitstatus_to_exitcode(ended[1])
    if code is not None and code < 0:
        return 128 - code
    return code


def end(pid: int, *, patience: float) -> bool:
    """Ask the child `pid` to end with SIGTERM and reap it; False after `patience` seconds."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    return wait_for_end(pid, limit=patience)


def wait_for_end(pid: int, *, limit: float) -> bool:
    """Reap the child `pid`; False when it has not ended within `limit` seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(limit * 1000):
            return False
    finally:
        os.close(handle)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
    return True


def has_ended(pid: int) -> bool:
    """Whether the child `pid` has ended; it is reaped then."""
    return wait_for_end(pid, limit=0)
