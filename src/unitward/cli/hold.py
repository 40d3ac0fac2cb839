"""`unitward hold`, `resume` and `retry`: leave a unit alone, and go on with it."""

import time

import click

from unitward.cli.daemon_door import own_folders
from unitward.cli.orders import asking, check_known, recorded_of
from unitward.cli.output import moment
from unitward.cli.words import full_name
from unitward.errors import UnitwardError
from unitward.model.orders import Hold, Nudge, NudgeKind
from unitward.model.timespan import parse_timespan


def _time_span(_: click.Context, __: click.Parameter, value: str | None) -> float:
    if value is None:
        return 0.0
    seconds = parse_timespan(value)
    if not seconds:
        raise click.BadParameter(f"{value!r} is no time span; write 30min, 1h or 2d 12h")
    return seconds


def _reason(_: click.Context, __: click.Parameter, value: str) -> str:
    text = " ".join(value.split())
    if not text:
        raise click.BadParameter("say why, for those who find the unit held")
    return text


@click.command("hold")
@click.argument("unit")
@click.option(
    "--for",
    "seconds",
    metavar="TIME",
    callback=_time_span,
    help="How long, such as 30min or 2d; until `resume` by default.",
)
@click.option("--reason", required=True, callback=_reason, help="Why; status shows it.")
def hold_command(unit: str, seconds: float, reason: str) -> None:
    """Leave UNIT alone: its files, its links and whether it runs.

    What would be done is shown as before. Another hold of the unit is replaced.
    """
    folders, name, now = own_folders(), full_name(unit), time.time()
    check_known(name, folders)
    until = now + seconds if seconds else 0.0
    word = f" until {moment(until)}" if until else ""
    with asking(f"{name} is held{word}: {reason}", folders) as ledger:
        ledger.orders.hold(Hold(name, reason, now, until))


@click.command("resume")
@click.argument("unit")
def resume_command(unit: str) -> None:
    """Go on with UNIT: end its hold, and start it if it was stopped by hand."""
    folders, name = own_folders(), full_name(unit)
    check_known(name, folders)
    with asking(f"{name} is kept as declared again", folders) as ledger:
        ledger.orders.end_hold(name)
        ledger.orders.nudge(Nudge(name, NudgeKind.RESUME, time.time()))


@click.command("retry")
@click.argument("unit")
def retry_command(unit: str) -> None:
    """Start UNIT, which failed, as if it had not been tried before."""
    folders, name, now = own_folders(), full_name(unit), time.time()
    check_known(name, folders)
    hold = recorded_of(folders).orders.holds.get(name)
    if hold is not None and hold.in_force(now):
        raise UnitwardError(
            f"{name} is held: {hold.reason}", hint=f"`unitward resume {name}` ends the hold"
        )
    with asking(f"{name} is tried anew if it failed", folders) as ledger:
        ledger.orders.nudge(Nudge(name, NudgeKind.RETRY, now))
