"""Which folders have to be watched so that no change of a folder's content is missed."""

import os
from collections.abc import Callable
from dataclasses import field
from enum import Enum
from operator import itemgetter
from pathlib import Path

from unitward.manifest.files import FileKind, classify
from unitward.model.records import dataclass
from unitward.sources.git import Checkout

# Where a chain of links is given up: the kernel's own limit (path_resolution(7)).
_MAX_HOPS = 40
_UP = ".."


class Why(Enum):
    """Why a folder is of interest: a step of a path, a file at a link's end, all it holds."""

    STEP = "step"
    FILE = "file"
    CONTENT = "content"
    BRANCHES = "branches"


@dataclass(frozen=True, slots=True)
class Interest:
    """What counts in one folder.

    rel: the folder's own path relative to the root (CONTENT, BRANCHES).
    names: the single names that count (STEP, FILE) and the relative path each stands for.
    """

    folder: Path
    why: Why
    rel: str = ""
    names: dict[str, str] = field(default_factory=dict)


# Called with each folder before anything is looked up in it, so that nothing falls between.
Register = Callable[[Interest], None]


def unread(rel: str) -> bool:
    """Tell whether a file of this relative path plays no part in the desired state."""
    return classify(rel) is FileKind.IGNORED


def below(rel: str, name: str) -> str:
    """Return the relative path of an entry of the folder `rel`."""
    return f"{rel}/{name}" if rel else name


def plain_end(folder: str, name: str) -> tuple[str, str] | None:
    """Return the folder and the name at which a link ends, None where that takes a closer look.

    Links on the way to that folder are not followed: it counts only if it is known by this path.
    """
    try:
        target = os.readlink(f"{folder}/{name}")  # noqa: PTH115 - Path takes thrice the time
    except OSError:
        return None
    if _UP in target.removeprefix(f"{_UP}/").split("/"):
        return None  # beyond a link `..` is the folder above the link's end
    where, _, file = os.path.normpath(os.path.join(folder, target)).rpartition("/")  # noqa: PTH118 - the same
    return where, file


@dataclass(slots=True)
class Lookup:
    """One walk over a root: its own path, the folders below it, the ends of its links.

    register: told of each folder of interest. uid: folders of others are watched only on
    the way to the root; what root changes in them shows at the next rescan.
    suffices: tells whether a file of the root, by its relative path, is told of well enough by
    its own name, so that links to it need not be followed.
    links: the relative paths that are links, once walked.

    A unit folder holds a link for every enabled unit: 1000 that end at files of the folder
    itself cost 10 ms, followed step by step 150 ms.
    """

    root: Path
    uid: int
    recursive: bool
    register: Register
    suffices: Callable[[str], bool] = lambda _: False
    links: set[str] = field(default_factory=set)
    _told: dict[str, dict[str, str]] = field(default_factory=dict)
    _found: dict[tuple[Path, Why], Interest] = field(default_factory=dict)
    _resolved: dict[Path, Path | None] = field(default_factory=dict)

    def walk(self) -> None:
        """Find and register everything that a reading of the root looks at."""
        real = self._resolve(self.root, "", 0)
        if real is not None:
            self._content(real, "")

    def walk_git(self, checkout: Checkout) -> None:
        """Register what moves when a git command moves HEAD or changes the index."""
        for path in checkout.settle_paths:
            if path.name in {"heads", "reftable"}:
                self._branches(path, f".git/{path.relative_to(checkout.common_dir)}")
            else:
                self._name(path, Why.STEP, f".git/{path.name}")

    def _name(self, path: Path, why: Why, rel: str) -> None:
        key = (path.parent, why)
        if key not in self._found:
            self._found[key] = Interest(path.parent, why, names={path.name: rel})
            self.register(self._found[key])
        self._found[key].names.setdefault(path.name, rel)

    def _branches(self, path: Path, rel: str) -> None:
        if path.is_dir():
            self.register(Interest(path, Why.BRANCHES, rel))
            for name, is_folder, _ in _listed(path):
                if is_folder:
                    self._branches(path / name, f"{rel}/{name}")

    def _content(self, real: Path, rel: str) -> None:
        key = (real, Why.CONTENT)
        if key in self._found:
            return
        self._found[key] = Interest(real, Why.CONTENT, rel)
        self.register(self._found[key])
        entries = [entry for entry in _listed(real) if not entry[0].startswith(".")]
        self._told[str(real)] = {
            name: below(rel, name)
            for name, is_folder, is_link in entries
            if not is_folder and not is_link
        }
        # Links last: by then all that they can end at inside is known.
        for name, is_folder, is_link in sorted(entries, key=itemgetter(2)):
            inner = below(rel, name)
            if is_link:
                self.links.add(inner)
                if not self._is_told(str(real), name):
                    self._link(real / name, inner)
            elif is_folder and self.recursive:
                self._content(real / name, inner)

    def _is_told(self, folder: str, name: str) -> bool:
        """Tell whether a link ends at a file of a folder under watch, which tells of itself."""
        end = plain_end(folder, name)
        if end is None:
            return False
        where, file = end
        rel = self._told.get(where, {}).get(file)
        return rel is not None and self.suffices(rel)

    def _link(self, path: Path, rel: str) -> None:
        end = self._resolve(path, rel, 0)
        if end is None:
            return
        if end.is_dir():
            if self.recursive:
                self._content(end, rel)
        elif _owner(end.parent) == self.uid and end.is_file():
            self._name(end, Why.FILE, rel)

    def _resolve(self, path: Path, rel: str, hops: int) -> Path | None:
        """Return the path without links, None when it leads nowhere.

        Every folder in which a step of it is looked up becomes one of interest.
        """
        if path == path.parent:
            return path
        if path not in self._resolved:
            self._resolved[path] = None  # a link that leads back to itself leads nowhere
            base = self._resolve(path.parent, rel, hops)
            if base is not None and hops <= _MAX_HOPS:
                self._resolved[path] = self._step(base, path.name, rel, hops)
        return self._resolved[path]

    def _step(self, base: Path, name: str, rel: str, hops: int) -> Path | None:
        if name == _UP:
            return base.parent
        path = base / name
        if not rel or _owner(base) == self.uid:
            self._name(path, Why.STEP, rel)
        try:
            if not path.is_symlink():
                return path if path.exists() else None
            return self._resolve(base / path.readlink(), rel, hops + 1)
        except OSError:
            return None


def _owner(folder: Path) -> int:
    try:
        return folder.stat().st_uid
    except OSError:
        return -1


def _listed(path: Path) -> list[tuple[str, bool, bool]]:
    """Return name, is a folder, is a link; nothing for a folder that cannot be listed."""
    try:
        with os.scandir(path) as entries:
            return [
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink())
                for entry in entries
            ]
    except OSError:
        return []
