"""Starting unitward's own unit, and waiting until it has made a pass."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from unitward.errors import UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.records import dataclass
from unitward.model.unitstate import JobResult
from unitward.reconcile.account import Account
from unitward.setup.look import FIELDS
from unitward.store.ledger import Ledger
from unitward.systemd.manager import Manager

START_SECONDS = 100.0
PASS_SECONDS = 120.0
POLL_SECONDS = 0.03
# A restart passes through `inactive` for a moment.
DOWN_SECONDS = 1.0
LOGS = f"journalctl --user -u {OWN_UNIT} -n 20"


@dataclass(frozen=True, slots=True)
class FirstPass:
    """The first pass of a unitward that was just started.

    report: the document that it published. pid: its process id. seconds: from the start's
    beginning to the pass's end.
    """

    report: Mapping[str, Any]
    pid: int
    seconds: float


async def run_first_pass(
    manager: Manager, ledger: Ledger, account: Account, *, restart: bool
) -> FirstPass:
    """Start or restart the own unit and wait for its first pass, 120 s at most.

    Raises UnitwardError when it does not start, does not stay up, or is not the file that
    was installed; and when the pass takes longer: it goes on then.
    """
    begun = time.monotonic()
    asked = ledger.passes.ask_for_pass(time.time())
    await manager.reset_failed([OWN_UNIT])
    job = await (manager.restart(OWN_UNIT) if restart else manager.start(OWN_UNIT))
    result = (await manager.wait([job], limit_seconds=START_SECONDS))[job]
    if result is not JobResult.DONE:
        ended = result.value if result else "no answer yet"
        raise UnitwardError(
            f"{OWN_UNIT} is installed, but does not start: {ended}", hint=f"see why: {LOGS}"
        )
    detail = (await manager.properties([OWN_UNIT], FIELDS))[OWN_UNIT]
    expected = str(account.folders.unit_dir / OWN_UNIT)
    if detail.fragment_path != expected:
        raise UnitwardError(
            f"{detail.fragment_path} runs instead of {expected}",
            hint=f"remove it, or mask nothing of that name; then: systemctl --user restart"
            f" {OWN_UNIT}",
        )
    report = await _published(manager, ledger, asked, restarts=detail.n_restarts)
    detail = (await manager.properties([OWN_UNIT], FIELDS))[OWN_UNIT]
    return FirstPass(report, detail.main_pid, time.monotonic() - begun)


async def _published(
    manager: Manager, ledger: Ledger, asked: int, *, restarts: int
) -> Mapping[str, Any]:
    """Return the report of the pass that was asked for, which may end with a restart (O10)."""
    now = up_at = time.monotonic()
    end = now + PASS_SECONDS
    while now < end:
        found = ledger.passes.last_report()
        if found is not None and found[2] >= asked:
            return found[0]
        unit = (await manager.properties([OWN_UNIT], FIELDS))[OWN_UNIT]
        up_at = up_at if unit.active_state in {"inactive", "failed"} else now
        ended_by_itself = unit.sub_state == "auto-restart" or unit.n_restarts > restarts
        if ended_by_itself or now - up_at > DOWN_SECONDS:
            raise UnitwardError(
                f"{OWN_UNIT} is installed, but ended before it made a pass ({unit.result})",
                hint=f"see why: {LOGS}",
            )
        await asyncio.sleep(POLL_SECONDS)
        now = time.monotonic()
    raise UnitwardError(
        f"{OWN_UNIT} runs, but did not finish its first pass within {PASS_SECONDS:g} s",
        hint="it goes on: `unitward status` shows how far it is",
    )
