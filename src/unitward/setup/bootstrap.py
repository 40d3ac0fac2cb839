"""The bootstrap unit, once unitward is to be gone: it must not install it again."""

from pathlib import Path

from unitward.errors import UnitwardError
from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.account import Account
from unitward.setup.look import Installation
from unitward.systemd.manager import Manager

BOOTSTRAP = "unitward-bootstrap.service"
ACCOUNTS = Path("/etc/unitward/accounts.d")
STOP_SECONDS = 100.0


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The bootstrap unit as it concerns an account.

    links: by what it starts, below the account's unit folder. runs: it is at work, or waits
    for its next try. file: the account's own copy of it, None for none. elsewhere: the unit
    file that is not the account's to disable, "" for none. stamp: the file that keeps the
    unit from acting.
    """

    links: tuple[str, ...]
    runs: bool
    file: Path | None
    elsewhere: str
    stamp: Path


async def look_at_bootstrap(found: Installation, manager: Manager) -> Bootstrap:
    """Look, without an effect. Raises the errors of a Manager."""
    account = found.account
    fields = ("load_state", "active_state", "fragment_path")
    unit = (await manager.properties([BOOTSTRAP], fields)).get(BOOTSTRAP, UnitDetail(BOOTSTRAP))
    folders = account.folders
    fragment = unit.fragment_path
    is_meant = (folders.home / ".config/unitward/bootstrap.env").exists() or (
        ACCOUNTS / f"{found.user}.env"
    ).exists()
    theirs = bool(fragment) and not Path(fragment).is_relative_to(folders.unit_dir)
    own = folders.unit_dir / BOOTSTRAP
    return Bootstrap(
        file=own if own.exists() else None,
        links=tuple(path for path in account.files.links() if path.endswith(f"/{BOOTSTRAP}")),
        runs=unit.active_state not in {"", "inactive", "failed"},
        elsewhere=fragment if theirs and is_meant else "",
        stamp=folders.home / ".local/share/unitward/bootstrapped",
    )


async def retire_bootstrap(bootstrap: Bootstrap, account: Account, manager: Manager) -> None:
    """Stop and disable the bootstrap unit; where that is not the account's to do, stamp it.

    Raises UnitwardError and OSError.
    """
    if bootstrap.runs:
        job = await manager.stop(BOOTSTRAP)
        if (await manager.wait([job], limit_seconds=STOP_SECONDS))[job] is None:
            raise UnitwardError(
                f"{BOOTSTRAP} did not stop within {STOP_SECONDS:g} s; nothing was removed",
                hint=f"systemctl --user kill --signal=KILL {BOOTSTRAP}, then run this again",
            )
    for path in bootstrap.links:
        account.files.delete(path)
    if bootstrap.links:
        account.files.sync_folders(set(bootstrap.links))
        await manager.reload()
    if bootstrap.elsewhere:
        bootstrap.stamp.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        bootstrap.stamp.touch()
