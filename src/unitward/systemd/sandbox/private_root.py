"""What a sandbox made by root sees of the file system: the machine's, but for a few folders.

Everything here happens in a mount namespace of our own and ends with it.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unitward.systemd.sandbox.account import Account
from unitward.systemd.sandbox.kernel import Mount, Namespace, mount, unshare

CGROUP_MOUNT: Final = Path("/sys/fs/cgroup")

_SYSTEMD: Final = Path("/run/systemd")
_USERS: Final = Path("/run/user")
_RUN: Final = Path("/run")
_COVERED: Final = (_SYSTEMD, _USERS, _RUN / "log", _RUN / "dbus")
_TMPFS: Final = Mount.NOSUID | Mount.NODEV
_MACHINE_ID: Final = Path("/etc/machine-id")
_RESOLVER: Final = _SYSTEMD / "resolve"


@dataclass(frozen=True)
class Folders:
    """The folders of one sandbox. Short paths: a socket's has at most 107 bytes (unix(7))."""

    home: Path
    runtime_dir: Path
    own: Path


def folders_of(account: Account) -> Folders:
    """Return where the folders of the account will be."""
    return Folders(
        home=_USERS / "sandbox-home",
        runtime_dir=_USERS / str(account.uid),
        own=_SYSTEMD / "unitward-sandbox",
    )


def enter_private_root(account: Account, folders: Folders, files: Mapping[Path, str]) -> None:
    """Move this process, first of a PID namespace, to a file system view of its own.

    Private are /proc, /run/systemd (which says that systemd has booted), /run/user, /run/log and
    the system bus (there is none inside); cgroup2 alone is at /sys/fs/cgroup; each of `files` has
    the given text. Raises OSError.
    """
    unshare(Namespace.MOUNT)
    mount("none", Path("/"), how=Mount.RECURSIVE | Mount.PRIVATE)
    mount("proc", Path("/proc"), "proc")
    mount("cgroup2", CGROUP_MOUNT, "cgroup2")
    resolver = os.open(_RESOLVER, os.O_PATH) if _RESOLVER.is_dir() else None
    if not all(folder.is_dir() for folder in _COVERED):
        _rebuild_run()
    for folder in _COVERED:
        mount("tmpfs", folder, "tmpfs", _TMPFS, "mode=755")
    if resolver is not None:
        _RESOLVER.mkdir()
        mount(f"/proc/self/fd/{resolver}", _RESOLVER, how=Mount.BIND)
        os.close(resolver)
    (_SYSTEMD / "system").mkdir()
    folders.own.mkdir(mode=0o700)
    if not _MACHINE_ID.exists():
        _copy_etc(folders.own / "etc")
    for path, text in {**_machine_id(), **files}.items():
        source = folders.own / path.name
        source.write_text(text, encoding="utf-8", errors="surrogateescape")
        source.chmod(0o644)
        mount(source, path, how=Mount.BIND)
    for folder in (folders.runtime_dir, folders.home, folders.home / "tmp"):
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)


def _rebuild_run() -> None:
    """Cover /run by a copy that has every folder we cover; it shows the rest of the real one.

    A folder made in the real one would outlast the sandbox.
    """
    real = os.open(_RUN, os.O_PATH)
    entries = list(os.scandir(_RUN))
    mount("tmpfs", _RUN, "tmpfs", _TMPFS, "mode=755")
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink():
            path.symlink_to(os.readlink(entry.name, dir_fd=real))
            continue
        if entry.is_dir(follow_symlinks=False):
            path.mkdir()
        else:
            path.touch()
        mount(f"/proc/self/fd/{real}/{entry.name}", path, how=Mount.BIND | Mount.RECURSIVE)
    os.close(real)
    for folder in _COVERED:
        if not folder.exists():
            folder.mkdir()


def _machine_id() -> dict[Path, str]:
    known = _MACHINE_ID.read_text(encoding="ascii", errors="replace").strip()
    return {} if len(known) == len(secrets.token_hex(16)) else {_MACHINE_ID: _new_machine_id()}


def _new_machine_id() -> str:
    return f"{secrets.token_hex(16)}\n"


def _copy_etc(copy: Path) -> None:
    """Cover /etc by a copy with a machine id, because a file that is not there cannot be covered.

    A machine id made on the machine itself would outlast the sandbox.
    """
    shutil.copytree("/etc", copy, symlinks=True)
    for path in (Path("/etc"), *Path("/etc").rglob("*")):
        status = path.lstat()
        os.chown(
            copy / path.relative_to("/etc"), status.st_uid, status.st_gid, follow_symlinks=False
        )
    (copy / _MACHINE_ID.name).write_text(_new_machine_id(), encoding="ascii")
    mount(copy, Path("/etc"), how=Mount.BIND)
