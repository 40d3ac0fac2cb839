"""`unitward logs`: the journal of a unit, and unitward's own lines on it."""

import os

import click

from unitward.cli.words import full_name
from unitward.errors import UnitwardError


@click.command("logs")
@click.argument("unit")
@click.option("-f", "--follow", is_flag=True, help="Go on as new lines come.")
@click.option("-n", "--lines", type=click.IntRange(min=0), help="Only the newest lines.")
def logs_command(unit: str, follow: bool, lines: int | None) -> None:
    """Show the journal of UNIT together with what unitward did to it."""
    from unitward.systemd.journal import journal_command
    from unitward.unitfile.names import parse_name

    name = full_name(unit)
    parse_name(name)
    arguments = journal_command((name,), follow=follow, lines=lines)
    try:
        os.execvp(arguments[0], arguments)  # noqa: S606 - the user's own journalctl, no shell
    except OSError as error:
        raise UnitwardError(
            f"journalctl could not be run: {error.strerror}", hint="apt install systemd"
        ) from error
