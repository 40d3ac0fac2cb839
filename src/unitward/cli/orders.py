"""What the commands that ask something of one unit share."""

import contextlib
import os
import time
from typing import TYPE_CHECKING

from unitward.cli.asynchronous import result_of
from unitward.cli.daemon_door import own_folders, own_ledger, wake
from unitward.cli.output import say
from unitward.cli.words import check_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unitward.model.folders import Folders
    from unitward.model.recorded import Recorded
    from unitward.store.ledger import Ledger


@contextlib.contextmanager
def asking(done: str, folders: "Folders | None" = None) -> "Iterator[Ledger]":
    """Write to the ledger, then have the daemon look at it and print what is done."""
    folders = folders or own_folders()
    with own_ledger(folders) as ledger:
        yield ledger
        ledger.passes.ask_for_pass(time.time())
    say(done if wake(folders) else f"{done}; no daemon runs: taken up by the next pass")


def recorded_of(folders: "Folders") -> "Recorded":
    """Return the ledger's content, empty when there is none yet."""
    from unitward.model.recorded import Recorded
    from unitward.store.ledger import read_ledger

    ledger = read_ledger(folders.ledger)
    if ledger is None:
        return Recorded(installation="")
    with ledger:
        return ledger.read()


def check_known(unit: str, folders: "Folders") -> None:
    """Raise NoSuchUnitError for a unit that is neither recorded nor declared.

    Needs no user manager; the folder is read only for what is not recorded.
    """
    recorded = recorded_of(folders)
    if unit not in recorded.units and unit not in recorded.orders.forgotten:
        check_names([unit], _declared())


def _declared() -> set[str]:
    from unitward.reconcile.account import assemble, recorded_now
    from unitward.reconcile.one_pass import declare

    account = assemble(os.environ)
    desired = result_of(declare(account, recorded_now(account)))
    return {*desired.units, *desired.frozen, *desired.unsupported}
