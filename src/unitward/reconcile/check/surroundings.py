"""What systemd reads beside the files of a group when it judges them.

It loads what a unit names, what that names, and so on, from the files that are checked and from
the folders of its search path; and of each unit its drop-ins, aliases and what is wanted in its
name. All of that counts, by its bytes. A unit's place here is its stem (together.stems): of
several units of one stem, all are taken to be read.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from unitward.model.desired import DesiredFile
from unitward.model.records import dataclass
from unitward.model.unittext import UnitText
from unitward.reconcile.check.together import NAMED_BY_PATH, mentions, stems, units_named
from unitward.unitfile.names import SUFFIXES, UnitName, escape, is_unit_name, parse_name
from unitward.unitfile.syntax import parse

NAMED_BY_DEFAULT = ("-", "app", "basic", "dbus", "paths", "shutdown", "sockets", "timers")
"""The stems of what systemd adds to a unit of an account on its own (252: unit_dump)."""

_REQUIRING = frozenset(("BindsTo", "Requires", "RequiresOverridable", "Requisite"))
_WANTED = (".wants", ".requires", ".upholds")
_TYPES = frozenset(suffix.removeprefix(".") for suffix in SUFFIXES)

Facts = tuple[object, ...]


class UncertainError(Exception):
    """It cannot be told what systemd would read."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known of one stem: all that is read for it, and the stems that are named there.

    needed: the units that are required there.
    """

    facts: Facts
    names: frozenset[str]
    needed: frozenset[str]


class Surroundings:
    """The search path, and the files that are checked, which stand before it."""

    def __init__(self, search_path: Sequence[str], files: Mapping[str, DesiredFile]) -> None:
        """List the folders of the search path. Raises UncertainError, OSError."""
        self._search_path = search_path
        self._files = files
        self._places: dict[str, _Place] = {}
        self._given: dict[str, list[str]] = {}
        self._entries: dict[str, list[str]] = {}
        self._also: dict[str, set[str]] = {}
        self._links: list[tuple[str, str]] = []
        self._for_many: list[str] = []
        for path in files:
            self._given.setdefault(_stem_of(_unit_name(path)), []).append(path)
        for folder in search_path:
            self._list(folder)
        facts: list[object] = [tuple(search_path), tuple(self._links)]
        names = set(NAMED_BY_DEFAULT)
        needed: set[str] = set()
        for path in self._for_many:
            for fact, text in _texts_in(path, self._files):
                facts.append(fact)
                names |= _stems_in_any(text)
                needed |= _needed(text)
        self._common = self._reached(names, ())
        if not (all(map(self._has, needed)) and self._is_whole(self._common)):
            raise UncertainError
        self.common: Facts = (*facts, *(self._places[stem].facts for stem in sorted(self._common)))
        """What has a part in the judgement of every unit."""

    def of(self, group: Collection[str]) -> tuple[frozenset[str], Facts | None]:
        """Return the stems that a group of files reaches, and what is read there beside `common`.

        Its own files are among it. None where a unit is required that is not there, or masked:
        systemd 252 tells that, or not, by the random order of its tables (a job that something
        only wants stays in the transaction when what it requires cannot be started).
        Raises UncertainError, OSError.
        """
        reached = self._reached({_stem_of(_unit_name(path)) for path in group}, self._common)
        if not self._is_whole(reached):
            return reached, None
        return reached, tuple((stem, self._places[stem].facts) for stem in sorted(reached))

    def is_as_before(self) -> bool:
        """Tell whether all that was read is still as it was. Raises UncertainError, OSError."""
        now = Surroundings(self._search_path, self._files)
        if (now.common, now._entries) != (self.common, self._entries):
            return False
        # Of the files themselves nothing changes: they are in memory.
        return all(
            now._read(stem).facts == place.facts
            for stem, place in self._places.items()
            if any(_base(path) not in self._files for path in self._entries.get(stem, ()))
        )

    def is_common(self, name: str) -> bool:
        """Tell whether a unit, or one of its stem, has a part in every judgement."""
        return _stem_of(name) in self._common

    def reaches(self, reached: Collection[str], group: Iterable[str]) -> bool:
        """Tell whether one of the stems, or any unit's judgement, has to do with the group."""
        own = (_stem_of(_unit_name(path)) for path in group)
        return any(stem in reached or stem in self._common for stem in own)

    def _is_whole(self, stems: Iterable[str]) -> bool:
        return all(self._has(unit) for stem in stems for unit in self._places[stem].needed)

    def _list(self, folder: str) -> None:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            name = entry.name
            unit, dot, ending = name.rpartition(".")
            if ending == "d" and (unit in _TYPES or unit.rpartition(".")[0].endswith("-")):
                self._for_many.append(entry.path)
                continue
            whose = unit if ending == "d" or f"{dot}{ending}" in _WANTED else name
            if whose.endswith(NAMED_BY_PATH):
                raise UncertainError
            if whose.rpartition(".")[2] in _TYPES:
                self._entries.setdefault(_stem_of(whose), []).append(entry.path)
                if entry.is_symlink():
                    self._add_link(entry.path, _stem_of(name))

    def _add_link(self, path: str, stem: str) -> None:
        """Take an alias for what it is: one unit has the drop-ins of both names."""
        link = Path(path)
        end = link.readlink()
        self._links.append((path, str(end)))
        for name in (end.name, link.resolve().name):
            other = _stem_of(name)
            if other and other != stem:
                self._also.setdefault(stem, set()).add(other)
                self._also.setdefault(other, set()).add(stem)

    def _reached(self, begin: Iterable[str], known: Collection[str]) -> frozenset[str]:
        reached: set[str] = set()
        ahead = list(begin)
        while ahead:
            stem = ahead.pop()
            if stem not in reached and stem not in known:
                reached.add(stem)
                place = self._places.get(stem)
                if place is None:
                    place = self._places[stem] = self._read(stem)
                ahead += place.names
        return frozenset(reached)

    def _has(self, unit: str) -> bool:
        """Tell whether a required unit is there and not masked."""
        name = parse_name(unit) if is_unit_name(unit) else None
        if name is None or name.suffix == ".slice":
            return name is not None
        names = {unit, name.template} - {""}
        if not self._files.keys().isdisjoint(names):
            return True
        found = (path for path in self._entries.get(name.prefix, ()) if _base(path) in names)
        return any(isinstance(content := _content(path), bytes) and content for path in found)

    def _read(self, stem: str) -> _Place:
        facts: list[object] = []
        names = set(self._also.get(stem, ()))
        needed: set[str] = set()
        for path in self._given.get(stem, ()):
            file = self._files[path]
            facts.append((path, file.digest))
            names |= _stems_in(path, file.text)
            needed |= _needed(file.text)
        for path in self._entries.get(stem, ()):
            if path.endswith(_WANTED):
                for wanted, end in _links_in(path):
                    facts.append((path, wanted, end))
                    names |= _stems_of_name(wanted)
                    if path.endswith(".requires"):
                        needed.add(wanted)
            else:
                for fact, text in _texts_in(path, self._files):
                    facts.append(fact)
                    names |= _stems_in(str(fact[0]), text)
                    needed |= _needed(text)
        return _Place(tuple(facts), frozenset(names), frozenset(needed))


def _unit_name(path: str) -> str:
    return path.partition("/")[0].removesuffix(".d")


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _stem_of(name: str) -> str:
    return name.rpartition(".")[0].partition("@")[0]


def _stems_in(path: str, text: UnitText) -> set[str]:
    """Return the stems of what a file is for and names. Raises UncertainError."""
    units = units_named(path, text)
    if units is None or (units[0].is_template and any("%" in name for name in mentions(text))):
        raise UncertainError
    return {stem for unit in units for stem in _stems_around(unit)}


def _stems_in_any(text: UnitText) -> set[str]:
    """Return the stems of what a drop-in for many units names. Raises UncertainError."""
    found: set[str] = set()
    for name in mentions(text):
        if "%" in name:
            raise UncertainError
        found |= _stems_of_name(name)
    return found


def _needed(text: UnitText) -> set[str]:
    """Return the units that are required, with specifiers as written."""
    return {
        unit for entry in text.entries if entry.key in _REQUIRING for unit in entry.value.split()
    }


def _stems_of_name(name: str) -> set[str]:
    return set(_stems_around(parse_name(name))) if is_unit_name(name) else set()


def _stems_around(unit: UnitName) -> Iterator[str]:
    """Return the stems that a unit has to do with by its name; instances have a slice of theirs."""
    if unit.suffix in NAMED_BY_PATH:
        raise UncertainError
    yield from stems(unit)
    if unit.instance is not None:
        yield f"app-{escape(unit.prefix)}"


def _texts_in(
    path: str, files: Mapping[str, DesiredFile]
) -> Iterator[tuple[tuple[str, bytes | int], UnitText]]:
    """Yield what systemd reads of an entry of the search path, save what `files` stand before.

    With each its name below the folder, and its digest or why there is none.
    """
    name = _base(path)
    if not name.endswith(".d"):
        names = {name: path}
    else:
        names = {}
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            confs = sorted(conf for conf in os.listdir(path) if conf.endswith(".conf"))  # noqa: PTH208 - names
            names = {f"{name}/{conf}": f"{path}/{conf}" for conf in confs}
    for short, full in names.items():
        if short not in files:
            content = _content(full)
            if isinstance(content, int):
                yield (short, content), UnitText()
            else:
                yield (short, hashlib.sha256(content).digest()), parse(content).text


def _content(path: str) -> bytes | int:
    """Return the bytes of a file, or the number of the error that its reader gets, negative."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return file.read() if is_file else b""
    except OSError as error:
        return -(error.errno or 1)


def _links_in(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the names in a folder `UNIT.wants`, each with where it leads, "" for no link."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        yield entry.name, str(Path(entry.path).readlink()) if entry.is_symlink() else ""
