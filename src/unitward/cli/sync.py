"""`unitward sync`, `approve`: ask the daemon through the ledger, then wake it."""

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from unitward.cli.output import is_converged, print_problems, print_status
from unitward.errors import Exit, UnitwardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unitward.model.folders import Folders
    from unitward.store.ledger import Ledger

POLL_SECONDS = 0.02


@click.command("sync")
@click.option(
    "--timeout", type=float, default=120.0, show_default=True, help="Seconds to wait at most."
)
def sync_command(timeout: float) -> None:
    """Have the daemon make a pass now; wait for it and show the outcome."""
    with _ledger_of_daemon() as (folders, ledger):
        asked = ledger.ask_for_pass(time.time())
        _wake(folders)
        document = _await_answer(folders, ledger, asked, timeout)
    print_problems(document)
    print_status(document)
    failed = any(action["result"] == "failed" for action in document["actions"])
    if failed or document["unavailable"]:
        sys.exit(Exit.FAILED)
    sys.exit(Exit.OK if is_converged(document) else Exit.NOT_CONVERGED)


@click.command("approve")
@click.argument("digest")
def approve_command(digest: str) -> None:
    """Let a held plan pass. DIGEST is the one that `status` or `plan` shows.

    Binds to exactly what was shown: a plan that changed since is held again.
    """
    from unitward.model.folders import folders_from
    from unitward.reconcile.account import identity
    from unitward.store.ledger import open_ledger

    folders = folders_from(os.environ, os.getuid())
    with open_ledger(folders.ledger, identity=identity(os.getuid())) as ledger:
        ledger.approve(digest, time.time())
        ledger.ask_for_pass(time.time())
    woken = _wake(folders)
    print(f"approved {digest}" + ("" if woken else "; taken up when unitward runs again"))


@contextlib.contextmanager
def _ledger_of_daemon() -> "Iterator[tuple[Folders, Ledger]]":
    from unitward.model.folders import folders_from
    from unitward.reconcile.account import identity
    from unitward.store.ledger import open_ledger
    from unitward.store.lock import lock_holder

    folders = folders_from(os.environ, os.getuid())
    holder = lock_holder(folders.lock)
    if holder is None or holder[1] != "the daemon":
        raise UnitwardError(
            "the daemon does not run, so there is nobody to ask for a pass",
            hint="`unitward apply` makes one pass by itself; `unitward run` starts the daemon",
        )
    with open_ledger(folders.ledger, identity=identity(os.getuid())) as ledger:
        yield folders, ledger


def _wake(folders: "Folders") -> bool:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(b"pass", str(folders.wake))
        except OSError:
            return False
    return True


def _await_answer(
    folders: "Folders", ledger: "Ledger", asked: int, timeout: float
) -> dict[str, Any]:
    from unitward.store.lock import lock_holder

    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = ledger.last_report()
        if found is not None and found[2] >= asked:
            return dict(found[0])
        if lock_holder(folders.lock) is None:
            raise UnitwardError(
                "the daemon ended before it made the pass",
                hint="its last lines: journalctl --user-unit unitward.service",
            )
        time.sleep(POLL_SECONDS)
    raise UnitwardError(
        f"the daemon did not finish a pass within {timeout:g} s",
        hint="`unitward status` shows what it waits for",
    )
