"""`unitward plan`, `diff`, `apply`: one pass without the daemon."""

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click

from unitward.cli.output import (
    OUTPUT_OPTION,
    is_converged,
    print_json,
    print_plan,
    print_problems,
    print_status,
)
from unitward.errors import Exit, LockHeldError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from unitward.reconcile import Considered

DETAILED = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending."
)


@click.command("plan")
@DETAILED
@OUTPUT_OPTION
def plan_command(detailed_exitcode: bool, output: str) -> None:
    """Show what would change, and why. Changes nothing."""
    from unitward.reconcile.document import plan_document

    considered = asyncio.run(_consider())
    document = plan_document(considered.plan, considered.desired.problems)
    if output == "json":
        print_json(document)
    else:
        print_problems(document)
        _print_unavailable(considered)
        print_plan(document)
    sys.exit(_exit_code(considered, detailed_exitcode))


@click.command("diff")
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@DETAILED
def diff_command(units: tuple[str, ...], detailed_exitcode: bool) -> None:
    """Show how unit files would change, as unified diffs. Changes nothing."""
    considered = asyncio.run(_consider())
    _print_unavailable(considered)
    for line in _diff_lines(considered, units):
        print(line)
    sys.exit(_exit_code(considered, detailed_exitcode))


@click.command("apply")
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply_command(yes: bool) -> None:
    """Carry out one pass, without the daemon."""
    sys.exit(asyncio.run(_apply(yes=yes)))


async def _consider() -> "Considered":
    from unitward.reconcile import consider
    from unitward.reconcile.account import assemble, connected, recorded_now

    account = assemble(os.environ)
    recorded = recorded_now(account)
    async with connected(account) as manager:
        return await consider(account, manager, recorded)


async def _apply(*, yes: bool) -> Exit:
    from unitward.reconcile import carry_out, consider
    from unitward.reconcile.account import assemble, connected, identity
    from unitward.reconcile.document import plan_document, report_document
    from unitward.store.ledger import open_ledger

    account = assemble(os.environ)
    with _lock(account.folders.lock):
        name = identity(account.source.uid)
        with open_ledger(account.folders.ledger, identity=name) as ledger:
            async with connected(account) as manager:
                considered = await consider(account, manager, ledger.read())
                document = plan_document(considered.plan, considered.desired.problems)
                print_problems(document)
                _print_unavailable(considered)
                print_plan(document)
                if considered.plan.actions and not yes and sys.stdin.isatty():
                    click.confirm("Carry this out?", abort=True)
                report = await carry_out(considered, account, manager, ledger)
    done = report_document(report, "apply")
    with open_ledger(account.folders.ledger, identity=name) as ledger:
        ledger.publish(done, report.finished_at, ledger.newest_request())
        if report.outcomes:
            ledger.add_generation(report.finished_at, str(report.revision), "apply", done)
    if report.outcomes:
        print()
        print_status(done)
    if report.failed or report.unavailable:
        return Exit.FAILED
    return Exit.OK if is_converged(done) else Exit.NOT_CONVERGED


@contextlib.contextmanager
def _lock(path: "Path") -> "Iterator[None]":
    from unitward.store.lock import hold_lock

    try:
        with hold_lock(path, "unitward apply"):
            yield
    except LockHeldError as error:
        error.hint = "`unitward sync` has the running daemon make a pass now"
        raise


def _print_unavailable(considered: "Considered") -> None:
    gone = considered.desired.unavailable
    if gone is not None:
        hint = f"\n  {gone.hint}" if gone.hint else ""
        print(f"unitward: {gone.reason}; everything stays as it is{hint}", file=sys.stderr)


def _exit_code(considered: "Considered", detailed: bool) -> Exit:
    if considered.desired.unavailable is not None:
        return Exit.FAILED
    if detailed and considered.plan.actions:
        return Exit.CHANGES_PENDING
    return Exit.OK


def _diff_lines(considered: "Considered", units: tuple[str, ...]) -> list[str]:
    import difflib

    from unitward.unitfile.mark import strip_mark

    lines: list[str] = []
    for action in considered.plan.actions:
        if not action.before or (units and action.unit not in units):
            continue
        if action.verb.value == "keep copy":
            continue
        old = strip_mark(action.before.content or b"").decode(errors="replace").splitlines()
        new = strip_mark(action.content).decode(errors="replace").splitlines()
        before = action.path if action.before.content else "/dev/null"
        after = action.path if action.content else "/dev/null"
        lines += difflib.unified_diff(old, new, before, after, lineterm="")
    return lines
