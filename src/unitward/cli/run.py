"""`unitward run`: the daemon in the foreground."""

import gc

import click


@click.command("run")
def run_command() -> int:
    """Run the daemon in the foreground.

    SIGHUP reads the configuration again and makes a pass; SIGTERM finishes the action in
    hand, records it and ends.
    """
    from unitward.daemon import run

    gc.enable()
    return run()
