"""`unitward approve`: let a held plan pass."""

import time

import click

from unitward.cli.daemon_door import own_folders, own_ledger, wake
from unitward.errors import UnitwardError


@click.command("approve")
@click.argument("digest")
def approve_command(digest: str) -> None:
    """Let a held plan pass. DIGEST is the one that `status` or `plan` shows.

    Binds to exactly what was shown: a plan that changed since is held again.
    """
    from unitward.cli.look import look

    waiting = [held.digest for held in look().plan.held]
    if digest not in waiting:
        raise UnitwardError(
            f"no held plan has the digest {digest}",
            hint=f"held now: {', '.join(waiting)}" if waiting else "nothing is held now",
        )
    folders = own_folders()
    with own_ledger(folders) as ledger:
        ledger.approve(digest, time.time())
        ledger.passes.ask_for_pass(time.time())
    woken = wake(folders)
    print(f"approved {digest}" + ("" if woken else "; `unitward apply` carries it out"))
