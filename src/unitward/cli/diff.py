"""`unitward diff`: how unit files would change."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from unitward.cli.output import GREEN, RED, say
from unitward.cli.words import check_names, full_names

if TYPE_CHECKING:
    from unitward.model.plan import Action, Plan

COLORS = {"+": GREEN, "-": RED}
NOTHING = "/dev/null"


@click.command("diff")
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
def diff_command(units: tuple[str, ...], detailed_exitcode: bool) -> int:
    """Show how unit files would change, as unified diffs. Changes nothing."""
    from unitward.cli.look import document_of, exit_code, look, warn_of

    considered = look()
    warn_of(document_of(considered), considered.desired)
    wanted = full_names(units)
    check_names(wanted, considered.plan.verdicts)
    for line in _diff_lines(considered.plan, wanted):
        header = line.startswith(("+++", "---"))
        say(line, "" if header else COLORS.get(line[:1], ""))
    return exit_code(considered, detailed=detailed_exitcode)


def _diff_lines(plan: "Plan", units: tuple[str, ...]) -> Iterable[str]:
    from unitward.model.plan import Verb

    written = {Verb.CREATE, Verb.UPDATE, Verb.RESTORE, Verb.DELETE}
    for action in plan.actions:
        if action.verb in written and (not units or action.unit in units):
            yield from _diff_of(action)


def _diff_of(action: "Action") -> Iterable[str]:
    import difflib

    from unitward.unitfile.mark import strip_mark

    old = action.before.content if action.before else None
    new = action.content or None
    return difflib.unified_diff(
        strip_mark(old or b"").decode(errors="replace").splitlines(),
        strip_mark(new or b"").decode(errors="replace").splitlines(),
        NOTHING if old is None else action.path,
        NOTHING if new is None else action.path,
        lineterm="",
    )
