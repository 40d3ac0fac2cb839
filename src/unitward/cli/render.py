"""`unitward render`: the unit text a manifest becomes."""

import asyncio
import os
import sys

import click

from unitward.cli.output import print_problems
from unitward.errors import Exit, NoSuchUnitError


@click.command("render")
@click.argument("units", nargs=-1, metavar="[UNIT]...")
def render_command(units: tuple[str, ...]) -> None:
    """Print the unit files that the manifests become. Needs no user manager."""
    from unitward.reconcile import declare
    from unitward.reconcile.account import assemble, recorded_now
    from unitward.reconcile.document import validate_document
    from unitward.unitfile.mark import strip_mark

    account = assemble(os.environ)
    desired = asyncio.run(declare(account, recorded_now(account)))
    if desired.unavailable is not None:
        print(f"unitward: {desired.unavailable.reason}", file=sys.stderr)
        sys.exit(Exit.FAILED)
    files = [f for u in desired.units.values() for f in u.files()] + list(desired.loose)
    chosen = [
        f for f in files if not units or f.path in units or f.path.partition(".d/")[0] in units
    ]
    if units and not chosen:
        print_problems(validate_document(desired.problems))
        raise NoSuchUnitError(
            f"{', '.join(units)}: not declared, or invalid",
            hint="`unitward validate` shows what is wrong",
        )
    for number, file in enumerate(sorted(chosen, key=lambda f: f.path)):
        print("\n" * bool(number) + f"# {file.path} ({file.place})")
        print(strip_mark(file.content).decode(errors="replace"), end="")
    wrong = any(p.severity.value == "error" for p in desired.problems)
    sys.exit(Exit.FAILED if wrong and not units else Exit.OK)
