"""What the kernel and systemd allow the account: limits, clock, namespaces."""

import contextlib
import ctypes
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from unitward.setup.doctor.facts import Account, Inotify, Machine
from unitward.systemd.directives import load_directives

INOTIFY_LIMITS = Path("/proc/sys/fs/inotify")
_LIMIT_SECONDS = 3.0
# The status bit of adjtimex(2) that says "not synchronized".
_STA_UNSYNC = 0x40
_UNSHARE_FOLDERS = ("/usr/bin/unshare", "/bin/unshare", "/run/current-system/sw/bin/unshare")
_NAMESPACE_KNOBS = (
    ("kernel/unprivileged_userns_clone", "0"),
    ("user/max_user_namespaces", "0"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1"),
)


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2) up to `status`; the kernel writes what lies behind it too."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def look_at_machine(account: Account) -> Machine:
    """Read what holds for every account of the machine, and what of it this one gets."""
    return Machine(
        installed_version=load_directives(None).version,
        run_free=_free(Path("/run/systemd")),
        clock_synchronized=_synchronized(),
        now=time.time(),
        monotonic=time.monotonic(),
        boottime=time.clock_gettime(time.CLOCK_BOOTTIME),
        namespaces=_namespace_refusal(account.env),
    )


def look_at_inotify(account: Account) -> Inotify:
    """Read the limits, and count what the account's processes hold (proc(5), fdinfo)."""
    watches, instances = count_inotify(Path("/proc"), account.uid)
    return Inotify(
        max_watches=int((INOTIFY_LIMITS / "max_user_watches").read_text("ascii")),
        max_instances=int((INOTIFY_LIMITS / "max_user_instances").read_text("ascii")),
        watches=watches,
        instances=instances,
    )


def count_inotify(proc: Path, uid: int) -> tuple[int, int]:
    """Return how many watches and instances the readable processes of the account hold."""
    watches = instances = 0
    for process in proc.iterdir():
        if not process.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if process.stat().st_uid != uid:
                continue
            for handle in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(handle) == "anon_inode:inotify":  # noqa: PTH115 - not a path
                        instances += 1
                        info = (process / "fdinfo" / handle.name).read_text("ascii")
                        watches += info.count("inotify wd:")
    return watches, instances


def _free(path: Path) -> int | None:
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def _synchronized() -> bool | None:
    """Ask the kernel as timedatectl(1) does; None where it cannot be asked."""
    state = _Timex()
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else not state.status & _STA_UNSYNC


def _namespace_refusal(env: Mapping[str, str]) -> str:
    """Return why no user namespace can be made, "" when one was, or when nobody can try."""
    program = next((path for path in _UNSHARE_FOLDERS if Path(path).exists()), "")
    if not program:
        return _forbidding_knob()
    try:
        done = subprocess.run(
            [program, "--user", "--map-current-user", program, "--version"],
            env={"PATH": env.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return _forbidding_knob()
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return _forbidding_knob() or (lines[0] if lines else f"{program} failed")


def _forbidding_knob() -> str:
    """Return the sysctl that forbids user namespaces as `name=value`, "" for none."""
    for path, forbids in _NAMESPACE_KNOBS:
        with contextlib.suppress(OSError):
            if Path("/proc/sys", path).read_text("ascii").strip() == forbids:
                return f"{path.replace('/', '.')}={forbids}"
    return ""
