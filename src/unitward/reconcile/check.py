"""Desired -> Desired without what systemd itself would refuse. The second check.

`systemd-analyze verify` for the files that are new since the last check and all that they
have to do with. Its messages are mapped back to the lines of the manifests.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from unitward.manifest.cron import calendar_of_cron
from unitward.manifest.lint import VERIFY
from unitward.model.desired import Desired, DesiredFile, Freeze
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.source import Place, Problem, Severity
from unitward.reconcile.freezing import freeze_what_names_the_frozen
from unitward.reconcile.together import beside, groups
from unitward.systemd.verify import Finding, verify

NOWHERE = Place("systemd-analyze")
NOT_HERE = re.compile(r"is not executable|No such file or directory")


@dataclass(slots=True)
class CheckCache:
    """The last set of files that was checked, and what was found."""

    digest: str = ""
    findings: tuple[Finding, ...] = ()


async def check(
    desired: Desired, recorded: Recorded, env: Mapping[str, str], cache: CheckCache
) -> Desired:
    """Freeze every changed unit that systemd could not load; the rest passes unchanged.

    Where every file is as recorded nothing is asked: what runs was judged when it came.
    """
    owners = {f.path: name for name, unit in desired.units.items() for f in unit.files()}
    files = {f.path: f for unit in desired.units.values() for f in unit.files()}
    files |= {f.path: f for f in desired.loose}
    changed = {
        path
        for path, file in files.items()
        if (known := recorded.files.get(path)) is None or known.digest != file.digest
    }
    if not changed:
        return desired
    concerned = beside(changed, groups(files))
    findings = await _findings(files, concerned, env, cache)
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


async def _findings(
    files: Mapping[str, DesiredFile],
    concerned: Sequence[Collection[str]],
    env: Mapping[str, str],
    cache: CheckCache,
) -> tuple[Finding, ...]:
    asked = {path: files[path] for path in sorted(path for group in concerned for path in group)}
    lines = [f"{path} {file.digest}" for path, file in asked.items()]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if digest != cache.digest:
        contents = {path: file.content for path, file in asked.items()}
        cache.findings = await verify(contents, env=env, groups=concerned)
        cache.digest = digest
    return cache.findings


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
