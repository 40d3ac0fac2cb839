"""Putting one file into the desired-state folder, which nothing else of unitward writes."""

import contextlib
import os
from pathlib import Path

from unitward.errors import SourceError


def deposit(root: Path, name: str, content: bytes) -> Path:
    """Write a new file into the folder, whole or not at all; one that exists is left alone.

    Returns its path. Raises SourceError.
    """
    target = root / name
    # Names with a dot at the front are not read as part of the folder.
    temporary = root / f".{name}.{os.getpid()}"
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces what stands there.
        target.hardlink_to(temporary)
    except FileExistsError as error:
        raise SourceError(
            f"{error.filename2 or error.filename}: exists already; nothing was overwritten",
            hint="declare the unit in it, or move it away",
        ) from error
    except OSError as error:
        raise SourceError(
            f"{target}: cannot be written: {error.strerror}",
            hint=f"give your account write access to {root}",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return target
