"""One file of the folder, read without ever blocking, and remembered while it does not change."""

import errno
import hashlib
import os
import stat
import time
from dataclasses import field
from pathlib import Path

from unitward.model.records import dataclass
from unitward.model.source import SourceFile, Unreadable
from unitward.sources.trust import distrust, owned

MAX_FILE_BYTES = 1024 * 1024
_MIB = 1024 * 1024
# Two writes within one tick of the file system's clock leave the same times, so a file this
# young may change again without a trace: it is read again the next time.
_RACY_NS = 2_000_000_000
# O_NONBLOCK: the file may have been replaced by a FIFO since it was looked at.
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFDIR: "a folder",
}


class MovedError(Exception):
    """What was just seen at a path is no longer there: the folder has to be read again."""


# What changes whenever the content does: device, inode, size, mtime, ctime (nanoseconds). A plain
# tuple, for one is made for each file of each pass.
_Stamp = tuple[int, int, int, int, int]


@dataclass(slots=True)
class ReadCache:
    """Files as they were read, for one folder.

    A file is taken from here only when device, inode, size, mtime and ctime are the same,
    and both times were at least 2 s old when it was read.
    """

    kept: dict[str, tuple[_Stamp, SourceFile]] = field(default_factory=dict)

    def unchanged(self, name: str, status: os.stat_result) -> SourceFile | None:
        """Return the file `name` as it was read, None where its status calls for reading it.

        A cache knows only files that were not refused; a change of owner or mode changes ctime.
        """
        known = self.kept.get(name)
        return known[1] if known is not None and known[0] == _stamp(status) else None

    def forget_others(self, paths: set[str]) -> None:
        """Forget every file that is not among the paths."""
        for path in self.kept.keys() - paths:
            del self.kept[path]


def read_content(
    path: Path | str,
    name: str,
    *,
    uid: int | None,
    cache: ReadCache,
    status: os.stat_result | None = None,
) -> SourceFile:
    """Read the file at `path`, a path without links, as the file `name` of the folder.

    status: of lstat() at that path, None to have it looked up.
    A file that exists and cannot or must not be read gives an Unreadable.
    Raises MovedError when the file goes, comes or changes after that while it is read.
    """
    status = _status(path) if status is None else status
    refused = _refused(status, path, uid)
    if refused is not None:
        return SourceFile(name, refused)
    known = cache.unchanged(name, status)
    if known is not None:
        return known
    stamp = _stamp(status)
    content = _bytes(path, stamp, status.st_size)
    if isinstance(content, Unreadable):
        return SourceFile(name, content)
    file = SourceFile(name, content, hashlib.sha256(content).hexdigest())
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) >= _RACY_NS:
        cache.kept[name] = (stamp, file)
    else:
        cache.kept.pop(name, None)
    return file


def _status(path: Path | str) -> os.stat_result:
    try:
        return os.lstat(path)
    except FileNotFoundError as error:
        raise MovedError(path) from error


def _refused(status: os.stat_result, path: Path | str, uid: int | None) -> Unreadable | None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFLNK:
        raise MovedError(path)
    if kind != stat.S_IFREG:
        return Unreadable(f"{path} is {_KINDS.get(kind, 'not a regular file')}, not a file")
    if status.st_size > MAX_FILE_BYTES:
        return Unreadable(
            f"{path} is {status.st_size / _MIB:.1f} MiB; the limit is {MAX_FILE_BYTES // _MIB} MiB"
        )
    return distrust(status, str(path), uid)


def _bytes(path: Path | str, expected: _Stamp, size: int) -> bytes | Unreadable:
    try:
        descriptor = os.open(path, _OPEN)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO}:
            raise MovedError(path) from error
        return _failed(path, error)
    try:
        if _stamp(os.fstat(descriptor)) != expected:
            raise MovedError(path)
        content = _read_all(descriptor, size)
        if _stamp(os.fstat(descriptor)) != expected or len(content) != size:
            raise MovedError(path)
    except OSError as error:
        return _failed(path, error)
    finally:
        os.close(descriptor)
    return content


def _read_all(descriptor: int, size: int) -> bytes:
    """Return what the file holds, at most one byte more than it had when it was looked at."""
    parts: list[bytes] = []
    left = size + 1
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
        if left == 1:  # it was asked for one byte more, and has none
            break
    return b"".join(parts)


def _stamp(status: os.stat_result) -> _Stamp:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _failed(path: Path | str, error: OSError) -> Unreadable:
    hint = f"chmod u+r {path}" if error.errno in {errno.EACCES, errno.EPERM} else ""
    return Unreadable(f"{path} cannot be read: {error.strerror}", hint)


def follow(path: Path, *, uid: int | None, tree: Path | None) -> Path | Unreadable:
    """Return where the link at `path` ends, every hop resolved, or why it is not followed.

    The end must exist and belong to `uid` or root; with `tree`, the root of a git work
    tree, it must lie in that tree and outside its `.git`.
    Raises MovedError when the link itself is gone.
    """
    try:
        named = path.readlink()
    except OSError as error:
        raise MovedError(path) from error
    try:
        target = Path(os.path.realpath(path, strict=True))
        status = target.stat()
    except FileNotFoundError:
        return Unreadable(f"the link points to {named}, which does not exist")
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Unreadable(f"the link points to {named}, which leads back to the link")
        return Unreadable(f"the link points to {named}: {error.strerror}")
    if not owned(status, uid):
        return Unreadable(
            f"the link points to {named}, which belongs to another account (uid {status.st_uid})",
            "copy the file into the folder, if what it says is meant",
        )
    if tree is not None and not _inside(target, tree):
        return Unreadable(
            f"the link points to {named}, outside the git work tree {tree}",
            "commit the file itself: a checkout does not carry what lies outside it",
        )
    return target


def _inside(target: Path, tree: Path) -> bool:
    return target.is_relative_to(tree) and not target.is_relative_to(tree / ".git")
