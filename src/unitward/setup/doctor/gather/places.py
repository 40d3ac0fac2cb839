"""The account's folders: who may write there, on which file system, how much room is left."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from unitward.config import load_settings
from unitward.errors import ConfigError
from unitward.model.folders import source_folder
from unitward.model.settings import Settings
from unitward.setup.doctor.facts import Account, Place
from unitward.sources.trust import distrust

MOUNTS = Path("/proc/self/mountinfo")
# How blanks are written there.
_OCTAL = re.compile(r"\\([0-7]{3})")


def look_at_places(account: Account) -> tuple[Place, ...]:
    """Look at every folder that unitward reads or writes, and at those on the way to it."""
    folders = account.folders
    try:
        source = source_folder(folders, load_settings(folders.config_file))
    except ConfigError:
        source = source_folder(folders, Settings())
    roles = {
        "home folder": folders.home,
        "unit folder": folders.unit_dir,
        "state folder": folders.ledger.parent,
        "configuration folder": folders.config_file.parent,
        "desired-state folder": source,
    }
    mounts = read_mounts(MOUNTS)
    return tuple(_place(role, path, account, mounts) for role, path in roles.items())


def read_mounts(path: Path) -> dict[str, str]:
    """Return mount point -> file system type (proc_pid_mountinfo(5)); the last one counts."""
    found: dict[str, str] = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        before, _, after = line.partition(" - ")
        point = _OCTAL.sub(lambda sign: chr(int(sign[1], 8)), before.split()[4])
        found[point] = after.split()[0]
    return found


def file_system_of(path: Path, mounts: dict[str, str]) -> str:
    """Return the type of the file system that a path without links lies on."""
    for folder in (path, *path.parents):
        if str(folder) in mounts:
            return mounts[str(folder)]
    return ""


def _place(role: str, path: Path, account: Account, mounts: dict[str, str]) -> Place:
    stands = _nearest(path)
    room = os.statvfs(stands)
    why, hint = _who_else_writes(path, account)
    return Place(
        role=role,
        path=str(path),
        exists=stands == path,
        stands=str(stands),
        is_folder=stands.is_dir(),
        writable=os.access(stands, os.W_OK | os.X_OK),
        read_only=bool(room.f_flag & os.ST_RDONLY),
        file_system=file_system_of(Path(os.path.realpath(stands)), mounts),
        free=room.f_bavail * room.f_frsize,
        free_files=room.f_favail if room.f_files else None,
        distrusted=why,
        distrust_hint=hint,
    )


def _nearest(path: Path) -> Path:
    """Return the path itself, or the nearest one above it, that stands and can be looked at."""
    return next(step for step in (path, *path.parents) if os.path.exists(step))  # noqa: PTH110 - never raises


def _who_else_writes(path: Path, account: Account) -> tuple[str, str]:
    """Return why somebody else could write there or on the way from home, and a hint."""
    for step in _steps(path, account.folders.home):
        try:
            info = step.stat()
        except OSError:
            continue
        why = distrust(info, str(step), account.uid)
        if why is not None:
            return why.reason, why.hint
    return "", ""


def _steps(path: Path, home: Path) -> Iterator[Path]:
    """Yield the folders from home to the path; the path alone where it lies elsewhere."""
    if path.is_relative_to(home):
        yield from reversed([step for step in path.parents if step.is_relative_to(home)])
    yield path
