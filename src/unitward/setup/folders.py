"""The folders that unitward needs, their modes, and taking back what was made of them."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from unitward.errors import UnitFileError, UnitwardError
from unitward.model.folders import Folders
from unitward.model.records import dataclass

PRIVATE, PUBLIC = 0o700, 0o755
_HINTS = {
    errno.ENOSPC: "free some space there, then run it again",
    errno.EDQUOT: "free some of your quota, then run it again",
    errno.EROFS: "that file system is read-only: mount it writable, then run it again",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A folder that has to be there, with the mode it is made with.

    enforced: a folder of unitward's alone, whose mode is set right if it lets others in.
    """

    path: Path
    mode: int
    why: str
    enforced: bool = False


def wanted_folders(folders: Folders, desired: Path) -> tuple[Wanted, ...]:
    """Return the folders of an account, outer ones first."""
    return (
        Wanted(desired, PUBLIC, "what should be true; put manifests here"),
        Wanted(folders.unit_dir, PUBLIC, "where the user manager looks for unit files"),
        Wanted(folders.ledger.parent, PRIVATE, "what unitward remembers", enforced=True),
    )


def is_open_to_others(path: Path) -> bool:
    """Tell whether the mode of a folder lets anybody else in."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


@dataclass(slots=True)
class Made:
    """What was made so far, to be taken back when the rest cannot be."""

    paths: list[Path] = field(default_factory=list)

    def folder(self, path: Path, mode: int) -> None:
        """Make a folder; parents that are missing too are made private."""
        for parent in [*reversed(path.parents), path]:
            if not parent.is_dir():
                parent.mkdir(mode=PRIVATE)
                self.paths.append(parent)
        if path in self.paths:
            path.chmod(mode)

    def file(self, path: Path, content: bytes, mode: int) -> None:
        """Write a new file durably. Raises FileExistsError when something stands there."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        self.paths.append(path)
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def will_make(self, *paths: Path) -> None:
        """Note files that somebody else is about to make, if they are not there yet."""
        self.paths.extend(path for path in paths if not path.exists())

    def take_back(self) -> None:
        """Remove what was made, the newest first; a folder with something in it stays."""
        for path in reversed(self.paths):
            with contextlib.suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
        self.paths.clear()


@contextlib.contextmanager
def all_or_nothing(made: Made) -> Iterator[None]:
    """Take back what was made when the work inside fails.

    Raises UnitwardError in place of OSError.
    """
    try:
        yield
    except OSError as error:
        made.take_back()
        raise explained(error) from error
    except UnitFileError as error:
        made.take_back()
        if isinstance(error.__cause__, OSError):
            raise explained(error.__cause__) from error
        raise
    except BaseException:
        made.take_back()
        raise


def explained(error: OSError) -> UnitwardError:
    """Return the error with what to do about it."""
    where = f"{error.filename}: " if error.filename else ""
    folder = Path(error.filename).parent if error.filename else "that folder"
    hint = _HINTS.get(error.errno or 0, f"give your account write access to {folder}")
    return UnitwardError(f"{where}{error.strerror}; nothing was changed", hint=hint)
