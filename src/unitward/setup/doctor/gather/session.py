"""The way to the user manager, and what can be read of the journal."""

import asyncio
import contextlib
import os
import stat
from pathlib import Path

from unitward.errors import UnitwardError
from unitward.setup.doctor.facts import Account, Journal, Runtime, Session, Unknown
from unitward.systemd.session import LOGIND_FOLDER, linger_enabled
from unitward.systemd.vitals import Vitals, read_vitals

OWN_UNIT = "unitward.service"
CGROUPS = Path("/sys/fs/cgroup")
LOGIN_DEFS = Path("/etc/login.defs")
SYSTEM_BUS = Path("/run/dbus/system_bus_socket")
JOURNALD_SOCKET = Path("/run/systemd/journal/socket")
PERSISTENT_JOURNAL = Path("/var/log/journal")
VOLATILE_JOURNAL = Path("/run/log/journal")
# Debian's and systemd's own default (login.defs(5), SYS_UID_MAX).
_SYSTEM_UID_MAX = 999


def look_at_session(account: Account) -> Session:
    """Follow the way to the user manager and ask it how it is."""
    # Images of containers bring logind's folders along; what nobody serves has no bus.
    has_logind = LOGIND_FOLDER.is_dir() and SYSTEM_BUS.exists()
    manager = _ask(account)
    control_group = manager.control_group if isinstance(manager, Vitals) else ""
    return Session(
        account=account,
        runtime=_runtime(account),
        has_logind=has_logind,
        lingers=linger_enabled(account.user) if has_logind else None,
        manager=manager,
        controllers=_controllers(account.uid, control_group),
    )


def _runtime(account: Account) -> Runtime:
    folder = account.folders.runtime
    try:
        info = folder.stat()
    except OSError:
        info = None
    return Runtime(
        path=str(folder),
        owner=info.st_uid if info else None,
        mode=stat.S_IMODE(info.st_mode) if info else 0,
        usual_exists=Path(account.usual_runtime).is_dir(),
        has_private_socket=os.path.exists(folder / "systemd" / "private"),  # noqa: PTH110 - never raises for a folder of others
        has_bus=os.path.exists(folder / "bus"),  # noqa: PTH110 - as above
    )


def _ask(account: Account) -> Vitals | Unknown:
    try:
        return asyncio.run(read_vitals(account.env, [OWN_UNIT]))
    except UnitwardError as error:
        return Unknown(str(error))


def _controllers(uid: int, control_group: str) -> frozenset[str] | None:
    """Return what the manager's own cgroup offers; the usual one where it does not tell."""
    usual = f"/user.slice/user-{uid}.slice/user@{uid}.service"
    for group in filter(None, (control_group, usual)):
        for folder in (f"{CGROUPS}{group}", f"{CGROUPS}/unified{group}"):
            with contextlib.suppress(OSError):
                text = Path(folder, "cgroup.controllers").read_text("ascii")
                return frozenset(text.split())
    return None


def look_at_journal(account: Account) -> Journal:
    """Find out which journal files there are and which of them the account may read."""
    files = [
        path for folder in (PERSISTENT_JOURNAL, VOLATILE_JOURNAL) for path in _journals(folder)
    ]
    systems = [path for path in files if path.name == "system.journal"]
    return Journal(
        uid=account.uid,
        user=account.user,
        system_uid_max=system_uid_max(LOGIN_DEFS),
        has_journald=JOURNALD_SOCKET.exists(),
        is_persistent=bool(_journals(PERSISTENT_JOURNAL)) or PERSISTENT_JOURNAL.is_dir(),
        own_file=any(path.name == f"user-{account.uid}.journal" for path in files),
        all_readable=account.uid == 0 or any(os.access(path, os.R_OK) for path in systems),
    )


def _journals(folder: Path) -> list[Path]:
    try:
        return [path for machine in folder.iterdir() for path in machine.glob("*.journal")]
    except OSError:
        return []


def system_uid_max(login_defs: Path) -> int:
    """Return the highest uid of a system account (login.defs(5)), 999 where nothing says."""
    try:
        lines = login_defs.read_text("utf-8", "replace").splitlines()
    except OSError:
        return _SYSTEM_UID_MAX
    for words in map(str.split, lines):
        if len(words) > 1 and words[0] == "SYS_UID_MAX" and words[1].isdecimal():
            return int(words[1])
    return _SYSTEM_UID_MAX
