"""What systemd-analyze says of unit files, read back to the files it is about. Pure."""

import re
from collections.abc import Mapping
from pathlib import Path

from unitward.model.records import dataclass
from unitward.unitfile.errors import BadNameError
from unitward.unitfile.names import is_unit_name, parse_dropin, parse_name

# What systemd 252 says of lines that it does obey; all other messages with a line are of lines
# that it ignores or that keep the unit from loading.
_OBEYED = re.compile(
    r"\b(obsolete|deprecated|legacy directory|(has been|will be) removed|(not |un)safe)\b"
)
_FATAL_FOR_UNIT = re.compile(r"\bRefusing\.$|bad unit file setting|failed to load properly|masked")
_FOLLOWS_FROM_ANOTHER = re.compile(
    r"bad unit file setting|failed to load properly|unit will not be started|"
    r"Found dependency on|Unable to break cycle|Failed to create \S+: Transaction order is cyclic"
)
_CYCLE = re.compile(r"ordering cycle|order is cyclic|break cycle")
_LINE_OF_FILE = re.compile(r"/[^:]+:\d+: ")
_ABOUT_UNIT = re.compile(r"(?:Unit )?(?P<unit>[^\s:/]\S*\.[a-z]+):? (?P<message>.+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing systemd said: of a file as it was given, and of a line (0: of the whole file).

    fatal: systemd would not load the unit, or would ignore that line of it. Not fatal is what
    may come right without a change of the file: a missing executable or unit, an ordering
    cycle; also advice about obsolete settings, and a check that could not be made (file "").
    """

    file: str
    line: int
    message: str
    fatal: bool


def parse_findings(output: str, folder: Path, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Turn the messages of systemd-analyze about `files`, staged in `folder`, into findings."""
    found: dict[Finding, None] = {}
    later: dict[Finding, None] = {}
    for text in output.splitlines():
        finding = _of_line(text, f"{folder}/", files) or _of_unit(text, files)
        if finding is not None:
            follows = not finding.line and _FOLLOWS_FROM_ANOTHER.search(finding.message)
            (later if follows else found).setdefault(finding)
    explained = {finding.file for finding in found if finding.fatal or not finding.line}
    explained |= {_unit_of(file, files) for file in explained}
    rest = {finding.file: finding for finding in later if finding.file not in explained}
    return tuple(sorted([*found, *rest.values()], key=lambda f: (f.file, f.line)))


def tells_of_units(output: str) -> bool:
    """Tell whether a message is about a unit or a line of a file, its own or another's."""
    return any(
        _LINE_OF_FILE.match(text) or _ABOUT_UNIT.fullmatch(text) for text in output.split("\n")
    )


def is_by_itself(output: str, files: Mapping[str, bytes]) -> bool:
    """Tell whether what is said of each unit follows from what it has to do with, whatever else.

    Not so with an ordering cycle: which unit that keeps from starting depends on those that were
    asked about before it. Nor with a unit of others that cannot be loaded: who is told of that
    depends on the random order of systemd's tables.
    """
    for text in output.split("\n"):
        about = _ABOUT_UNIT.fullmatch(text)
        is_foreign = about is not None and _of_unit(text, files) is None
        if _CYCLE.search(text) or (is_foreign and _FATAL_FOR_UNIT.search(text)):
            return False
    return True


def _of_line(text: str, prefix: str, files: Mapping[str, bytes]) -> Finding | None:
    if not text.startswith(prefix):
        return None
    file, _, rest = text.removeprefix(prefix).partition(":")
    line, _, message = rest.partition(": ")
    if file not in files or not line.isdecimal():
        return None
    return Finding(file, int(line), message, fatal=not _OBEYED.search(message))


def _of_unit(text: str, files: Mapping[str, bytes]) -> Finding | None:
    match = _ABOUT_UNIT.fullmatch(text)
    if match is None or not is_unit_name(match["unit"]):
        return None
    unit = match["unit"]
    file = unit if unit in files else parse_name(unit).template
    if file not in files:
        return None
    message = text if text.startswith("Unit ") else match["message"]
    return Finding(file, 0, message, fatal=bool(_FATAL_FOR_UNIT.search(message)))


def _unit_of(file: str, files: Mapping[str, bytes]) -> str:
    """Return the file of the unit that a drop-in belongs to, else the file itself."""
    try:
        unit = parse_dropin(file).unit
    except BadNameError:
        return file
    return unit if unit in files else file
