"""`unitward doctor`: what is wrong with the account and the machine, and what mends it."""

import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from unitward.cli.output import FAINT, GREEN, OUTPUT_OPTION, RED, YELLOW, paint, print_json, say
from unitward.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unitward.setup.doctor import Finding, Level

WIDEST = 100
MARGIN = " " * 9


@click.command("doctor")
@OUTPUT_OPTION
def doctor_command(output: str) -> int:
    """Check this account and machine, and say what mends each problem.

    Needs nothing of the environment and changes nothing. An error makes the exit code 1,
    warnings do not.
    """
    from unitward.setup.doctor import Level, diagnose, gather
    from unitward.setup.doctor.document import doctor_document, worst

    facts = gather()
    findings = diagnose(facts)
    if output == "json":
        print_json(doctor_document(facts.account, findings))
    else:
        _print(findings)
    return Exit.FAILED if worst(findings) is Level.ERROR else Exit.OK


def _print(findings: "Sequence[Finding]") -> None:
    """Print what matters most first; what is well takes one line."""
    from unitward.setup.doctor import Level

    for level in (Level.ERROR, Level.WARNING, Level.INFO):
        for finding in findings:
            if finding.level is level:
                _print_finding(finding)
    troubled = {finding.check for finding in findings if finding.level is not Level.OK}
    well = dict.fromkeys(f.check for f in findings if f.check not in troubled)
    if well:
        _print_block(Level.OK, ", ".join(well), GREEN)
    print()
    say(_summary(findings))


def _print_finding(finding: "Finding") -> None:
    colors = {"error": RED, "warning": YELLOW}
    text = f"{finding.check}: {finding.found}"
    _print_block(finding.level, text, colors.get(finding.level.value, ""))
    for step in finding.mend:
        say(f"{MARGIN}  {step}", FAINT)


def _print_block(level: "Level", text: str, color: str) -> None:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    lines = textwrap.wrap(text, width - len(MARGIN), break_long_words=False, break_on_hyphens=False)
    first, *rest = lines or [""]
    print(f"{paint(level.value.ljust(len(MARGIN)), color)}", end="")
    say(first)
    for line in rest:
        say(f"{MARGIN}{line}")


def _summary(findings: "Sequence[Finding]") -> str:
    from unitward.setup.doctor import Level
    from unitward.setup.doctor.words import counted

    errors, warnings = (
        sum(finding.level is level for finding in findings)
        for level in (Level.ERROR, Level.WARNING)
    )
    if errors:
        also = f" and {counted(warnings, 'warning')}" if warnings else ""
        return f"{counted(errors, 'error')}{also}. Begin at the top: the rest may follow from it."
    if warnings:
        return f"No errors, {counted(warnings, 'warning')}."
    return "All is well."
