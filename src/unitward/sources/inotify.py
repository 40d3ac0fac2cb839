"""The kernel's notices about folders (inotify(7)); the only importer of watchdog.

Uses watchdog's inotify reader, one thread for any number of folders, without its Observer:
that one drops a failed watch of a sub-folder silently, tells nobody that the kernel lost
events, holds back a file that was moved away for half a second, and needs a thread for
each folder (read in watchdog 7.1, observers/inotify.py).
"""

import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

_IN = InotifyConstants
_LISTING = _IN.IN_CREATE | _IN.IN_DELETE | _IN.IN_MOVE
_GONE = _IN.IN_DELETE | _IN.IN_MOVED_FROM
_SELF = _IN.IN_DELETE_SELF | _IN.IN_MOVE_SELF | _IN.IN_UNMOUNT
# IN_MASK_ADD: a folder that is watched for two reasons keeps the events of both.
_ALWAYS = _IN.IN_MASK_ADD | _IN.IN_ONLYDIR | _IN.IN_EXCL_UNLINK | _LISTING | _SELF & ~_IN.IN_UNMOUNT


class Events(Enum):
    """Which events of a folder are asked for.

    LISTING: entries come, go or are renamed. CONTENT: files are written too, or change
    their mode, which can make them readable. Opening and reading never count.
    """

    LISTING = _ALWAYS
    CONTENT = _ALWAYS | _IN.IN_MODIFY | _IN.IN_CLOSE_WRITE | _IN.IN_ATTRIB


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a watched folder.

    name: the entry it is about, "" for the folder itself. listing: the entry came, went or
    was renamed; gone: it went. is_folder: it is a folder. lost: the folder is not watched
    any more. overflow: the kernel dropped events, so anything may have changed.
    """

    name: str = ""
    listing: bool = False
    gone: bool = False
    is_folder: bool = False
    lost: bool = False
    overflow: bool = False


@dataclass(eq=False, slots=True)
class Watched:
    """One folder under watch. `hear` is called in the reader's thread."""

    path: Path
    hear: Callable[["Watched", Event], None]
    descriptor: WatchDescriptor = WatchDescriptor(-1)  # noqa: RUF009 - an int

    def on_event(self, event: InotifyEvent) -> None:
        """Hear an event; called by watchdog."""
        self.hear(
            self,
            Event(
                name=os.fsdecode(event.name),
                listing=bool(event.mask & (_LISTING | _SELF)),
                gone=bool(event.mask & _GONE),
                is_folder=bool(event.mask & _IN.IN_ISDIR),
            ),
        )

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002 - watchdog's signature
        """Hear that the folder is gone; called by watchdog."""
        self.hear(self, Event(listing=True, gone=True, lost=True))

    def on_queue_overflow(self) -> None:
        """Hear that events were lost; called by watchdog."""
        self.hear(self, Event(listing=True, overflow=True))


class Inotify:
    """One inotify instance and the thread that reads it.

    Raises OSError when the account has no instance left (fs.inotify.max_user_instances).
    """

    def __init__(self) -> None:
        self._reader = InotifyFD()
        self._reader.start()

    def watch(self, path: Path, events: Events, hear: Callable[[Watched, Event], None]) -> Watched:
        """Watch a folder.

        Raises OSError: ENOSPC when the account may watch no more folders, EACCES when this
        one may not be read, ENOENT, ENOTDIR.
        """
        watched = Watched(path, hear)
        watched.descriptor = self._reader.add_callback(
            os.fsencode(path), Mask(events.value), watched, CallbackId(id(watched))
        )
        if watched.descriptor < 0:
            # watchdog reports no error for a folder that may not be read.
            self.forget([watched])
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return watched

    def forget(self, gone: Iterable[Watched]) -> None:
        """Stop watching folders."""
        self._reader.remove_callbacks([(one.descriptor, CallbackId(id(one))) for one in gone])

    def close(self) -> None:
        """Stop watching all folders and wait for the thread to end."""
        self._reader.stop()
        self._reader.join()
