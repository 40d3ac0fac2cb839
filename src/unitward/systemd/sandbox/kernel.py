"""The Linux calls that Python 3.11 has no function for."""

import ctypes
import os
from enum import IntFlag
from pathlib import Path

_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Namespace(IntFlag):
    """What `unshare` separates (unshare(2))."""

    MOUNT = 0x00020000
    PID = 0x20000000


class Mount(IntFlag):
    """How `mount` mounts (mount(2))."""

    PLAIN = 0
    NOSUID = 2
    NODEV = 4
    BIND = 4096
    RECURSIVE = 16384
    PRIVATE = 1 << 18


def unshare(what: Namespace) -> None:
    """Leave the given namespaces; with `PID`, the next child becomes process 1 of a new one.

    Raises OSError.
    """
    if _libc.unshare(ctypes.c_int(what)) != 0:
        raise _os_error(f"unshare {what.name}")


def mount(
    source: str | Path, target: Path, fstype: str = "", how: Mount = Mount.PLAIN, options: str = ""
) -> None:
    """Mount `source` on `target`; the new mount may be visible outside (see `unshare`).

    Raises OSError.
    """
    failed = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        fstype.encode() or None,
        ctypes.c_ulong(how),
        options.encode() or None,
    )
    if failed:
        raise _os_error(f"mount on {target}")


def signal_at_parents_death(signal: int) -> None:
    """Have the kernel send `signal` to this process when its parent ends, however it ends.

    Raises OSError.
    """
    if _libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal), 0, 0, 0) != 0:
        raise _os_error("prctl PR_SET_PDEATHSIG")


def _os_error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
