"""A pass up to its plan, for the commands that only look."""

import os
from typing import TYPE_CHECKING

from unitward.cli.asynchronous import result_of
from unitward.cli.output import print_problems, warn
from unitward.errors import Exit
from unitward.model.source import Severity
from unitward.reconcile.account import assemble, connected, recorded_now
from unitward.reconcile.document import PlanDocument, plan_document
from unitward.reconcile.kept import kept
from unitward.reconcile.one_pass import Considered, consider

if TYPE_CHECKING:
    from unitward.model.desired import Desired


def look() -> Considered:
    """Run a pass up to its plan. Has no effect: the ledger is only read, or not there."""
    return result_of(_look())


async def _look() -> Considered:
    account = assemble(os.environ)
    recorded = recorded_now(account)
    file = account.folders.cache / "unitward" / "decoded-account"
    with kept(file, account.terms(recorded)) as account.caches.desire:
        async with connected(account) as manager:
            return await consider(account, manager, recorded)


def document_of(considered: Considered) -> PlanDocument:
    """Return the document of the plan."""
    desired = considered.desired
    reason = desired.unavailable.reason if desired.unavailable else ""
    return plan_document(considered.plan, desired.problems, reason)


def warn_of(document: PlanDocument, desired: "Desired") -> None:
    """Print what is wrong with the source to standard error."""
    print_problems(document["problems"])
    if desired.unavailable is not None:
        reason = f"{desired.unavailable.reason}; everything stays as it is"
        warn(reason, desired.unavailable.hint)


def exit_code(considered: Considered, *, detailed: bool) -> Exit:
    """Return the exit code of a command that shows a plan.

    With errors in the source it failed, though it shows what can be done without them.
    """
    desired = considered.desired
    if desired.unavailable is not None:
        return Exit.FAILED
    if any(problem.severity is Severity.ERROR for problem in desired.problems):
        return Exit.FAILED
    if detailed and considered.plan.actions:
        return Exit.CHANGES_PENDING
    return Exit.OK
