"""Taking unitward off the account: its own unit only, or all that it made."""

from unitward.errors import UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.observed import DiskKind
from unitward.model.records import dataclass
from unitward.model.unitstate import JobResult
from unitward.reconcile.account import Account
from unitward.setup.look import Installation, look_at_installation
from unitward.setup.own_change import drop_change
from unitward.setup.own_unit import OwnFile, Standing, judge_own_file
from unitward.setup.upgrade.guard import remove_guard
from unitward.systemd.manager import Manager

STOP_SECONDS = 100.0


@dataclass(frozen=True, slots=True)
class UninstallPlan:
    """What has to go of the own unit.

    stops: the own unit runs. file, links: what of it stands in the unit folder, by paths
    below it. foreign: why the file that stands there is left alone, "" when it is not.
    """

    found: Installation
    stops: bool
    file: str
    links: tuple[str, ...]
    foreign: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing of the own unit is there."""
        return not (self.stops or self.file or self.links)


async def plan_uninstall(account: Account, manager: Manager) -> UninstallPlan:
    """Look at what has to go, without an effect. Raises LedgerError and a Manager's errors."""
    found = await look_at_installation(account, manager)
    own = judge_own_file(account.files.look(OWN_UNIT), b"", found.recorded)
    if _is_somebody_elses(own, found):
        return UninstallPlan(found, stops=False, file="", links=(), foreign=own.reason)
    file = OWN_UNIT if own.disk.kind is DiskKind.FILE else ""
    return UninstallPlan(found, stops=not found.is_down, file=file, links=found.links)


def _is_somebody_elses(own: OwnFile, found: Installation) -> bool:
    """Tell whether the file was never unitward's; one that was edited since still goes."""
    if own.standing is not Standing.FOREIGN:
        return False
    return not own.is_marked_by(found.recorded.installation)


async def stop_own_unit(plan: UninstallPlan, manager: Manager) -> None:
    """Stop unitward's own unit and wait for its end. Raises UnitwardError when it does not end."""
    # An upgrade that is not confirmed yet has a timer, which would start the unit again.
    await remove_guard(manager, plan.found.account.files)
    if not plan.stops:
        return
    job = await manager.stop(OWN_UNIT)
    result = (await manager.wait([job], limit_seconds=STOP_SECONDS))[job]
    if result is not JobResult.DONE:
        raise UnitwardError(
            f"{OWN_UNIT} did not stop within {STOP_SECONDS:g} s; nothing was removed",
            hint=f"systemctl --user kill --signal=KILL {OWN_UNIT}, then run this again",
        )


async def remove_own_unit(plan: UninstallPlan, manager: Manager) -> None:
    """Remove the own unit's links and file, and have the manager forget it.

    A change of it that was still being tried ends there. Raises UnitwardError and OSError.
    """
    account, files = plan.found.account, plan.found.account.files
    await drop_change(account, manager)
    paths = [*plan.links, *([plan.file] if plan.file else [])]
    for path in paths:
        files.delete(path)
    if paths:
        files.sync_folders(set(paths))
        await manager.reload()
    await manager.reset_failed([OWN_UNIT])


def still_managed(plan: UninstallPlan) -> tuple[str, ...]:
    """Return the units that unitward keeps, and that run on without it."""
    return tuple(name for name in plan.found.recorded.units if name != OWN_UNIT)
