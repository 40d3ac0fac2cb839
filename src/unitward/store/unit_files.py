"""The unit folder: the only place that reads, writes or removes files in it."""

import contextlib
import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from unitward.errors import UnitFileError
from unitward.model.observed import DiskFile, DiskKind
from unitward.unitfile.names import is_unit_name

LINK_FOLDERS = (".wants", ".requires", ".upholds")
UNFINISHED = ".unitward"
READ_LIMIT = 4 * 1024 * 1024


@dataclass(slots=True)
class UnitFiles:
    """Files below one unit folder, named by their path relative to it.

    An unchanged file is not read twice: its content is remembered under its inode, size
    and change time.
    """

    root: Path
    _seen: dict[str, tuple[tuple[int, ...], DiskFile]] = field(default_factory=dict)
    _prefix: str = ""

    def __post_init__(self) -> None:
        self._prefix = f"{self.root}/"

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
        found = self._read(path, Path(full), info)
        self._seen[path] = (signature, found)
        return found

    def _read(self, path: str, full: Path, info: os.stat_result) -> DiskFile:
        changed_at = info.st_ctime_ns // 1000
        if stat.S_ISLNK(info.st_mode):
            masks = full.readlink() == Path("/dev/null")
            kind = DiskKind.MASK if masks else DiskKind.LINK
            return DiskFile(path, kind, changed_at=changed_at)
        if not stat.S_ISREG(info.st_mode) or info.st_size > READ_LIMIT:
            return DiskFile(path, DiskKind.OTHER, changed_at=changed_at)
        try:
            content = full.read_bytes()
        except OSError:
            return DiskFile(path, DiskKind.OTHER, changed_at=changed_at)
        if not content:
            return DiskFile(path, DiskKind.MASK, changed_at=changed_at)
        digest = hashlib.sha256(content).hexdigest()
        return DiskFile(path, DiskKind.FILE, digest, content, changed_at)

    def looks_as_before(self, path: str) -> bool:
        """Tell whether the path still looks as when it was last read or written."""
        known = self._seen.get(path)
        return (known[1] if known else DiskFile(path, DiskKind.ABSENT)) == self.look(path)

    def links(self) -> dict[str, str]:
        """Return every link in `*.wants/`, `*.requires/`, `*.upholds/` and at the top -> target.

        Raises UnitFileError when a folder exists and cannot be listed.
        """
        found: dict[str, str] = {}
        for entry in self._entries(self.root):
            if entry.is_symlink():
                found[entry.name] = os.readlink(entry.path)  # noqa: PTH115 - as in look
            elif entry.name.endswith(LINK_FOLDERS) and entry.is_dir(follow_symlinks=False):
                for link in self._entries(Path(entry.path)):
                    if link.is_symlink():
                        target = os.readlink(link.path)  # noqa: PTH115 - as in look
                        found[f"{entry.name}/{link.name}"] = target
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
        found: dict[str, tuple[str, ...]] = {}
        for entry in self._entries(self.root):
            if not entry.name.endswith(".d") or not entry.is_dir():
                continue
            paths = tuple(
                path
                for conf in self._entries(Path(entry.path))
                if conf.name.endswith(".conf")
                and (path := f"{entry.name}/{conf.name}") not in owned
            )
            if paths:
                found[entry.name.removesuffix(".d")] = tuple(sorted(paths))
        return found

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UnitFileError(
                f"{folder}: cannot be listed: {error.strerror}",
                hint="give your account read access to its unit folder",
            ) from error

    def write(self, path: str, content: bytes) -> DiskFile:
        """Put a file in place durably: temporary file, fsync, rename.

        The folder's own entry is made durable by `sync_folders`. Raises UnitFileError.
        """
        full = self.root / path
        temporary = full.with_name(f".{full.name}{UNFINISHED}")
        try:
            full.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(full)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _explain(full, "written", error) from error
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
        full = self.root / path
        try:
            full.unlink(missing_ok=True)
            self._seen.pop(path, None)
            if full.parent != self.root:
                full.parent.rmdir()
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
                return
            raise _explain(full, "removed", error) from error

    def sync_folders(self, paths: set[str]) -> None:
        """Make the entries of these paths durable. Raises UnitFileError."""
        folders = {(self.root / path).parent for path in paths}
        for folder in folders | {self.root}:
            try:
                handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                continue
            try:
                os.fsync(handle)
            except OSError as error:
                raise _explain(folder, "made durable", error) from error
            finally:
                os.close(handle)


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
