"""The commands: parse arguments, call one function, print. The only room that prints."""

import gc
import importlib
import io
import os
import sys
from typing import TextIO

import click

from unitward.errors import Exit, UnitwardError

COMMANDS = {
    "install": ("install", "install_command"),
    "uninstall": ("uninstall", "uninstall_command"),
    "upgrade": ("upgrade", "upgrade_command"),
    "run": ("run", "run_command"),
    "plan": ("plan", "plan_command"),
    "diff": ("diff", "diff_command"),
    "apply": ("apply", "apply_command"),
    "sync": ("sync", "sync_command"),
    "status": ("status", "status_command"),
    "doctor": ("doctor", "doctor_command"),
    "explain": ("explain", "explain_command"),
    "logs": ("logs", "logs_command"),
    "approve": ("approve", "approve_command"),
    "hold": ("hold", "hold_command"),
    "resume": ("hold", "resume_command"),
    "retry": ("hold", "retry_command"),
    "adopt": ("adopt", "adopt_command"),
    "forget": ("forget", "forget_command"),
    "managed": ("managed", "managed_command"),
    "unmanaged": ("managed", "unmanaged_command"),
    "render": ("render", "render_command"),
    "validate": ("validate", "validate_command"),
    "schema": ("schema", "schema_command"),
    "sandbox": ("sandbox", "sandbox_command"),
}
# What a shell reports for a program that SIGPIPE ended: its reader had seen enough.
READER_LEFT = 141


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
        command: object = getattr(importlib.import_module(f"unitward.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command, before click takes a reader that left for a failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return READER_LEFT


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="unitward", message="%(prog)s %(version)s")
def group() -> None:
    """Keep this account's systemd user units equal to what a folder declares."""


def main() -> None:
    """Run a command; every error ends with one message and its exit code."""
    # A command ends before a collection could pay: a tenth of the time of `status` (measured).
    gc.disable()
    streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = _run()
    for stream in streams:
        code = _finish(stream, code)
    # All is written and closed. Taking every object apart would be 3 % of `plan` (1000 units).
    os._exit(code)


def _run() -> int:
    """Return the exit code that the command line leads to, with any error said."""
    try:
        result: object = group.main(prog_name="unitward", standalone_mode=False)
    except click.Abort:
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except UnitwardError as error:
        return _complain(str(error), error.hint, error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror}", "", Exit.FAILED)
    return result if isinstance(result, int) else Exit.OK


def _complain(message: str, hint: str, code: Exit) -> Exit:
    below = f"\n  {hint}" if hint else ""
    print(f"unitward: {message}{below}", file=sys.stderr)
    return code


def _finish(stream: TextIO, code: int) -> int:
    """Write out what is buffered, so that the interpreter has nothing left to fail with."""
    try:
        stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if isinstance(error, BrokenPipeError):
            return READER_LEFT
        if stream is not sys.stderr:
            return _complain(f"the output could not be written: {error.strerror}", "", Exit.FAILED)
        return code or Exit.FAILED
    return code
