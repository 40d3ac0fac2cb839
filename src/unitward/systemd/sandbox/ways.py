"""Ways through folders that only root may enter, to those that the user inside needs.

Where Python, the project or the working directory lie below such a folder (/root, say), the folder
is covered by an empty one that everybody may enter, and only the next step of the way is bound into
it. No permission is changed and no capability is given: what the way leads to can be read by whom
its own permissions name, and the rest of the closed folder is not there at all.
"""

import os
import subprocess
import sys
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unitward.errors import SandboxError
from unitward.systemd.sandbox.account import Account
from unitward.systemd.sandbox.kernel import Mount, mount

_MOST_SYMLINKS: Final = 40  # as the kernel's own limit (path_resolution(7))
_ROOT: Final = Path("/")
_UP: Final = ".."

_QUESTION: Final = 'for fd do [ -x "/proc/self/fd/$fd" ] || echo "$fd"; done'
"""A shell script that prints those of its open folders that may not be entered."""


@dataclass(frozen=True)
class Step:
    """The look-up of one name, which may be `..`, in a folder without symbolic links above it."""

    folder: Path
    name: str


def python_places() -> tuple[Path, ...]:
    """Return the folders, and the program, that this Python runs and imports unitward from."""
    imported_from = Path(__file__).parents[3]
    return Path(sys.executable), Path(sys.prefix), Path(sys.base_prefix), imported_from


def way_to(place: Path) -> tuple[list[Step], Path]:
    """Return every step of the kernel's on an absolute path, and where they lead to.

    Symbolic links on the way are followed (path_resolution(7)). Where something does not exist, the
    way ends. Raises OSError.
    """
    steps: list[Step] = []
    here = _ROOT
    ahead = list(reversed(place.parts[1:]))
    links = 0
    while ahead and here.is_dir():
        name = ahead.pop()
        steps.append(Step(here, name))
        there = here.parent if name == _UP else here / name
        if not there.is_symlink():
            here = there
            continue
        links += 1
        if links > _MOST_SYMLINKS:
            raise SandboxError(f"{place}: too many symbolic links on the way")
        target = there.readlink()
        if target.is_absolute():
            here = _ROOT
        ahead += reversed([part for part in target.parts if part != "/"])
    return steps, here


def open_ways(account: Account, places: Collection[Path]) -> None:
    """Let the account reach the places, in this (private) mount namespace, with a /proc of its own.

    The places are absolute. Raises SandboxError when the account may not enter one of them itself:
    to show what is in there, all of it would have to be shown. Raises OSError.
    """
    ways = [way_to(place) for place in places]
    steps = {step for way, _ in ways for step in way}
    ends = {_ROOT, *(end for _, end in ways if end.is_dir())}
    closed = closed_folders(account, {step.folder for step in steps} | ends)
    for end in sorted(ends & closed):
        raise SandboxError(
            f"the user inside the sandbox, {account.name}, may not enter {end}",
            hint="run it in another directory: `cd / && ...`"
            if end == Path.cwd()
            else f"let others enter it: `chmod o+rx {end}`",
        )
    _cover({folder: {step for step in steps if step.folder == folder} for folder in closed})


def closed_folders(account: Account, folders: Collection[Path]) -> set[Path]:
    """Return the folders that the account could not enter if it stood before them.

    The kernel is asked, so that access control lists count. Folders above them do not: each is
    asked for through an open file. Raises OSError, and SandboxError when nobody can be asked.
    """
    with ExitStack() as stack:
        handles = {_opened(stack, folder): folder for folder in folders}
        numbers = tuple(str(handle) for handle in handles)
        answer = subprocess.run(
            (*account.become(()), "sh", "-c", _QUESTION, "sh", *numbers),
            capture_output=True,
            check=False,
            cwd="/",
            pass_fds=tuple(handles),
            text=True,
        )
    if answer.returncode != 0:
        raise SandboxError(f"cannot become the user {account.name}: {answer.stderr.strip()}")
    return {handles[int(number)] for number in answer.stdout.split()}


def _cover(steps_in: dict[Path, set[Step]]) -> None:
    with ExitStack() as stack:
        handles = {folder: _opened(stack, folder) for folder in steps_in}
        for folder in sorted(steps_in):
            mount("tmpfs", folder, "tmpfs", Mount.NOSUID | Mount.NODEV, "mode=755")
            for name in {step.name for step in steps_in[folder]} - {_UP}:
                _show(f"/proc/self/fd/{handles[folder]}/{name}", folder / name)


def _show(source: str, path: Path) -> None:
    real = Path(source)
    if real.is_symlink():
        path.symlink_to(real.readlink())
        return
    if not real.exists():
        return
    if real.is_dir():
        path.mkdir()
    else:
        path.touch()
    mount(real, path, how=Mount.BIND | Mount.RECURSIVE)


def _opened(stack: ExitStack, folder: Path) -> int:
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    stack.callback(os.close, handle)
    return handle
