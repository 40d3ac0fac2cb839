"""Every trace of a unitward in reach: unit files, marks of others, the daemon's own Python."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from unitward.setup.doctor.facts import Account, Installations
from unitward.setup.doctor.gather.session import OWN_UNIT
from unitward.store.identity import identity
from unitward.store.lock import lock_holder
from unitward.store.unit_files import UnitFiles
from unitward.unitfile.mark import read_mark

# systemd.unit(5), "Load path when running in user mode", as far as files of people stand there.
SHARED_FOLDERS = (
    Path("/etc/systemd/user"),
    Path("/usr/local/share/systemd/user"),
    Path("/usr/local/lib/systemd/user"),
    Path("/usr/lib/systemd/user"),
)


def look_at_installations(account: Account) -> Installations:
    """Look for what could act on the account besides this unitward."""
    folders = account.folders
    data = Path(account.env.get("XDG_DATA_HOME") or folders.home / ".local" / "share")
    own = (folders.unit_dir, data / "systemd" / "user")
    fragments = [folder / OWN_UNIT for folder in (*own, *SHARED_FOLDERS)]
    holder = lock_holder(folders.lock)
    return Installations(
        fragments=tuple(str(path) for path in fragments if path.is_file()),
        strangers=_strangers(folders.unit_dir, identity(account.uid)),
        running=_python_of(holder[0]) if holder else "",
        here=sys.executable,
    )


def _strangers(unit_dir: Path, name: str) -> Mapping[str, tuple[str, ...]]:
    """Return marks that are not of this machine and account -> the files that carry them."""
    files = UnitFiles(unit_dir)
    paths = [*files.fragments()]
    paths += [path for found in files.dropins(frozenset()).values() for path in found]
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        mark = read_mark(files.look(path).content or b"")
        if mark is not None and not mark.installation.startswith(f"{name}-"):
            found.setdefault(mark.installation, []).append(path)
    return {installation: tuple(paths) for installation, paths in found.items()}


def _python_of(pid: int) -> str:
    """Return the whole path a process was started as, "" when it cannot be told."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    program = os.fsdecode(words[0])
    return program if program.startswith("/") else ""
