"""How unitward's own installation stands: its unit on disk, in the manager, its process."""

import os
import pwd
import time
from pathlib import Path

from unitward.errors import UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.account import Account, recorded_now
from unitward.reconcile.inventory import unmanaged_document
from unitward.setup.layout import Layout, layout_from
from unitward.setup.own_unit import LINK
from unitward.store.lock import lock_holder
from unitward.systemd.manager import Manager

FIELDS = (
    "load_state",
    "active_state",
    "sub_state",
    "fragment_path",
    "transient",
    "main_pid",
    "exec_main_start_timestamp",
    "result",
    "n_restarts",
)
XDG_FOLDERS = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")


@dataclass(frozen=True, slots=True)
class Installation:
    """unitward on this account, as it was looked at.

    unit: what the manager says of the own unit. daemon: (process id, role) of whoever holds
    the account's lock, None for nobody. others: unit files and drop-ins that are not unitward's.
    user: the account's name.
    """

    account: Account
    layout: Layout
    recorded: Recorded
    unit: UnitDetail
    links: tuple[str, ...]
    holder: tuple[int, str] | None
    others: tuple[str, ...]
    user: str

    @property
    def is_running(self) -> bool:
        """Tell whether the own unit runs, or is about to; not one that ends again and again."""
        starts = self.unit.active_state in {"active", "activating", "reloading"}
        return starts and self.unit.sub_state != "auto-restart"

    @property
    def is_down(self) -> bool:
        """Tell whether nothing of the own unit runs, nor will by itself."""
        return self.unit.active_state in {"", "inactive", "failed"}

    @property
    def is_enabled(self) -> bool:
        """Tell whether the own unit starts with the manager."""
        return LINK in self.links

    def short(self, path: Path) -> str:
        """Return a path as people write it, with `~` for the home folder."""
        home = self.account.folders.home
        return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


async def look_at_installation(account: Account, manager: Manager) -> Installation:
    """Look, without an effect. Raises LedgerError and the errors of a Manager."""
    recorded = recorded_now(account)
    detail = (await manager.properties([OWN_UNIT], FIELDS)).get(OWN_UNIT, UnitDetail(OWN_UNIT))
    links = account.files.links()
    unmanaged = unmanaged_document(recorded, account.files)["files"]
    return Installation(
        account=account,
        layout=layout_from(account.env, account.folders.home),
        recorded=recorded,
        unit=detail,
        links=tuple(path for path in links if _is_own_link(path, links[path])),
        holder=lock_holder(account.folders.lock),
        others=tuple(file["path"] for file in unmanaged if file["path"] != OWN_UNIT),
        user=_user_name(),
    )


def _is_own_link(path: str, target: str) -> bool:
    return "/" in path and path.endswith(f"/{OWN_UNIT}") and target.endswith(OWN_UNIT)


async def check_environment(account: Account, manager: Manager) -> None:
    """Raise UnitwardError when the user manager would give unitward other folders than these."""
    home = account.folders.home
    if not home.is_dir():
        raise UnitwardError(
            f"HOME={home} does not exist", hint="make the account's home folder first"
        )
    theirs = await manager.environment()
    for name in XDG_FOLDERS:
        ours, other = account.env.get(name, ""), theirs.get(name, "")
        if ours != other:
            raise UnitwardError(
                f"{name} is {_said(ours)} here, but {_said(other)} for the user manager, which"
                " runs unitward: they would work on different folders",
                hint=f"unset {name} here, or set it for both: systemctl --user set-environment"
                f" {name}=… now, and a file in ~/.config/environment.d/ for later",
            )
    if str(account.folders.unit_dir) not in await manager.unit_path():
        raise UnitwardError(
            f"the user manager does not look for units in {account.folders.unit_dir}",
            hint=f"is HOME={home} the home folder that the manager was started with?",
        )


def _said(value: str) -> str:
    return value or "not set"


def check_holder(found: Installation) -> None:
    """Raise UnitwardError when another unitward than the own unit works on the account."""
    if found.holder is None or _is_in_own_unit(found.holder[0]):
        return
    pid, role = found.holder
    raise UnitwardError(
        f"{role} (process {pid}) works on this account, outside of {OWN_UNIT}",
        hint="end it or wait for its end, then run this again",
    )


def _is_in_own_unit(pid: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(OWN_UNIT in line.rpartition(":")[2].split("/") for line in lines)


def is_older_than(found: Installation, moment: float) -> bool:
    """Tell whether the own unit's process began before a moment (wall clock, seconds)."""
    began = found.unit.exec_main_start_timestamp
    if not began or not moment:
        return False
    age = time.clock_gettime(time.CLOCK_MONOTONIC) - began / 1e6
    return time.time() - age < moment


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
