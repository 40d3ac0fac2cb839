"""Folders that belong to a living process: a lock tells them from what a killed one left.

A lock ends with its holder, however that ends, also in another PID namespace, where a recorded pid
would mean nothing.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claimed(make: Callable[[], Path]) -> Iterator[Path]:
    """Make a folder and hold it as ours until the end of the block.

    `make` returns a new folder at each call: somebody who cleans up may take the first one away
    before it is locked. Raises OSError.
    """
    while True:
        folder = make()
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(handle, fcntl.LOCK_EX)
        if folder.exists():
            break
        os.close(handle)
    try:
        yield folder
    finally:
        os.close(handle)


@contextmanager
def taken_over(folder: Path) -> Iterator[bool]:
    """Hold an existing folder if nobody does; yields whether that worked."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)
