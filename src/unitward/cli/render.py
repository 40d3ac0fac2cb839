"""`unitward render`: the unit text a manifest becomes."""

import os
from typing import TYPE_CHECKING

import click

from unitward.cli.asynchronous import result_of
from unitward.cli.output import print_problems, warn
from unitward.cli.words import full_names
from unitward.errors import Exit, NoSuchUnitError

if TYPE_CHECKING:
    from unitward.model.desired import Desired, DesiredFile


@click.command("render")
@click.argument("units", nargs=-1, metavar="[UNIT]...")
def render_command(units: tuple[str, ...]) -> int:
    """Print the unit files that the manifests become. Needs no user manager."""
    from unitward.reconcile.account import assemble, recorded_now
    from unitward.reconcile.one_pass import declare
    from unitward.reconcile.problem_document import problem_document
    from unitward.unitfile.mark import strip_mark

    account = assemble(os.environ)
    desired = result_of(declare(account, recorded_now(account)))
    if desired.unavailable is not None:
        warn(desired.unavailable.reason, desired.unavailable.hint)
        return Exit.FAILED
    files = _files(desired)
    wanted = full_names(units)
    print_problems(
        [problem_document(p) for p in desired.problems if not wanted or p.unit in {"", *wanted}]
    )
    for name in wanted:
        if not any(_belongs(file, name) for file in files):
            raise NoSuchUnitError(
                f"{name}: not declared, or invalid", hint="`unitward validate` shows what is wrong"
            )
    chosen = [f for f in files if not wanted or any(_belongs(f, name) for name in wanted)]
    for number, file in enumerate(sorted(chosen, key=lambda f: f.path)):
        print("\n" * bool(number) + f"# {file.path} ({file.place})")
        print(strip_mark(file.content).decode(errors="replace"), end="")
    return Exit.FAILED if desired.frozen and not wanted else Exit.OK


def _files(desired: "Desired") -> "list[DesiredFile]":
    return [f for unit in desired.units.values() for f in unit.files()] + list(desired.loose)


def _belongs(file: "DesiredFile", name: str) -> bool:
    """Tell whether the file is the named unit's own or a drop-in of it."""
    return name in {file.path, file.path.partition(".d/")[0]}
