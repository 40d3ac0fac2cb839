"""`unitward sandbox`: run a command beside a throw-away user manager."""

import sys

import click


@click.command(
    "sandbox",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("--no-bus", is_flag=True, help="Boot it without D-Bus, as without dbus-user-session.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] CMD...")
def sandbox_command(command: tuple[str, ...], no_bus: bool) -> None:
    """Run CMD inside a throw-away user manager.

    CMD sees a fresh `systemd --user` with a home and a runtime folder of its own, runs as an
    unprivileged user without capabilities, and keeps the terminal and the working directory, which
    that user has to be allowed to enter. Afterwards nothing of it is left. The exit code is CMD's.

    Needs root, or a running user manager to nest in.
    """
    from unitward.systemd.sandbox import run_in_sandbox

    sys.exit(run_in_sandbox(command, has_bus=not no_bus))
