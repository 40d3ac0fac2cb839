"""`unitward install`: unitward as a user unit of this account."""

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, cast

import click

from unitward.cli.output import GREEN, YELLOW, print_problems, say, table, warn
from unitward.errors import Exit, LockHeldError, UnitwardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unitward.reconcile.account import Account
    from unitward.reconcile.document import PlanDocument, StatusDocument
    from unitward.setup.install import Installed, InstallPlan, Step
    from unitward.systemd.manager import Manager

ROLE = "unitward install"
SHOWN_NAMES = 8


@click.command("install")
@click.option("--yes", is_flag=True, help="Do not ask.")
def install_command(yes: bool) -> int:
    """Have this account run unitward, now and from every start on.

    Shows what it will do and asks first. It writes a user unit for the program that was run, a
    commented config.yaml if there is none, and folders; lets the account's units start at boot
    where it may; starts unitward and waits for its first pass. Run again, it mends what is
    missing or changed, and nothing else. That a declared unit fails is no failure of this.
    """
    return asyncio.run(_install(yes=yes))


async def _install(*, yes: bool) -> int:
    from unitward.reconcile.account import assemble, connected
    from unitward.setup.install import carry_out_install, plan_install
    from unitward.setup.program import Invocation

    account = assemble(os.environ)
    async with connected(account) as manager:
        with alone(account, ROLE):
            plan = await plan_install(account, manager, Invocation.of_this_process(os.environ))
            if plan.steps:
                await _show(plan, account, manager)
                ask("Install?", yes=yes)
            done = await carry_out_install(plan, manager)
    return _tell(plan, done)


@contextlib.contextmanager
def alone(account: "Account", role: str) -> "Iterator[None]":
    """Keep other installations and removals of unitward out of this account meanwhile."""
    from unitward.store.lock import hold_lock

    try:
        with hold_lock(account.folders.wake.with_name("install.lock"), role):
            yield
    except LockHeldError as error:
        error.hint = error.hint or "wait for its end, then run this again"
        raise


def ask(question: str, *, yes: bool) -> None:
    """Ask for leave to go on.

    Raises click.Abort when it is denied, UnitwardError when nobody is there to be asked.
    """
    if yes:
        return
    sys.stdout.flush()
    if not sys.stdin.isatty():
        error = UnitwardError(
            "nobody can be asked here, so nothing was changed",
            hint="to go on without being asked, say --yes (make: YES=1)",
        )
        error.exit_code = Exit.USAGE
        raise error
    if not click.confirm(question, err=True):
        say("Nothing was changed.")
        raise click.Abort


async def _show(plan: "InstallPlan", account: "Account", manager: "Manager") -> None:
    say(f"To install unitward for {plan.found.user}:")
    for line in table([_row(step) for step in plan.steps]):
        say(line, GREEN if line.startswith("  +") else YELLOW)
    if plan.found.others:
        say(f"Left alone, not unitward's: {names(plan.found.others)}")
    await _show_first_pass(plan, account, manager)


def _row(step: "Step") -> tuple[str, str, str]:
    from unitward.setup.install import Task

    symbols = {Task.START: ">", Task.RESTART: ">", Task.UPDATE: "~", Task.MODE: "~"}
    what = {Task.LINGER: "enable linger for"}.get(step.task, step.task.value)
    return f"  {symbols.get(step.task, '+')} {what}", step.subject, step.reason


async def _show_first_pass(plan: "InstallPlan", account: "Account", manager: "Manager") -> None:
    """Say what unitward will do at once, where the folder asks for something already."""
    from unitward.cli.look import document_of, warn_of
    from unitward.cli.show_plan import print_plan
    from unitward.reconcile.one_pass import consider

    if plan.found.is_running or not account.source.root.is_dir():
        return
    considered = await consider(account, manager, plan.found.recorded)
    document: PlanDocument = document_of(considered)
    if document["actions"] or document["problems"]:
        say("Its first pass then:")
        warn_of(document, considered.desired)
        print_plan(document)


def names(found: "Sequence[str]") -> str:
    """Return how many there are and what they are called, the first of many by name."""
    shown = ", ".join(found[:SHOWN_NAMES])
    more = f" and {len(found) - SHOWN_NAMES} more" if len(found) > SHOWN_NAMES else ""
    return f"{len(found)} ({shown}{more})"


def _tell(plan: "InstallPlan", done: "Installed") -> int:
    from unitward.cli.show_status import print_units

    for what, how in done.notes:
        warn(what, how)
    first = done.first_pass
    if first is None:
        text = "Done" if plan.steps else "Nothing to do"
        say(f"{text}: unitward is installed and runs (process {plan.found.unit.main_pid}).")
        return Exit.OK
    document = cast("StatusDocument", dict(first.report))
    print_problems(document["problems"])
    if document["units"]:
        print_units(document["units"])
    say(f"unitward runs (process {first.pid}); its first pass ended after {first.seconds:.1f} s.")
    if document["unavailable"]:
        warn(f"{document['unavailable']}; everything stays as it is")
    elif not document["units"]:
        root = plan.found.short(plan.found.account.source.root)
        say(f"Nothing is declared yet: put a manifest into {root}, then see `unitward status`.")
    return Exit.OK
