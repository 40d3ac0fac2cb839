"""The second check of unit files: systemd's own, on copies in a staging folder."""

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from unitward.model.records import dataclass
from unitward.systemd.analyze import analyze
from unitward.unitfile.errors import BadNameError
from unitward.unitfile.names import is_unit_name, parse_dropin, parse_name

LIMIT_SECONDS = 30.0

SMALLEST_SHARE = 100
"""How many units are worth a run of their own: one costs 25 ms before it reads any."""

_STUB = b"[Unit]\n"
_STUB_STEM = "unitward-stub"

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


async def verify(
    files: Mapping[str, bytes],
    *,
    env: Mapping[str, str],
    groups: Sequence[Collection[str]] = (),
    limit_seconds: float = LIMIT_SECONDS,
) -> tuple[Finding, ...]:
    """Check unit files and drop-ins as if they were installed, with one systemd-analyze.

    files: name below the unit folder (`x.service`, `x.service.d/y.conf`) -> content.
    env: the environment of the account: HOME, XDG_RUNTIME_DIR, PATH.
    groups: names of files that have nothing to do with those of another group, none for all
    together. Many are shared out over the processors, each with a systemd-analyze (1000 units:
    0.5 s of CPU in two runs, 0.67 s in one).
    What concerns other units is left out. A drop-in for a unit that is not among the files is
    checked line by line only. Whether manual pages exist is not checked: it would cost one
    process each. Findings are in the order of files and lines.
    """
    if not files:
        return ()
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(_staging(env))
            units = _stage(folder, files)
            runs = [_analyze(folder, share, env, limit_seconds) for share in _shares(units, groups)]
            # All have ended when this does, also when it is cancelled: then the folder can go.
            outputs = await asyncio.gather(*runs, return_exceptions=True)
            output = "\n".join(_unless_failed(one) for one in outputs)
        except TimeoutError:
            return (_not_checked(f"systemd-analyze did not end within {limit_seconds:g} s"),)
        except OSError as error:
            return (_not_checked(f"systemd-analyze could not be run: {error}"),)
    return parse_findings(output, folder, files)


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


@contextlib.contextmanager
def _staging(env: Mapping[str, str]) -> Iterator[Path]:
    """Make a folder in memory where there is one, and remove it whatever happens."""
    base = None
    if runtime := env.get("XDG_RUNTIME_DIR"):
        base = Path(runtime, "unitward")
        try:
            base.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            base = None
    with tempfile.TemporaryDirectory(prefix="verify-", dir=base) as folder:
        yield Path(folder).resolve()


def _stage(folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Write the files, and stand-ins for what drop-ins have no unit.

    Return the units to verify, each with a file that is for it. An instance is stood in for by
    its template, any other unit by an empty one.
    """
    units = {name: content for name, content in files.items() if "/" not in name}
    told_by = {name: name for name in units}
    for name in files:
        if "/" in name:
            dropin = parse_dropin(name)
            unit = f"{_STUB_STEM}.{dropin.unit}" if dropin.is_type_wide else dropin.unit
            units.setdefault(unit, files.get(parse_name(unit).template, _STUB))
            told_by.setdefault(unit, name)
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(files[name])
    for name, content in units.items():
        (folder / name).write_bytes(content)
    return told_by


def _shares(units: Mapping[str, str], groups: Sequence[Collection[str]]) -> list[list[str]]:
    """Share the units out, each group as a whole, over at most as many runs as processors.

    units: the units to verify, each with a file that is for it.
    """
    runs = min(len(os.sched_getaffinity(0)), len(groups), len(units) // SMALLEST_SHARE)
    if runs <= 1:
        return [list(units)]
    group_of = {file: number for number, group in enumerate(groups) for file in group}
    members: dict[int, list[str]] = {}
    for unit, file in units.items():
        members.setdefault(group_of[file], []).append(unit)
    shares: list[list[str]] = [[] for _ in range(runs)]
    for group in members.values():
        min(shares, key=len).extend(group)
    return [share for share in shares if share]


def _unless_failed(output: str | BaseException) -> str:
    """Return what a run said. Raises what it ended with."""
    if isinstance(output, BaseException):
        raise output
    return output


async def _analyze(
    folder: Path, units: list[str], env: Mapping[str, str], limit_seconds: float
) -> str:
    """Run systemd-analyze in the staging folder and return what it says.

    Its default, to look at dependencies too, says all that `--recursive-errors=no` says and
    more (measured on 252). The exit status adds nothing.
    """
    quiet = {name: value for name, value in env.items() if not name.startswith("SYSTEMD_")}
    said = await analyze(
        "--user",
        "--man=no",
        "verify",
        *(f"./{unit}" for unit in units),
        cwd=folder,
        env={"XDG_RUNTIME_DIR": str(folder)} | quiet | {"LC_ALL": "C", "SYSTEMD_COLORS": "0"},
        limit_seconds=limit_seconds,
    )
    return said.errors


def _not_checked(reason: str) -> Finding:
    return Finding("", 0, f"not checked by systemd: {reason}", fatal=False)
