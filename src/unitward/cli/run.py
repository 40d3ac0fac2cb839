"""`unitward run`: the daemon in the foreground."""

import gc

import click

from unitward.telemetry.absent import openssl_modules, pretending_absent


@click.command("run")
def run_command() -> int:
    """Run the daemon in the foreground.

    SIGHUP reads the configuration again and makes a pass; SIGTERM finishes the action in
    hand, records it and ends.
    """
    with pretending_absent(*openssl_modules()):
        from unitward.daemon import run

    gc.enable()
    return run()
