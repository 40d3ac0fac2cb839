"""The second check of unit files: systemd's own, on copies in a staging folder."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from unitward.model.records import dataclass
from unitward.systemd.analyze import Analyzed, analyze
from unitward.systemd.environment import passed_on
from unitward.systemd.findings import Finding, is_by_itself, parse_findings, tells_of_units
from unitward.unitfile.names import parse_dropin, parse_name

LIMIT_SECONDS = 30.0

SMALLEST_SHARE = 100
"""How many units are worth a run of their own: one costs 25 ms before it reads any."""

_STUB = b"[Unit]\n"
_STUB_STEM = "unitward-stub"
_NO_GENERATORS = "no-generators"


class _DeafError(Exception):
    """systemd-analyze ended without having looked at the units."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What systemd says of units.

    by_itself: all were looked at, and what it says of each follows from what that has to do with.
    """

    findings: tuple[Finding, ...] = ()
    by_itself: bool = True


async def verify(
    files: Mapping[str, bytes],
    *,
    env: Mapping[str, str],
    groups: Sequence[Collection[str]] = (),
    limit_seconds: float = LIMIT_SECONDS,
) -> Verdict:
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
        return Verdict()
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(_staging(env))
            units = _stage(folder, files)
            runs = [_analyze(folder, share, env, limit_seconds) for share in _shares(units, groups)]
            # All have ended when this does, also when it is cancelled: then the folder can go.
            outputs = await asyncio.gather(*runs, return_exceptions=True)
            output = "\n".join(_unless_failed(one) for one in outputs)
        except TimeoutError:
            return _not_checked(f"systemd-analyze did not end within {limit_seconds:g} s")
        except _DeafError as error:
            return _not_checked(str(error))
        except OSError as error:
            return _not_checked(f"systemd-analyze could not be run: {error}")
    return Verdict(parse_findings(output, folder, files), is_by_itself(output, files))


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


def _unless_failed(said: Analyzed | BaseException) -> str:
    """Return what a run said of units. Raises what it ended with, _DeafError when it saw none.

    Status 1 is both "something is wrong with a unit" and "I could not begin" (analyze-verify.c).
    """
    if isinstance(said, BaseException):
        raise said
    if said.status == 0 or (said.status == 1 and tells_of_units(said.errors)):
        return said.errors
    last = said.errors.strip().rpartition("\n")[2]
    raise _DeafError(f"systemd-analyze ended with status {said.status}: {last}".rstrip(": "))


async def _analyze(
    folder: Path, units: list[str], env: Mapping[str, str], limit_seconds: float
) -> Analyzed:
    """Run systemd-analyze in the staging folder and return what it says.

    Its default, to look at dependencies too, says all that `--recursive-errors=no` says and
    more (measured on 252).
    It would run the account's environment generators (systemd.environment-generator(7)), whose
    variables are for processes and no part of what a unit says: of 45 ms of CPU for one unit
    they take 30, and those of gpg start ten programs (252). So it is shown a folder with none.
    """
    return await analyze(
        "--user",
        "--man=no",
        "verify",
        *(f"./{unit}" for unit in units),
        cwd=folder,
        env={
            "XDG_RUNTIME_DIR": str(folder),
            **passed_on(env),
            "SYSTEMD_ENVIRONMENT_GENERATOR_PATH": str(folder / _NO_GENERATORS),
            "LC_ALL": "C",
            "SYSTEMD_COLORS": "0",
        },
        limit_seconds=limit_seconds,
    )


def _not_checked(reason: str) -> Verdict:
    finding = Finding("", 0, f"not checked by systemd: {reason}", fatal=False)
    return Verdict((finding,), by_itself=False)
