"""`unitward apply`: one pass without the daemon."""

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click

from unitward.cli.asynchronous import result_of
from unitward.cli.daemon_door import daemon_pid, own_folders, own_ledger
from unitward.cli.words import is_converged
from unitward.errors import Exit, LockHeldError, UnitwardError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from unitward.model.plan import Plan
    from unitward.reconcile.account import Account
    from unitward.reconcile.document import StatusDocument
    from unitward.reconcile.one_pass import Considered
    from unitward.store.ledger import Ledger
    from unitward.systemd.manager import Manager

OWN_WAITS = "unitward.service is changed by the daemon alone, which can undo that: start it"
INSTEAD = "`unitward sync` has the running daemon make a pass now"


@click.command("apply")
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply_command(yes: bool) -> int:
    """Carry out one pass, without the daemon.

    On a terminal it shows the plan and asks first.
    """
    shown: Considered | None = None
    if not yes and sys.stdin.isatty():
        shown = _show()
        if shown.plan.actions and not click.confirm("Carry this out?", err=True):
            return Exit.OK
    return _print_report(result_of(_apply(shown)))


def _show() -> "Considered":
    """Show the plan without an effect."""
    from unitward.cli.look import look

    pid = daemon_pid(own_folders())
    if pid:
        raise LockHeldError(
            f"the daemon (process {pid}) works on this account already", pid=pid, hint=INSTEAD
        )
    from unitward.reconcile.account import assemble

    considered = _guarded(look(), assemble(os.environ))
    _print_plan(considered)
    return considered


async def _apply(shown: "Considered | None") -> "StatusDocument":
    """Make the pass, and return what was published.

    shown: what a person agreed to, None when nobody was asked.
    """
    from unitward.reconcile.connecting import connecting

    async with connecting(os.environ) as coming:
        account = _assembled()
        with _lock(account.folders.lock), own_ledger(account.folders) as ledger:
            return await _pass(account, await coming, ledger, shown)


def _assembled() -> "Account":
    """Put the account together, and load what a pass needs until systemd checks the files.

    Meanwhile the bus starts where nobody has used it yet, and systemd says which directives it
    knows where that is not known: 25 and 15 ms.
    """
    from unitward.systemd.directives import begin_to_load

    ask = begin_to_load(own_folders().cache / "unitward")
    import unitward.manifest.read
    import unitward.reconcile.one_pass  # noqa: F401 - loaded now, not when systemd has answered
    from unitward.reconcile.account import assemble

    return assemble(os.environ, ask())


def _load_the_rest() -> None:
    """Load what carries the plan out and shows it: 28 modules, before anything is changed."""
    import unitward.cli.look
    import unitward.cli.show_plan
    import unitward.cli.show_status
    import unitward.reconcile.carry_out
    import unitward.reconcile.document
    import unitward.setup.own_change  # noqa: F401 - all of them are loaded where they are used


async def _pass(
    account: "Account", manager: "Manager", ledger: "Ledger", shown: "Considered | None"
) -> "StatusDocument":
    from unitward.reconcile.one_pass import consider

    recorded = ledger.read()
    considered = await consider(account, manager, recorded, meanwhile=_load_the_rest)
    from unitward.reconcile.carry_out import carry_out
    from unitward.reconcile.document import report_document

    considered = _guarded(considered, account)
    if shown is None:
        _print_plan(considered)
    elif _effects(considered.plan) != _effects(shown.plan):
        raise UnitwardError(
            "the plan is no longer the one that was shown; nothing was changed",
            hint="run `unitward apply` again",
        )
    report = await carry_out(considered, account, manager, ledger)
    document = report_document(report, "apply")
    answered = ledger.passes.newest_request()
    changed = bool(report.outcomes)
    ledger.passes.publish(document, report.finished_at, answered, changed=changed)
    return document


def _guarded(considered: "Considered", account: "Account") -> "Considered":
    """Leave an installed unitward's own unit out: nothing could tell that a change of it fails."""
    from unitward.manifest.guards import OWN_UNIT
    from unitward.model.observed import DiskKind
    from unitward.reconcile.one_pass import without_own
    from unitward.setup.own_change import touched_paths

    if not touched_paths(considered.plan) or account.files.look(OWN_UNIT).kind is DiskKind.ABSENT:
        return considered
    return without_own(considered, account, OWN_WAITS)


def _effects(plan: "Plan") -> list[tuple[str, str, str, bytes]]:
    """Return what a plan does. Its digest does not tell: the first ledger gives the mark its id."""
    from unitward.unitfile.mark import strip_mark

    return [(a.verb.value, a.unit, a.path, strip_mark(a.content)) for a in plan.actions]


@contextlib.contextmanager
def _lock(path: "Path") -> "Iterator[None]":
    from unitward.store.lock import hold_lock

    try:
        with hold_lock(path, "unitward apply"):
            yield
    except LockHeldError as error:
        error.hint = INSTEAD
        raise


def _print_plan(considered: "Considered") -> None:
    from unitward.cli.look import document_of, warn_of
    from unitward.cli.show_plan import print_plan

    document = document_of(considered)
    warn_of(document, considered.desired)
    print_plan(document)


def _print_report(document: "StatusDocument") -> int:
    from unitward.cli.show_status import print_outcome

    if document["actions"]:
        print()
        print_outcome(document)
    failed = any(action["result"] == "failed" for action in document["actions"])
    if failed or document["unavailable"]:
        return Exit.FAILED
    return Exit.OK if is_converged(document) else Exit.NOT_CONVERGED
