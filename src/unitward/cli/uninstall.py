"""`unitward uninstall`: unitward off this account, with or without what it manages."""

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

import click

from unitward.cli.install import alone, ask, names
from unitward.cli.output import RED, say, table, warn
from unitward.errors import Exit, LockHeldError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unitward.model.plan import Plan
    from unitward.model.report import Report
    from unitward.reconcile.account import Account
    from unitward.setup.bootstrap import Bootstrap
    from unitward.setup.uninstall import UninstallPlan
    from unitward.systemd.manager import Manager

ROLE = "unitward uninstall"
# Steps that come with the others, and what all comes to deleting files and links.
STEPS = frozenset({"reset-failed", "remove", "keep copy", "forget"})
DELETES = frozenset({"delete", "unlink"})


@click.command("uninstall")
@click.option("--purge", is_flag=True, help="Remove the managed units too, and what it kept.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def uninstall_command(purge: bool, yes: bool) -> int:
    """Take unitward off this account.

    Shows what it will do and asks first. Managed units stay installed and keep running, unless
    --purge removes them. Manifests and a changed config.yaml stay in any case.
    """
    return asyncio.run(_uninstall(purge=purge, yes=yes))


async def _uninstall(*, purge: bool, yes: bool) -> int:
    from unitward.reconcile.account import assemble, connected
    from unitward.setup.uninstall import plan_uninstall

    account = assemble(os.environ)
    async with connected(account) as manager:
        with alone(account, ROLE):
            plan = await plan_uninstall(account, manager)
            if plan.foreign:
                path = account.folders.unit_dir / "unitward.service"
                warn(f"{path} is left alone: {plan.foreign}")
            if purge:
                await _purge(plan, account, manager, yes=yes)
            else:
                await _take_off(plan, manager, yes=yes)
    return Exit.OK


async def _take_off(plan: "UninstallPlan", manager: "Manager", *, yes: bool) -> None:
    from unitward.setup.uninstall import remove_own_unit, still_managed, stop_own_unit

    if plan.is_empty:
        say("Nothing to do: unitward is not installed.")
        return
    folders, short = plan.found.account.folders, plan.found.short
    say(f"To uninstall unitward for {plan.found.user}:")
    _say_own(plan)
    managed = still_managed(plan)
    if managed:
        say(f"Managed units stay as they are, running or not: {names(managed)}")
    say(f"Kept: {short(folders.ledger.parent)}, {short(folders.config_file.parent)}")
    ask("Uninstall?", yes=yes)
    await stop_own_unit(plan, manager)
    await remove_own_unit(plan, manager)
    left = " Nobody looks after the managed units any more." if managed else ""
    say(f"unitward is uninstalled.{left} `unitward install` takes it up again.")
    if managed:
        say("To remove them and what is kept: unitward uninstall --purge")


def _say_own(plan: "UninstallPlan") -> None:
    if plan.stops:
        say("  - stop and disable unitward.service", RED)
    for path in (plan.file, *plan.links):
        if path:
            say(f"  - remove {plan.found.short(plan.found.account.folders.unit_dir / path)}", RED)


async def _purge(
    plan: "UninstallPlan", account: "Account", manager: "Manager", *, yes: bool
) -> None:
    from unitward.setup.bootstrap import look_at_bootstrap, retire_bootstrap
    from unitward.setup.look import check_holder
    from unitward.setup.purge import (
        plan_purge,
        remove_own_folders,
        remove_program,
        remove_stamps,
        remove_units,
    )
    from unitward.setup.uninstall import remove_own_unit, stop_own_unit
    from unitward.setup.upgrade.scene import runs_from

    folders, found = account.folders, plan.found
    check_holder(found)
    removal = await plan_purge(account, manager, found.recorded)
    bootstrap = await look_at_bootstrap(found, manager)
    is_there = bool(bootstrap.links) or found.layout.versions.exists() or folders.ledger.exists()
    if plan.is_empty and not removal.actions and not is_there:
        say("Nothing to do: nothing of unitward is left on this account.")
        return
    _show_purge(plan, removal, bootstrap)
    ask("Purge?", yes=yes)
    await retire_bootstrap(bootstrap, account, manager)
    await stop_own_unit(plan, manager)
    with _instead_of_the_daemon(account):
        await remove_units(account, manager, _tell_pass)
        await remove_own_unit(plan, manager)
        remove_stamps(account, removal)
        kept = remove_own_folders(folders)
    for path, why in kept:
        say(f"kept: {found.short(path)} ({why})")
    if bootstrap.file:
        say(f"kept: {found.short(bootstrap.file)} (you put it there; it is disabled)")
    if bootstrap.elsewhere:
        say(f"kept: {found.short(bootstrap.stamp)} (or {bootstrap.elsewhere} would install again)")
    say("unitward and the units that it managed are gone from this account.")
    if not runs_from(found.layout):
        say("The program itself is left to what installed it: pipx, uv, pip.")
    remove_program(found.layout, bootstrap.stamp, keep_stamp=bool(bootstrap.elsewhere))


@contextlib.contextmanager
def _instead_of_the_daemon(account: "Account") -> "Iterator[None]":
    from unitward.store.lock import hold_lock

    try:
        with hold_lock(account.folders.lock, f"{ROLE} --purge"):
            yield
    except LockHeldError as error:
        error.hint = "end it, then run this again: systemctl --user stop unitward.service"
        raise


def _show_purge(plan: "UninstallPlan", removal: "Plan", bootstrap: "Bootstrap") -> None:
    folders, short = plan.found.account.folders, plan.found.short
    say(f"To purge unitward for {plan.found.user}:")
    rows = _removals(removal)
    for line in table(rows) if rows else ():
        say(line, RED)
    for note in removal.notes:
        say(f"note: {note}")
    _say_own(plan)
    for path in bootstrap.links:
        say(f"  - disable {path.rpartition('/')[2]}, which would install it again", RED)
    versions = plan.found.layout.versions
    for folder in (folders.ledger.parent, folders.cache / "unitward", versions):
        if folder.is_dir():
            what = " (the program itself)" if folder == versions else ""
            say(f"  - remove {short(folder)}/{what}", RED)
    say(f"Kept: your manifests in {short(plan.found.account.source.root)}")


def _removals(removal: "Plan") -> list[tuple[str, str]]:
    """Return what becomes of each unit, in the words of the plan."""
    verbs: dict[str, list[str]] = {}
    for action in removal.actions:
        if action.unit and action.verb.value not in STEPS:
            word = "delete" if action.verb.value in DELETES else action.verb.value
            verbs.setdefault(action.unit, []).append(word)
    return [
        (f"  - {' and '.join(dict.fromkeys(words)) or 'forget'}", unit)
        for unit, words in sorted(verbs.items())
    ]


def _tell_pass(report: "Report") -> None:
    for outcome in report.outcomes:
        if outcome.result.value == "failed":
            warn(f"{outcome.action.summary}: {outcome.detail}")
        elif outcome.result.value == "done" and outcome.action.verb.value == "remove":
            say(f"removed {outcome.action.unit}")
