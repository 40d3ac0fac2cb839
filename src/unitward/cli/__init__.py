"""The commands: parse arguments, call one function, print. The only room that prints."""

import importlib
import os
import sys
from typing import Any

import click

from unitward.errors import Exit, UnitwardError

COMMANDS = {
    "run": ("run", "run_command"),
    "plan": ("plan", "plan_command"),
    "diff": ("plan", "diff_command"),
    "apply": ("plan", "apply_command"),
    "sync": ("sync", "sync_command"),
    "status": ("status", "status_command"),
    "logs": ("logs", "logs_command"),
    "approve": ("sync", "approve_command"),
    "render": ("render", "render_command"),
    "validate": ("validate", "validate_command"),
    "schema": ("schema", "schema_command"),
    "sandbox": ("sandbox", "sandbox_command"),
}


class Commands(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names in the order of `--help`."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        loaded: Any = importlib.import_module(f"unitward.cli.{module}")
        command: click.Command = getattr(loaded, attribute)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="unitward", message="%(prog)s %(version)s")
def group() -> None:
    """Keep this account's systemd user units equal to what a folder declares."""


def main() -> None:
    """Run a command; every error ends with one message and its exit code."""
    try:
        group(prog_name="unitward", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except UnitwardError as error:
        hint = f"\n  {error.hint}" if error.hint else ""
        print(f"unitward: {error}{hint}", file=sys.stderr)
        sys.exit(error.exit_code)
