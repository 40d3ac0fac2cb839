"""Files and links that a power cut leaves whole: the old one or the new one."""

import os
from pathlib import Path

UNFINISHED = ".unfinished"


def write_durably(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a file in place: temporary file, fsync, rename, fsync of the folder. Raises OSError."""
    temporary = path.with_name(f"{path.name}{UNFINISHED}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def link_durably(path: Path, target: str) -> None:
    """Have a symbolic link point to the target from one moment to the next. Raises OSError."""
    temporary = path.with_name(f"{path.name}{UNFINISHED}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the entries of a folder durable. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
