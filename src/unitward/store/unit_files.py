"""The unit folder: the only place that reads, writes or removes files in it."""

import contextlib
import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from sys import intern
from typing import Self

from unitward.errors import UnitFileError
from unitward.model.observed import DiskFile, DiskKind
from unitward.model.records import dataclass
from unitward.unitfile.names import is_unit_name

LINK_FOLDERS = (".wants", ".requires", ".upholds")
UNFINISHED = ".unitward"
READ_LIMIT = 4 * 1024 * 1024
RACY_NS = 100_000_000
"""A folder whose times are younger may change again within the same tick of its clock.

That is the kernel's, of 10 ms at most: with some room, so that a second service that is saved soon
after a first one does not have 1000 links read twice, 8 ms each.
"""
COARSE_RACY_NS = 2_000_000_000
"""The same where the file system seems to write no times finer than `_COARSE_NS` (FAT: 2 s)."""
_COARSE_NS = 10_000_000


@dataclass(frozen=True, slots=True)
class _Listing:
    """What stands in one folder; paths are relative to the unit folder, links lead to targets."""

    links: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    confs: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[os.DirEntry[str]], prefix: str) -> Self:
        links: dict[str, str] = {}
        folders, confs = [], []
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if entry.is_symlink():
                # One that was removed since the folder was listed is no link any more.
                with contextlib.suppress(FileNotFoundError):
                    links[intern(path)] = intern(os.readlink(entry.path))  # noqa: PTH115 - as in look
            elif entry.is_dir(follow_symlinks=False):
                folders.append(path)
            if entry.name.endswith(".conf"):
                confs.append(path)
        return cls(dict(sorted(links.items())), tuple(sorted(folders)), tuple(sorted(confs)))


class UnitFiles:
    """Files below one unit folder, named by their path relative to it.

    An unchanged file is not read twice: its content is remembered under its inode, size
    and change time. Nor is an unchanged folder listed twice.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = f"{root}/"
        self._seen: dict[str, tuple[tuple[int, ...], DiskFile]] = {}
        self._listed: dict[str, tuple[tuple[int, ...], _Listing]] = {}

    def look(self, path: str) -> DiskFile:
        """Return what stands at the path. Never raises: what cannot be read is OTHER.

        A drop-in folder that is a link leads out of the unit folder: what it holds is OTHER.
        """
        full = f"{self._prefix}{path}"
        try:
            if "/" in path and os.path.islink(full.rpartition("/")[0]):  # noqa: PTH114 - in the hot path of every pass
                return DiskFile(path, DiskKind.OTHER)
            info = os.lstat(full)
        except (FileNotFoundError, NotADirectoryError):
            self._seen.pop(path, None)
            return DiskFile(path, DiskKind.ABSENT)
        except OSError:
            return DiskFile(path, DiskKind.OTHER)
        signature = (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_mode)
        known = self._seen.get(path)
        if known is not None and known[0] == signature:
            return known[1]
        found = self._read(path, full, info)
        self._seen[path] = (signature, found)
        return found

    def _read(self, path: str, full: str, info: os.stat_result) -> DiskFile:
        changed_at = info.st_ctime_ns // 1000
        if stat.S_ISLNK(info.st_mode):
            masks = Path(full).readlink() == Path("/dev/null")
            kind = DiskKind.MASK if masks else DiskKind.LINK
            return DiskFile(path, kind, changed_at=changed_at)
        if not stat.S_ISREG(info.st_mode) or info.st_size > READ_LIMIT:
            return DiskFile(path, DiskKind.OTHER, changed_at=changed_at)
        try:
            content = _bytes(full, info.st_size)
        except OSError:
            return DiskFile(path, DiskKind.OTHER, changed_at=changed_at)
        if not content:
            return DiskFile(path, DiskKind.MASK, changed_at=changed_at)
        digest = intern(hashlib.sha256(content).hexdigest())
        return DiskFile(path, DiskKind.FILE, digest, content, changed_at)

    def looks_as_before(self, path: str) -> bool:
        """Tell whether the path still looks as when it was last read or written."""
        known = self._seen.get(path)
        return (known[1] if known else DiskFile(path, DiskKind.ABSENT)) == self.look(path)

    def links(self) -> dict[str, str]:
        """Return every link in `*.wants/`, `*.requires/`, `*.upholds/` and at the top -> target.

        Raises UnitFileError when a folder exists and cannot be listed.
        """
        top = self._listing("")
        found = dict(top.links)
        for folder in top.folders:
            if folder.endswith(LINK_FOLDERS):
                found.update(self._listing(folder).links)
        return found

    def links_at(self, paths: Iterable[str]) -> dict[str, str]:
        """Return those of the paths that are links -> target, whatever else `links` would find.

        One look at each: beside 1000 enabled units `links` takes 6 ms after any of them changed.
        """
        found: dict[str, str] = {}
        for path in paths:
            with contextlib.suppress(OSError):
                found[intern(path)] = intern(os.readlink(f"{self._prefix}{path}"))  # noqa: PTH115 - as in look
        return found

    def fragments(self) -> list[str]:
        """Return the names at the top that are unit names: files, links, masks.

        Raises UnitFileError when the folder exists and cannot be listed.
        """
        return [
            entry.name
            for entry in self._entries(self.root)
            if is_unit_name(entry.name) and not entry.is_dir(follow_symlinks=False)
        ]

    def dropins(self, owned: frozenset[str]) -> dict[str, tuple[str, ...]]:
        """Return drop-ins that are not among `owned`: unit -> paths."""
        top = self._listing("")
        folders = [name for name in (*top.folders, *top.links) if name.endswith(".d")]
        found: dict[str, tuple[str, ...]] = {}
        for folder in folders:
            if folder in top.links and not (self.root / folder).is_dir():
                continue
            paths = tuple(path for path in self._listing(folder).confs if path not in owned)
            if paths:
                found[folder.removesuffix(".d")] = paths
        return found

    def _listing(self, folder: str) -> _Listing:
        """Return what stands in a folder of the root, "" for the root itself.

        A folder whose times did not change is not listed again: what is in it came and went by
        changes of it, and a link's target never changes. Raises UnitFileError.
        """
        path = f"{self._prefix}{folder}"
        try:
            info = os.stat(path)  # noqa: PTH116 - as in look
            stamp = (info.st_dev, info.st_ino, info.st_mtime_ns, info.st_ctime_ns)
            known = self._listed.get(folder)
            if known is not None and known[0] == stamp:
                return known[1]
            with os.scandir(path) as entries:
                found = _Listing.of(entries, f"{folder}/" if folder else "")
        except FileNotFoundError:
            self._listed.pop(folder, None)
            return _Listing()
        except OSError as error:
            raise _cannot_list(path, error) from error
        if _is_past_its_tick(info):
            self._listed[folder] = (stamp, found)
        return found

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _cannot_list(folder, error) from error

    def write(self, path: str, content: bytes) -> DiskFile:
        """Put a file in place durably: temporary file, fsync, rename.

        The folder's own entry is made durable by `sync_folders`. Raises UnitFileError.
        """
        folder, _, name = path.rpartition("/")
        parent = f"{self._prefix}{folder}/" if folder else self._prefix
        temporary = f"{parent}.{name}{UNFINISHED}"
        try:
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103 - as in look
            with open(temporary, "wb", buffering=0) as file:  # noqa: PTH123 - as in look
                os.fchmod(file.fileno(), 0o644)
                left = memoryview(content)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            os.rename(temporary, f"{parent}{name}")  # noqa: PTH104 - as in look
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108 - as in look
            raise _explain(self.root / path, "written", error) from error
        return self.look(path)

    def link(self, path: str, target: str) -> bool:
        """Make a link; tell whether it stands now, False where something else stands there.

        Raises UnitFileError.
        """
        full = self.root / path
        try:
            full.parent.mkdir(parents=True, exist_ok=True)
            full.symlink_to(target)
        except FileExistsError:
            return full.is_symlink() and str(full.readlink()) == target
        except OSError as error:
            raise _explain(full, "linked", error) from error
        return True

    def remove_leftovers(self) -> None:
        """Remove what a write that was cut short left behind. Raises UnitFileError.

        Only for the one who holds the account's lock: it cannot tell a write in progress.
        """
        for entry in self._entries(self.root):
            if _is_leftover(entry):
                self.delete(entry.name)
            elif entry.name.endswith(".d") and entry.is_dir(follow_symlinks=False):
                for inner in self._entries(Path(entry.path)):
                    if _is_leftover(inner):
                        self.delete(f"{entry.name}/{inner.name}")

    def delete(self, path: str) -> None:
        """Remove a file or link; a drop-in folder that becomes empty goes with it.

        A path that is gone already is no error. Raises UnitFileError.
        """
        folder, _, _ = path.rpartition("/")
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self._prefix}{path}")  # noqa: PTH108 - as in look
            self._seen.pop(path, None)
            if folder:
                os.rmdir(f"{self._prefix}{folder}")  # noqa: PTH106 - as in look
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
                return
            raise _explain(self.root / path, "removed", error) from error

    def sync_folders(self, paths: set[str]) -> None:
        """Make the entries of these paths durable. Raises UnitFileError."""
        folders = {path.rpartition("/")[0] for path in paths}
        for folder in sorted(folders | {""}):
            try:
                handle = os.open(f"{self._prefix}{folder}", os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                continue
            try:
                os.fsync(handle)
            except OSError as error:
                raise _explain(self.root / folder, "made durable", error) from error
            finally:
                os.close(handle)


def _is_past_its_tick(info: os.stat_result) -> bool:
    """Tell whether a change from now on shows in the times of a folder."""
    times = (info.st_mtime_ns, info.st_ctime_ns)
    is_coarse = any(moment % _COARSE_NS == 0 for moment in times)
    return time.time_ns() - max(times) >= (COARSE_RACY_NS if is_coarse else RACY_NS)


def _bytes(full: str, size: int) -> bytes:
    """Return what a regular file holds, seen there with that size. Raises OSError.

    A first look at 1000 files takes 12 ms; with Path.read_bytes() it takes 28.
    """
    # O_NONBLOCK: a FIFO may have taken its place.
    descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        parts = [os.read(descriptor, size + 1)]
        if len(parts[0]) == size:
            return parts[0]
        while parts[-1]:
            parts.append(os.read(descriptor, size + 1))
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _cannot_list(folder: Path | str, error: OSError) -> UnitFileError:
    return UnitFileError(
        f"{folder}: cannot be listed: {error.strerror}",
        hint="give your account read access to its unit folder",
    )


def _is_leftover(entry: os.DirEntry[str]) -> bool:
    named = entry.name.startswith(".") and entry.name.endswith(UNFINISHED)
    return named and entry.is_file(follow_symlinks=False)


def _explain(path: Path, what: str, error: OSError) -> UnitFileError:
    hints = {
        errno.ENOSPC: "free some space on that file system; unitward tries again by itself",
        errno.EDQUOT: "free some of your quota; unitward tries again by itself",
        errno.EROFS: "the file system is read-only; unitward tries again by itself",
        errno.EACCES: f"give your account write access to {path.parent}",
        errno.EPERM: f"give your account write access to {path.parent}",
    }
    hint = hints.get(error.errno or 0, "mend the cause; unitward tries again by itself")
    return UnitFileError(f"{path}: cannot be {what}: {error.strerror}", hint=hint)
