"""What systemd found nothing about before, and need not be asked again: for `validate`.

An answer is passed over only where all is as it was that systemd looked at: systemd-analyze
itself and what it is given (systemd/search_path.py), the files that are checked and all that is
read beside them (surroundings.py), the programs they name. Files whose judgement depends on
more (text_alone.py), and those with a finding, are asked about each time.
"""

import contextlib
import functools
import hashlib
import marshal
import os
import stat
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import unitward
from unitward.model.records import dataclass
from unitward.reconcile.check.question import Question
from unitward.reconcile.check.surroundings import Surroundings, UncertainError
from unitward.reconcile.check.text_alone import programs
from unitward.reconcile.check.together import mentioned
from unitward.reconcile.own_code import PACKAGE, code_of
from unitward.store.verified import Verified, read_verified, write_verified
from unitward.systemd.findings import Finding
from unitward.systemd.search_path import answering

MOST_KEPT = 4096
"""So many groups are kept, of several folders and times: 130 kB. More where one has more."""

MOST_PATHS = 7
"""So many search paths are kept beside the one in use: of other environments."""

_DECIDING = ("model", "reconcile", "reconcile/check", "store", "systemd", "unitfile")
# Where every systemd finds a program that is named without a folder.
_EVERY_PATH = ("/usr/local/bin", "/usr/bin")


@dataclass(frozen=True, slots=True)
class _Examined:
    """The groups of the question, held against the machine.

    digests: of all that the judgement of each follows from, None where that cannot be told.
    reached: the stems that each has to do with, None where that cannot be told.
    """

    digests: tuple[bytes | None, ...]
    reached: tuple[frozenset[str] | None, ...]
    around: Surroundings


class PassedOver:
    """A question to systemd, and what is kept of earlier answers."""

    def __init__(self, file: Path, env: Mapping[str, str], question: Question) -> None:
        """Read what was kept in a file, for the systemd-analyze of this environment."""
        self._file = file
        self._env = env
        self._question = question
        self._key = b""
        self._answering = b""
        self._kept = Verified()
        self.search_path: tuple[str, ...] | None = None
        """Where systemd looks for units; None: it has to be asked before anything is known."""
        with contextlib.suppress(OSError):
            self._answering = _digest(answering(env))
            self._key = _own_key()
            self._kept = read_verified(file, self._key)
            self.search_path = self._kept.search_paths.get(self._answering)
        self._examined: _Examined | None = None

    @functools.cached_property
    def unanswered(self) -> Sequence[set[str]]:
        """The groups that systemd has to be asked about, with those they have to do with."""
        groups = self._question.groups
        self._examined = examined = self._examine()
        if examined is None:
            return groups
        good = frozenset(self._kept.good)
        new = {n for n, digest in enumerate(examined.digests) if digest not in good}
        reached: set[str] = set()
        for number in new:
            stems = examined.reached[number]
            if stems is None:
                return groups
            reached |= stems
        return [
            group
            for number, group in enumerate(groups)
            if number in new or (new and examined.around.reaches(reached, group))
        ]

    def keep(self, asked: Sequence[set[str]], findings: Sequence[Finding]) -> None:
        """Keep of an answer what had no finding, if nothing changed while it was given."""
        before, kept = self._examined, self._kept
        concerned = {finding.file for finding in findings}
        if before is None or self.search_path is None:
            return
        if any(map(before.around.is_common, _units_in(findings))):
            return
        fine = [group for group in asked if group.isdisjoint(concerned)]
        known = dict(zip(map(id, self._question.groups), before.digests, strict=True))
        new = {known[id(group)] for group in fine} - {None, *kept.good}
        if not new:
            return
        if not self._is_as_before(before.around):
            return
        good = {*kept.good, *new}
        now = [digest for digest in before.digests if digest is not None and digest in good]
        most = max(MOST_KEPT, 2 * len(now))
        others = {k: p for k, p in kept.search_paths.items() if k != self._answering}
        write_verified(
            self._file,
            self._key,
            Verified(
                tuple(dict.fromkeys((*now, *kept.good)))[:most],
                {self._answering: self.search_path, **dict(list(others.items())[:MOST_PATHS])},
            ),
        )

    def _is_as_before(self, around: Surroundings) -> bool:
        try:
            return self._answering == _digest(answering(self._env)) and around.is_as_before()
        except (UncertainError, OSError):
            return False

    def _examine(self) -> _Examined | None:
        """Hold the groups against the machine as it is now; None where nothing can be told."""
        if self.search_path is None or not self._question.groups:
            return None
        try:
            around = Surroundings(self.search_path, self._question.files)
        except (UncertainError, OSError):
            return None
        common = _digest((self._answering, around.common))
        digests: list[bytes | None] = []
        reached: list[frozenset[str] | None] = []
        there = _Programs()
        for group in self._question.groups:
            try:
                stems, facts = around.of(group)
            except (UncertainError, OSError):
                digests.append(None)
                reached.append(None)
                continue
            reached.append(stems)
            needed = self._programs(group) if facts is not None else None
            is_told = needed is not None and all(map(there.executable, needed))
            digests.append(_digest((common, sorted(group), facts, needed)) if is_told else None)
        return _Examined(tuple(digests), tuple(reached), around)

    def _programs(self, group: Collection[str]) -> list[str] | None:
        """Return the programs that a group needs, None where its judgement depends on more."""
        found: set[str] = set()
        for path in group:
            text = self._question.files[path].text
            needed = programs(path, text, self._env["HOME"])
            if needed is None:
                return None
            found |= needed
        return sorted(found)


class _Programs:
    """Looks whether programs can be executed, at each once."""

    def __init__(self) -> None:
        self._seen: dict[str, bool] = {}

    def executable(self, program: str) -> bool:
        """Tell it as systemd does (access(2), for a file), of a bare name in every search path."""
        seen = self._seen.get(program)
        if seen is None:
            paths = [program] if "/" in program else [f"{p}/{program}" for p in _EVERY_PATH]
            seen = self._seen[program] = any(map(_is_executable, paths))
        return seen


def _is_executable(path: str) -> bool:
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - one for each program
    except (OSError, ValueError):
        return False
    return is_file and path.startswith("/") and os.access(path, os.X_OK)


def _units_in(findings: Sequence[Finding]) -> set[str]:
    """Return the units that findings are of, and those that they name."""
    named = {unit for finding in findings for unit in mentioned(finding.message)}
    return named | {finding.file.partition("/")[0].removesuffix(".d") for finding in findings}


def _own_key() -> bytes:
    """Return a digest of the code that reads and writes what is kept. Raises OSError."""
    code = tuple((room, code_of(room)) for room in _DECIDING)
    how = (unitward.__version__, sys.implementation.cache_tag, marshal.version, str(PACKAGE))
    return _digest((how, code))


def _digest(facts: object) -> bytes:
    return hashlib.sha256(repr(facts).encode(errors="surrogateescape")).digest()
