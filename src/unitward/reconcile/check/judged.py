"""What systemd's answer makes of the desired state. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from unitward.manifest.cron import calendar_of_cron
from unitward.manifest.lint import VERIFY
from unitward.model.desired import Desired, DesiredFile, Freeze
from unitward.model.recorded import Recorded
from unitward.model.source import Place, Problem, Severity
from unitward.reconcile.check.question import Question
from unitward.reconcile.freezing import freeze_what_names_the_frozen
from unitward.systemd.findings import Finding

NOWHERE = Place("systemd-analyze")
NOT_HERE = re.compile(r"is not executable|No such file or directory")


def judged(
    desired: Desired, recorded: Recorded, question: Question, findings: Sequence[Finding]
) -> Desired:
    """Return the desired state without the units that systemd refuses, with all it found."""
    if not findings:
        return desired
    files, changed = question.files, question.changed
    owners = {f.path: name for name, unit in desired.units.items() for f in unit.files()}
    problems: list[Problem] = []
    frozen: dict[str, Freeze] = {}
    # What systemd says of a whole unit often follows from what it said of a line.
    for finding in sorted(findings, key=lambda found: not found.line):
        problem = _problem(finding, files, owners)
        owner = owners.get(finding.file)
        if owner is None or problem.lint not in desired.units[owner].policy.allow:
            problems.append(problem)
        if finding.fatal and owner is not None and finding.file in changed:
            said = finding.message.removesuffix(" Refusing.").rstrip(".")
            frozen.setdefault(owner, Freeze(f"refused by systemd: {said}", problem.place, "F4"))
    if not problems:
        return desired
    freeze_what_names_the_frozen(desired.units, frozen, recorded)
    complete = desired.complete and not frozen
    because = desired.incomplete_because
    if frozen and not because:
        because = str(min(freeze.place for freeze in frozen.values()))
    return replace(
        desired,
        units={name: unit for name, unit in desired.units.items() if name not in frozen},
        frozen={**desired.frozen, **frozen},
        problems=tuple(sorted({*desired.problems, *problems})),
        complete=complete,
        incomplete_because=because,
        held_by_strict=desired.held_by_strict or (desired.strict and bool(frozen)),
    )


def _severity(finding: Finding) -> Severity:
    """Return a note for what only this machine lacks: the unit waits for it (F), no more."""
    if finding.fatal:
        return Severity.ERROR
    return Severity.NOTE if NOT_HERE.search(finding.message) else Severity.WARNING


def _hint(finding: Finding, file: DesiredFile) -> str:
    """Return what was probably meant; else that a refused unit stays as it is."""
    if not finding.fatal:
        return ""
    lines = file.content.splitlines()
    line = lines[finding.line - 1].decode(errors="replace") if finding.line else ""
    key, _, value = line.partition("=")
    if key.strip() == "OnCalendar":
        calendar = calendar_of_cron(value)
        if calendar:
            return f"this is cron's syntax; a timer takes: {calendar}"
    commands = file.text.values("Service", "ExecStart")
    is_list = len(commands) > 1 and file.text.last("Service", "Type") != "oneshot"
    if is_list and (key.strip() == "ExecStart" or "ExecStart=" in finding.message):
        joined = " ".join(commands)
        return f"each item of a list is a command of its own; one command is one text: {joined}"
    return "the unit stays as it is until this is mended"


def _problem(
    finding: Finding, files: Mapping[str, DesiredFile], owners: Mapping[str, str]
) -> Problem:
    file = files.get(finding.file)
    if file is None:
        return Problem(NOWHERE, Severity.WARNING, finding.message)
    return Problem(
        place=file.place_of(finding.line),
        severity=_severity(finding),
        message=f"systemd: {finding.message}",
        hint=_hint(finding, file),
        unit=owners.get(finding.file, finding.file),
        lint="" if finding.fatal else VERIFY,
    )
