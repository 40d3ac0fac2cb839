"""`unitward explain`: why one unit is as it is, on one screen."""

import asyncio
import os
from typing import TYPE_CHECKING

import click

from unitward.cli.output import OUTPUT_OPTION, print_json
from unitward.cli.words import check_names, full_name
from unitward.errors import UnitwardError

if TYPE_CHECKING:
    from unitward.model.explanation import Explanation
    from unitward.store.passes import Generation

HISTORY = 200


@click.command("explain")
@click.argument("unit")
@OUTPUT_OPTION
def explain_command(unit: str, output: str) -> None:
    """Show why a unit is as it is: declared, installed, loaded, running, judged. Changes nothing.

    UNIT may be any unit that the user manager knows, or a declared drop-in for many units by
    its path, such as service.d/10-site.conf.

    The ids in brackets are rows of docs/semantics.md.
    """
    from unitward.cli.show_explanation import print_explanation
    from unitward.reconcile.explain_document import explain_document

    document = explain_document(asyncio.run(_explain(full_name(unit))))
    if output == "json":
        print_json(document)
    else:
        print_explanation(document)


async def _explain(name: str) -> "Explanation":
    """Run a pass up to its plan and explain one unit. Raises NoSuchUnitError."""
    from dataclasses import replace

    from unitward.model.source import Unavailable
    from unitward.reconcile.account import assemble, connected, recorded_now
    from unitward.reconcile.explain import explain, is_explainable, known_units
    from unitward.reconcile.one_pass import consider
    from unitward.reconcile.plan.sides import take_sides
    from unitward.unitfile.names import is_unit_name

    account = assemble(os.environ)
    async with connected(account) as manager:
        considered = await consider(account, manager, recorded_now(account))
        details = await manager.details([name] if is_unit_name(name) else [])
    observed = considered.observed
    observed = replace(observed, details={**observed.details, **details})
    sides = take_sides(considered.desired, considered.recorded, observed, account.settings)
    if not is_explainable(name, sides, considered.plan):
        check_names([_owner(name)], known_units(sides, considered.plan))
        raise UnitwardError(
            f"{name} is a file of {_owner(name)}", hint=f"`unitward explain {_owner(name)}`"
        )
    read = account.caches.declared
    snapshot = read.snapshot if read else Unavailable("the folder was not read")
    history, unit_dir = _history(account.folders.ledger), str(account.folders.unit_dir)
    return explain(name, sides, considered.plan, snapshot, history, unit_dir=unit_dir)


def _owner(name: str) -> str:
    """Return the unit of a drop-in's path, any other name as it is."""
    return name.rpartition("/")[0].removesuffix(".d") if "/" in name else name


def _history(path: "os.PathLike[str]") -> "list[Generation]":
    """Return the recorded changes of the machine, newest first."""
    from pathlib import Path

    from unitward.store.ledger import read_ledger

    ledger = read_ledger(Path(path))
    if ledger is None:
        return []
    with ledger:
        return ledger.passes.generations(HISTORY)
