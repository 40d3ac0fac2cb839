"""`unitward adopt`: give a unit's files over to unitward."""

import os
from typing import TYPE_CHECKING

import click

from unitward.cli.daemon_door import own_folders, own_ledger
from unitward.cli.orders import asking
from unitward.cli.output import say
from unitward.cli.words import check_names, full_name
from unitward.errors import SourceError, UnitwardError

if TYPE_CHECKING:
    from unitward.reconcile.account import Account
    from unitward.reconcile.one_pass import Considered


@click.command("adopt")
@click.argument("unit")
def adopt_command(unit: str) -> None:
    """Give UNIT over to unitward.

    A declared unit that a file of yours blocks: the next pass keeps a copy of that file and
    writes its own. A file that you change before then blocks the unit again.

    A unit file that nothing declares: it is copied into the desired-state folder.
    """
    from unitward.cli.look import look
    from unitward.reconcile.account import assemble

    name = full_name(unit)
    considered = look()
    desired = considered.desired
    if desired.unavailable is not None:
        raise UnitwardError(desired.unavailable.reason, hint=desired.unavailable.hint)
    freeze = desired.frozen.get(name) or desired.unsupported.get(name)
    if freeze is not None:
        raise UnitwardError(f"{name}: {freeze.reason}", hint="mend that first")
    if name in desired.units:
        _take_over(name, considered)
    else:
        _bring_in(name, assemble(os.environ), considered)


def _take_over(name: str, considered: "Considered") -> None:
    """Adopt what blocks a declared unit, or take back one that was forgotten."""
    from unitward.model.observed import DiskKind
    from unitward.model.orders import Adoption
    from unitward.reconcile.foreign import foreign_files

    desired, recorded = considered.desired, considered.recorded
    unit = desired.units[name]
    if unit.template in recorded.orders.forgotten:
        raise UnitwardError(
            f"{name}: its template was forgotten", hint=f"`unitward adopt {unit.template}`"
        )
    found = foreign_files(unit, desired, recorded, considered.observed)
    for judgement in found:
        if judgement.disk.kind is not DiskKind.FILE or not judgement.disk.digest:
            raise UnitwardError(
                f"{judgement.file.path}: {judgement.reason}; only a file can be adopted",
                hint="remove it yourself, and unitward writes its own",
            )
    if not found and name not in recorded.orders.forgotten:
        say(f"{name}: nothing to adopt, no file of yours is in its way")
        return
    adoptions = [Adoption(j.file.path, name, j.disk.digest) for j in found]
    with asking(f"{name} is adopted") as ledger:
        ledger.orders.adopt(name, adoptions)


def _bring_in(name: str, account: "Account", considered: "Considered") -> None:
    """Copy a unit file that nothing declares into the desired-state folder."""
    from unitward.model.observed import DiskKind
    from unitward.model.orders import Adoption
    from unitward.sources.deposit import deposit
    from unitward.unitfile.mark import strip_mark
    from unitward.unitfile.names import is_unit_name

    check_names([name], account.files.fragments() if is_unit_name(name) else ())
    disk = account.files.look(name)
    if disk.kind is not DiskKind.FILE or disk.content is None:
        raise UnitwardError(
            f"{account.files.root / name}: no regular file; only a file can be adopted",
            hint="declare the unit in a manifest",
        )
    adoption = Adoption(name, name, disk.digest)
    # Given over before it is declared, so that no pass finds it declared and foreign.
    with own_ledger(own_folders()) as ledger:
        ledger.orders.adopt(name, [adoption])
        try:
            path = deposit(account.source.root, name, strip_mark(disk.content))
        except SourceError:
            ledger.orders.take_back(adoption)
            raise
    with asking(f"{name} is adopted, declared in {path}"):
        pass
    left = account.files.dropins(frozenset(considered.recorded.files)).get(name, ())
    if left:
        say(f"note: its drop-ins stay yours: {', '.join(left)}")
