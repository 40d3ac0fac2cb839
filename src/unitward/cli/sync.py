"""`unitward sync`: a pass now, by the daemon."""

import click

from unitward.cli.daemon_door import ask_for_pass, daemon_pid, own_folders
from unitward.cli.output import print_problems
from unitward.cli.words import is_converged
from unitward.errors import Exit, UnitwardError


@click.command("sync")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=120.0,
    show_default=True,
    help="Seconds to wait at most.",
)
def sync_command(timeout: float) -> int:
    """Have the daemon make a pass now; wait for it and show the outcome."""
    from unitward.cli.show_status import print_outcome

    folders = own_folders()
    if not daemon_pid(folders):
        raise UnitwardError(
            "the daemon does not run, so there is nobody to ask for a pass",
            hint="`unitward apply` makes one pass by itself; `unitward run` starts the daemon",
        )
    document = ask_for_pass(folders, timeout=timeout)
    print_problems(document["problems"])
    print_outcome(document)
    failed = any(action["result"] == "failed" for action in document["actions"])
    if failed or document["unavailable"]:
        return Exit.FAILED
    return Exit.OK if is_converged(document) else Exit.NOT_CONVERGED
