"""Which code this is: what it keeps holds for itself only."""

import functools
import os
from pathlib import Path

import unitward

PACKAGE = Path(unitward.__file__).parent


@functools.cache
def code_of(room: str) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of every module of a room.

    Raises OSError: a package in an archive cannot tell one version of its code from another.
    """
    return tuple(
        sorted(
            (entry.name, entry.stat().st_size, entry.stat().st_mtime_ns)
            for entry in os.scandir(PACKAGE / room)
            if entry.name.endswith(".py")
        )
    )
