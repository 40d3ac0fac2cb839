"""`unitward forget`: keep a unit for oneself from now on."""

import time

import click

from unitward.cli.daemon_door import own_folders
from unitward.cli.orders import asking, check_known
from unitward.cli.words import full_name


@click.command("forget")
@click.argument("unit")
def forget_command(unit: str) -> None:
    """Give UNIT up: its files stay, without the mark, and it runs on.

    While it is still declared it is left alone; `adopt` takes it back.
    """
    folders, name = own_folders(), full_name(unit)
    check_known(name, folders)
    with asking(f"{name} is forgotten: what stands and runs stays as it is", folders) as ledger:
        ledger.orders.forget(name, time.time())
