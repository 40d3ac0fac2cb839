"""A complete reading of the desired-state folder, or the reason why there is none."""

import hashlib
import os
import stat
import time
from dataclasses import field
from operator import attrgetter
from pathlib import Path

from unitward.manifest.files import FileKind, classify
from unitward.model.records import dataclass
from unitward.model.source import Revision, Snapshot, SourceFile, Unavailable, Unreadable
from unitward.sources.content import MovedError, ReadCache, follow, read_content
from unitward.sources.git import Checkout, find_checkout
from unitward.sources.trust import distrust

MAX_FILES = 10_000
MAX_ENTRIES = 100_000
MAX_TOTAL_BYTES = 64 * 1024 * 1024
_TRIES = 5
_PAUSE = 0.01


_Identity = tuple[int, int]  # device and inode


class _CannotReadError(Exception):
    def __init__(self, unavailable: Unavailable) -> None:
        super().__init__(unavailable.reason)
        self.unavailable = unavailable


def read_folder(
    root: Path, *, uid: int | None, cache: ReadCache | None = None
) -> Snapshot | Unavailable:
    """Read every file below `root` that could declare something.

    uid: the account that reads; what others could have written is refused. None refuses nothing.
    cache: spares reading unchanged files again; one cache belongs to one folder.

    The result is a complete reading: nothing came, went or moved while it was made, and
    HEAD of a checkout stayed where it was. After five tries, some milliseconds apart, a
    folder that keeps moving gives a Snapshot that is not settled, or Unavailable when a
    file seen in it was gone each time. A folder or sub-folder that cannot be listed gives
    Unavailable: a partial reading must not look like absence.
    """
    cache = ReadCache() if cache is None else cache
    latest: Snapshot | None = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)
        checkout = find_checkout(root)
        commit = checkout.commit() if checkout else ""
        reading = _Reading(root, uid, checkout, cache)
        try:
            reading.read()
            settled = reading.undisturbed() and (not checkout or checkout.commit() == commit)
        except MovedError:
            latest = None
            continue
        except _CannotReadError as cannot:
            return cannot.unavailable
        latest = reading.snapshot(commit, settled=settled)
        if settled:
            cache.forget_others({file.path for file in latest.files})
            return latest
    return latest or Unavailable(
        f"{root} keeps changing: files vanished while it was read",
        "it is read again when it becomes quiet",
    )


@dataclass(slots=True)
class _Reading:
    """One walk through the folder."""

    root: Path
    uid: int | None
    checkout: Checkout | None
    cache: ReadCache
    files: list[SourceFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    seen_folders: dict[Path, tuple[int, int, int]] = field(default_factory=dict)
    entries: int = 0
    total_bytes: int = 0

    def read(self) -> None:
        try:
            status = self.root.stat()
        except FileNotFoundError:
            raise _CannotReadError(self._missing()) from None
        except OSError as error:
            raise _cannot_list(self.root, error) from None
        if not stat.S_ISDIR(status.st_mode):
            raise _CannotReadError(Unavailable(f"{self.root} is not a folder"))
        self._folder(self.root, "", ())

    def undisturbed(self) -> bool:
        """Tell whether every folder is still the one that was listed, with the same entries."""
        for path, stamp in self.seen_folders.items():
            now = _status(path, follow=True)
            if stamp != (now.st_dev, now.st_ino, now.st_mtime_ns):
                return False
        return True

    def snapshot(self, commit: str, *, settled: bool) -> Snapshot:
        files = tuple(sorted(self.files, key=attrgetter("path")))
        return Snapshot(
            root=str(self.root),
            files=files,
            revision=Revision(_digest(files), commit),
            settled=settled,
            ignored=tuple(sorted(self.ignored)),
        )

    def _missing(self) -> Unavailable:
        if self.root.is_symlink():
            named = self.root.readlink()
            return Unavailable(f"{self.root} is a link to {named}, which does not exist")
        return Unavailable(f"{self.root} does not exist", f"mkdir -p {self.root}")

    def _folder(self, path: Path, rel: str, above: tuple[_Identity, ...]) -> None:
        """Read a folder and what is below it; `above` are the folders that contain it."""
        status = _status(path, follow=True)
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            # All it holds is read already, as part of the folder that it leads back to.
            self.ignored.append(rel)
            return
        why = distrust(status, str(path), self.uid)
        if why is not None:
            raise _CannotReadError(
                Unavailable(
                    f"the desired state is not this account's alone: {why.reason}", why.hint
                )
            )
        self.seen_folders[path] = (*identity, status.st_mtime_ns)
        prefix, within = (f"{rel}/" if rel else ""), (*above, identity)
        for name, seen in _listed(path):
            self.entries += 1
            if self.entries > MAX_ENTRIES:
                raise self._too_much(f"more than {MAX_ENTRIES} entries")
            if seen is None:
                self.ignored.append(f"{prefix}{name}")
            elif (known := self.cache.unchanged(f"{prefix}{name}", seen)) is not None:
                self._add(known)
            else:
                self._entry(path / name, seen, f"{prefix}{name}", within)

    def _entry(
        self, path: Path, status: os.stat_result, rel: str, above: tuple[_Identity, ...]
    ) -> None:
        """Read what is not known as it is: a file, a link, a folder."""
        end = path
        if stat.S_ISLNK(status.st_mode):
            tree = self.checkout.top if self.checkout else None
            target = follow(path, uid=self.uid, tree=tree)
            if isinstance(target, Unreadable):
                self._add(SourceFile(_shown(rel), target))
                return
            status, end = _status(target), target
        if stat.S_ISDIR(status.st_mode):
            self._folder(path, rel, above)
        elif classify(rel) is FileKind.IGNORED:
            self.ignored.append(rel)
        elif _shown(rel) != rel:
            self._add(SourceFile(_shown(rel), Unreadable("the name is not UTF-8", "rename it")))
        else:
            file = read_content(end, rel, uid=self.uid, cache=self.cache, status=status)
            self._add(file)

    def _add(self, file: SourceFile) -> None:
        self.files.append(file)
        if len(self.files) > MAX_FILES:
            raise self._too_much(f"more than {MAX_FILES} files")
        if isinstance(file.content, bytes):
            self.total_bytes += len(file.content)
        if self.total_bytes > MAX_TOTAL_BYTES:
            raise self._too_much(f"more than {MAX_TOTAL_BYTES // 1024**2} MiB")

    def _too_much(self, what: str) -> _CannotReadError:
        return _CannotReadError(
            Unavailable(
                f"{self.root} holds {what}, which no desired state does",
                "check that `source:` in config.yaml names the right folder",
            )
        )


def _listed(path: Path) -> list[tuple[str, os.stat_result | None]]:
    """Return the names in a folder, in order, with what lstat(2) says; None for hidden ones.

    Asked for relative to the open folder: to walk 1000 long paths takes 1.5 ms more, of 6.
    """
    name = ""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found: list[tuple[str, os.stat_result | None]] = []
            for name in sorted(os.listdir(folder)):  # noqa: PTH208 - of an open folder
                hidden = name.startswith(".")
                found.append((name, None if hidden else os.lstat(name, dir_fd=folder)))
        finally:
            os.close(folder)
    except FileNotFoundError as error:
        raise MovedError(path / name) from error
    except OSError as error:
        raise _cannot_list(path / name, error) from None
    return found


def _status(path: Path, *, follow: bool = False) -> os.stat_result:
    try:
        return path.stat(follow_symlinks=follow)
    except FileNotFoundError as error:
        raise MovedError(path) from error
    except OSError as error:
        raise _cannot_list(path, error) from None


def _cannot_list(path: Path, error: OSError) -> _CannotReadError:
    hint = f"make it readable: chmod u+rX {path}" if isinstance(error, PermissionError) else ""
    return _CannotReadError(Unavailable(f"{path} cannot be read: {error.strerror}", hint))


def _shown(rel: str) -> str:
    if rel.isascii():
        return rel
    return os.fsencode(rel).decode("utf-8", "backslashreplace")


def _digest(files: tuple[SourceFile, ...]) -> str:
    parts = []
    for file in files:
        said = file.content.reason if isinstance(file.content, Unreadable) else file.digest
        parts.append(f"{file.path}\0{said}\0")
    return hashlib.sha256("".join(parts).encode()).hexdigest()
