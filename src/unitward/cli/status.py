"""`unitward status`: each unit in words, with and without the daemon."""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from unitward.cli.output import (
    OUTPUT_OPTION,
    ago,
    is_converged,
    print_json,
    print_problems,
    print_status,
)
from unitward.errors import Exit, NoSuchUnitError, UnitwardError

if TYPE_CHECKING:
    from unitward.model.folders import Folders


@click.command("status")
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 3 when a unit is not where it should be."
)
@OUTPUT_OPTION
def status_command(units: tuple[str, ...], detailed_exitcode: bool, output: str) -> None:
    """Show how every unit stands, and why."""
    from unitward.model.folders import folders_from
    from unitward.store.lock import lock_holder

    folders = folders_from(os.environ, os.getuid())
    holder = lock_holder(folders.lock)
    document = _published(folders) if holder and holder[1] == "the daemon" else None
    if document is None:
        document = asyncio.run(_look(folders))
    document["daemon"] = holder[0] if holder and holder[1] == "the daemon" else 0
    _check_names(units, document)
    if output == "json":
        if units:
            document["units"] = [u for u in document["units"] if u["name"] in units]
        print_json(document)
    else:
        print_problems(document)
        print_status(document, units)
        print(_footer(document))
    done = is_converged(document) or not detailed_exitcode
    sys.exit(Exit.OK if done else Exit.NOT_CONVERGED)


def _published(folders: "Folders") -> dict[str, Any] | None:
    """Return the daemon's last report, with the states that the manager gives now."""
    from unitward.store.ledger import read_ledger

    ledger = read_ledger(folders.ledger)
    if ledger is None:
        return None
    with ledger:
        found = ledger.last_report()
    if found is None:
        return None
    document = dict(found[0])
    asyncio.run(_refresh(document, folders))
    return document


async def _refresh(document: dict[str, Any], folders: "Folders") -> None:
    from unitward.systemd.manager import Manager

    try:
        env = {"XDG_RUNTIME_DIR": str(folders.runtime), **os.environ}
        manager = await Manager.connect(env)
    except UnitwardError:
        return
    try:
        live = await manager.list_units([unit["name"] for unit in document["units"]])
    finally:
        await manager.close()
    for unit in document["units"]:
        status = live.get(unit["name"])
        if status is not None:
            unit["active"], unit["sub"] = status.active, status.sub


async def _look(folders: "Folders") -> dict[str, Any]:
    """Return a fresh look at the account, without the daemon."""
    from unitward.reconcile import consider
    from unitward.reconcile.account import assemble, connected, recorded_now
    from unitward.reconcile.document import report_document
    from unitward.store.ledger import read_ledger

    account = assemble(os.environ)
    recorded = recorded_now(account)
    async with connected(account) as manager:
        considered = await consider(account, manager, recorded)
    document = report_document(considered.report())
    ledger = read_ledger(folders.ledger)
    if ledger is not None:
        with ledger:
            last = ledger.last_report()
        document["finished_at"] = last[1] if last else 0.0
    return document


def _check_names(units: tuple[str, ...], document: Mapping[str, Any]) -> None:
    known = {unit["name"] for unit in document["units"]}
    for unit in units:
        if unit not in known:
            raise NoSuchUnitError(
                f"{unit}: neither declared nor managed by unitward",
                hint="`unitward status` lists what is",
            )


def _footer(document: Mapping[str, Any]) -> str:
    daemon = document["daemon"]
    runs = f"daemon running (process {daemon})" if daemon else "no daemon"
    last = document["finished_at"]
    when = f"last pass {ago(last)}" if last else "no pass yet"
    return f"revision {document['revision']} · {when} · {runs}"
