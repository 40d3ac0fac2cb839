"""Notices changes below folders that may be missing, replaced, renamed or linked."""

import asyncio
import contextlib
import errno
import os
import stat
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from unitward.model.records import dataclass
from unitward.sources.git import find_checkout
from unitward.sources.inotify import Event, Events, Inotify, Watched
from unitward.sources.lookup import Interest, Lookup, Why, below, plain_end, unread

# Finding out what to watch may take at most this part of the loop's time.
_DUTY = 0.1
_COLLECT_SECONDS = 0.002
"""How long changes are collected before they are told.

Told one by one, each wakes the loop, which takes the interpreter from the reader's thread: it had
heard of 100 deletions 10 ms after the last one, instead of 3.
"""


@dataclass(slots=True)
class _Under:
    """A folder under watch, and what counts in it now."""

    watched: Watched
    identity: tuple[int, int]
    interest: Interest


@dataclass(frozen=True, slots=True)
class _Change:
    """What the reader's thread tells the loop.

    rel: the changed path, None when only `look` matters: other folders may be of interest
    now.
    """

    rel: str | None
    look: bool = False
    lost: Watched | None = None
    overflow: bool = False


_Key = tuple[Path, Why]


class FolderWatch:
    """Tells of every change that can change what a reading of `root` gives.

    Made by Watcher.add. `on_change` is called in the event loop with the path relative to
    the root, "" for the root itself, `.git/...` for HEAD, the branches and the index lock
    of its checkout. Changes that came before the watch tell nothing: read after adding.

    degraded: why changes may go unnoticed, "" when all is watched. The caller then has to
    read the folder from time to time; `rescan` tries again.
    heard_at: when the last change was heard, by time.monotonic(). It is told once the event loop
    has time, which beside 300 units may be 20 ms later.
    """

    def __init__(
        self,
        watcher: "Watcher",
        root: Path,
        on_change: Callable[[str], None],
        *,
        recursive: bool,
        every_name: bool,
    ) -> None:
        self.degraded = ""
        self.heard_at = 0.0
        self._watcher = watcher
        self._root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links
        self._on_change = on_change
        self._recursive = recursive
        self._every_name = every_name
        self._under: dict[_Key, _Under] = {}
        self._kept: set[_Key] = set()
        self._new: list[Interest] = []
        self._links: frozenset[str] = frozenset()
        self._posted: deque[_Change] = deque()
        self._draining = False
        self._closed = False
        self._next_look = 0.0
        self._planned: asyncio.TimerHandle | None = None
        self._look()

    def rescan(self) -> None:
        """Find out again what has to be watched; clears or sets `degraded`."""
        if not self._closed:
            self._look()
            self._announce()

    def close(self) -> None:
        """Stop watching; `on_change` is not called any more."""
        self._closed = True
        if self._planned is not None:
            self._planned.cancel()
        self._forget(list(self._under))
        self._watcher.forget(self)

    def _heard(self, interest: Interest, watched: Watched, event: Event) -> None:
        """Sort out an event, in the reader's thread."""
        if event.overflow:
            self._post(_Change("", look=True, overflow=True))
        elif not event.name:
            rel = interest.rel if interest.why is Why.CONTENT else None
            lost = watched if event.lost else None
            self._post(_Change(rel, look=event.listing, lost=lost))
        elif interest.why in {Why.STEP, Why.FILE}:
            self._heard_name(interest, event)
        elif interest.why is Why.BRANCHES:
            if not event.name.endswith(".lock"):
                self._post(_Change(f"{interest.rel}/{event.name}", look=event.is_folder))
        elif event.name == ".git":
            self._post(_Change(None, look=event.listing))
        else:
            self._heard_content(interest, event)

    def _heard_name(self, interest: Interest, event: Event) -> None:
        rel = interest.names.get(event.name)
        if rel is None or (rel == ".git/index.lock" and not event.gone):
            return
        self._post(_Change(rel, look=event.listing and not rel.startswith(".git/")))

    def _heard_content(self, interest: Interest, event: Event) -> None:
        if event.name.startswith("."):
            return
        rel = below(interest.rel, event.name)
        look = event.listing and (event.is_folder or self._leads_on(interest, event, rel))
        if look or event.is_folder or self._every_name or not unread(rel):
            self._post(_Change(rel, look=look))

    def _leads_on(self, interest: Interest, event: Event, rel: str) -> bool:
        """Tell whether the entry was a link, or is one whose end has to be watched for itself.

        A link that enables a unit ends at a file that tells of itself. Looking for what to watch
        takes 10 ms beside 1000 of them, and would come between such a link and its unit's start.
        """
        if rel in self._links:
            return True
        if event.gone or not (interest.folder / event.name).is_symlink():
            return False
        end = plain_end(str(interest.folder), event.name)
        return end is None or not self._tells_of(*end)

    def _tells_of(self, folder: str, name: str) -> bool:
        """Tell whether a change of the file is told by its own name."""
        under = self._under.get((Path(folder), Why.CONTENT))
        if under is None or not self._suffices(below(under.interest.rel, name)):
            return False
        try:
            return stat.S_ISREG((Path(folder) / name).lstat().st_mode)
        except OSError:
            return False

    def _post(self, change: _Change) -> None:
        if change.rel is not None:
            self.heard_at = time.monotonic()
        self._posted.append(change)
        if not self._draining:
            self._draining = True
            # The loop may be closed while the thread still reads.
            with contextlib.suppress(RuntimeError):
                self._watcher.loop.call_soon_threadsafe(self._drain_soon)

    def _drain_soon(self) -> None:
        self._watcher.loop.call_later(_COLLECT_SECONDS, self._drain)

    def _drain(self) -> None:
        """Tell of what was posted, each path once."""
        self._draining = False
        changed: dict[str, None] = {}
        look = overflow = False
        while self._posted:
            change = self._posted.popleft()
            if change.rel is not None:
                changed[change.rel] = None
            if change.lost is not None:
                self._drop(change.lost)
            overflow = overflow or change.overflow
            look = look or change.look
        if self._closed:
            return
        if overflow:
            self._watcher.dropped = True
            self._forget(list(self._under))
        if look and self._planned is None:
            wait = max(0.0, self._next_look - self._watcher.loop.time())
            self._planned = self._watcher.loop.call_later(wait, self._look_again)
        for rel in changed:
            self._on_change(rel)

    def _look_again(self) -> None:
        self._planned = None
        self.rescan()

    def _look(self) -> None:
        """Watch what has to be watched now, and nothing else."""
        self.degraded = self._watcher.degraded
        if self._watcher.inotify is None:
            return
        began = time.monotonic()
        self._kept, self._new = set(), []
        lookup = Lookup(self._root, os.getuid(), self._recursive, self._register, self._suffices)
        lookup.walk()
        checkout = None if self._every_name else find_checkout(self._root)
        if checkout is not None:
            lookup.walk_git(checkout)
        self._links = frozenset(lookup.links)
        self._forget([key for key in self._under if key not in self._kept])
        self._next_look = self._watcher.loop.time() + (time.monotonic() - began) / _DUTY

    def _suffices(self, rel: str) -> bool:
        """Tell whether a change of a file is told by its own name, and that is all that counts.

        Whoever watches one folder alone knows its files by the names asked for.
        """
        return self._recursive and (self._every_name or not unread(rel))

    def _announce(self) -> None:
        """Tell of folders newly under watch: what came before the watch made no event."""
        self.heard_at = time.monotonic()
        for interest in self._new:
            match interest.why:
                case Why.CONTENT | Why.BRANCHES:
                    self._on_change(interest.rel)
                case Why.FILE:
                    for rel in interest.names.values():
                        self._on_change(rel)
                case Why.STEP:
                    pass

    def _register(self, interest: Interest) -> None:
        key = (interest.folder, interest.why)
        # Taken before the watch begins: a folder replaced in between is found to be another
        # one by the next look, which its replacement causes.
        identity = _identity(interest.folder)
        under = self._under.get(key)
        if identity is None:
            return
        if under is not None and under.identity == identity:
            under.interest = interest
            self._kept.add(key)
            return
        watched = self._begin(interest, key)
        if under is not None:
            self._forget([key])
        if watched is not None:
            self._under[key] = _Under(watched, identity, interest)
            self._kept.add(key)
            self._new.append(interest)

    def _begin(self, interest: Interest, key: _Key) -> Watched | None:
        def hear(watched: Watched, event: Event) -> None:
            under = self._under.get(key)
            self._heard(under.interest if under else interest, watched, event)

        inotify = self._watcher.inotify
        listing = interest.why in {Why.STEP, Why.BRANCHES}
        try:
            assert inotify is not None
            return inotify.watch(
                interest.folder, Events.LISTING if listing else Events.CONTENT, hear
            )
        except OSError as error:
            self._failed(interest, error)
            return None

    def _failed(self, interest: Interest, error: OSError) -> None:
        if error.errno == errno.ENOSPC:
            self.degraded = (
                "this account may watch no more folders (fs.inotify.max_user_watches):"
                " changes show at the next rescan"
            )
        elif interest.why is not Why.STEP and error.errno not in {errno.ENOENT, errno.ENOTDIR}:
            self.degraded = f"{interest.folder} cannot be watched: {error.strerror}"

    def _drop(self, lost: Watched) -> None:
        for key, under in list(self._under.items()):
            if under.watched is lost:
                del self._under[key]

    def _forget(self, keys: list[_Key]) -> None:
        gone = [self._under.pop(key).watched for key in keys]
        if self._watcher.inotify is not None:
            self._watcher.inotify.forget(gone)


class Watcher:
    """All watched folders of a process: one inotify instance, one thread.

    degraded: why nothing can be watched, "" when it can.
    dropped: whether the kernel dropped events; every watch then told of its root. Whoever has said
    so sets it back.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.degraded = ""
        self.dropped = False
        self.inotify: Inotify | None = None
        self._watches: list[FolderWatch] = []
        try:
            self.inotify = Inotify()
        except OSError as error:
            self.degraded = (
                f"folders cannot be watched ({error.strerror}, fs.inotify.max_user_instances):"
                " changes show at the next rescan"
            )

    def add(
        self,
        root: Path,
        on_change: Callable[[str], None],
        *,
        recursive: bool = True,
        every_name: bool = False,
    ) -> FolderWatch:
        """Watch a folder, whether it exists or not; recursive: its sub-folders too.

        every_name: for the unit folder: any file counts, git does not; else only what a
        reading of the desired state looks at. Names that begin with a dot never count.
        To be called in the event loop's thread, where `on_change` is called too.
        """
        watch = FolderWatch(self, root, on_change, recursive=recursive, every_name=every_name)
        self._watches.append(watch)
        return watch

    def forget(self, watch: FolderWatch) -> None:
        """Leave out a watch that was closed."""
        if watch in self._watches:
            self._watches.remove(watch)

    def close(self) -> None:
        """Close every watch and wait for the thread to end."""
        for watch in list(self._watches):
            watch.close()
        if self.inotify is not None:
            self.inotify.close()
            self.inotify = None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
