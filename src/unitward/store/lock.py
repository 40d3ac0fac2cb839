"""One unitward at a time for an account."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from unitward.errors import LockHeldError, UnitwardError

PAUSES = (0.01, 0.05, 0.1)


@contextlib.contextmanager
def hold_lock(path: Path, role: str) -> Iterator[None]:
    """Hold the account's lock; the kernel lets go of it when the process ends.

    role: what the holder is, such as "the daemon", for the message of the one who comes
    second. Raises LockHeldError, or UnitwardError when the lock file cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnitwardError(
            f"{path}: the lock cannot be taken: {error.strerror}",
            hint=f"give your account write access to {path.parent}",
        ) from error
    try:
        if not _take(handle):
            pid, holder = _read_holder(handle)
            raise LockHeldError(f"{holder} (process {pid}) works on this account already", pid=pid)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {role}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    """Take the lock; one that is only being asked about is free again in a moment."""
    for pause in PAUSES:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
        else:
            return True
    return False


def lock_holder(path: Path) -> tuple[int, str] | None:
    """Return process id and role of the one who holds the lock, None when it is free."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(handle)
    else:
        return None
    finally:
        os.close(handle)


def _read_holder(handle: int) -> tuple[int, str]:
    text = os.pread(handle, 200, 0).decode(errors="replace").strip()
    pid, _, role = text.partition(" ")
    return (int(pid) if pid.isdigit() else 0), role or "another unitward"
