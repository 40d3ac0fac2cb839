"""The real daemon, struck at a chosen boundary of what it does: `struck.py KIND SIDE NUMBER`.

To be run in the place of `unitward run`. Before or after (SIDE) the NUMBER-th action of a KIND the
process kills itself with SIGKILL, as a power cut or the OOM killer would, or, where the variable
STRUCK_DO holds a command, has a shell carry it out and goes on. `struck.py` alone adds a line
`KIND SIDE` to the file $STRUCK_COUNT at every boundary.

The doors to the world are wrapped from here; nothing in the product knows of it.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from unitward.daemon import run
from unitward.store.ledger import Ledger
from unitward.store.unit_files import UNFINISHED, UnitFiles
from unitward.systemd.jobs import JobRequest, Verb
from unitward.systemd.manager import Manager

KINDS = {
    Verb.START: "start",
    Verb.STOP: "stop",
    Verb.RESTART: "restart",
    Verb.TRY_RESTART: "restart",
    Verb.RELOAD: "reload unit",
}


class Boundaries:
    """Counts the boundaries that are reached and strikes at the chosen one."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._chosen = tuple(arguments[:2])
        self._left = int(arguments[2]) if arguments else 0
        self._count = os.environ.get("STRUCK_COUNT", "")
        self._do = os.environ.get("STRUCK_DO", "")

    def reached(self, kind: str, side: str) -> None:
        """Take note of a boundary; the process may not outlive it."""
        if self._count:
            with Path(self._count).open("a") as file:
                file.write(f"{kind} {side}\n")
        if (kind, side) != self._chosen:
            return
        self._left -= 1
        if self._left:
            return
        if not self._do:
            os.kill(os.getpid(), signal.SIGKILL)
        subprocess.run(["/bin/sh", "-c", self._do], check=True)


def wrap(owner: Any, name: str, wrapped: Callable[[Any], Any]) -> None:
    """Replace a function of a class or module by what `wrapped` makes of it."""
    setattr(owner, name, wrapped(getattr(owner, name)))


def around(at: Boundaries, kind: str) -> Callable[[Any], Any]:
    """Return what puts both boundaries of a kind around a function."""

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            at.reached(kind, "before")
            result = original(*arguments, **named)
            at.reached(kind, "after")
            return result

        return call

    return wrapped


def around_awaited(at: Boundaries, kind: str) -> Callable[[Any], Any]:
    """Return the same for a coroutine function; without names to act on it does nothing."""

    def wrapped(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            counts = len(arguments) == 1 or bool(arguments[1])
            if counts:
                at.reached(kind, "before")
            result = await original(*arguments, **named)
            if counts:
                at.reached(kind, "after")
            return result

        return call

    return wrapped


def strike_files(at: Boundaries) -> None:
    """Put boundaries around what becomes of files: also between a file's bytes and its name."""
    wrap(UnitFiles, "delete", around(at, "unlink"))
    wrap(UnitFiles, "link", around(at, "link"))
    wrap(Manager, "enable", around_awaited(at, "link"))
    wrap(os, "fchmod", lambda original: _empty_file(at, original))
    wrap(os, "rename", lambda original: _renaming(at, original))


def _empty_file(at: Boundaries, original: Callable[[int, int], None]) -> Callable[..., None]:
    def fchmod(handle: int, mode: int) -> None:
        at.reached("write", "before")
        original(handle, mode)

    return fchmod


def _renaming(at: Boundaries, original: Callable[..., None]) -> Callable[..., None]:
    def rename(path: str, target: str) -> None:
        if not os.fspath(path).endswith(UNFINISHED):
            return original(path, target)
        at.reached("write", "after")
        at.reached("rename", "before")
        original(path, target)
        return at.reached("rename", "after")

    return rename


def strike_manager(at: Boundaries) -> None:
    """Put boundaries around what is asked of the manager."""
    wrap(Manager, "reload", around_awaited(at, "reload"))
    wrap(Manager, "reset_failed", around_awaited(at, "reset-failed"))
    wrap(Manager, "submit", lambda original: _submitting(at, original))


def _submitting(at: Boundaries, original: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def submit(manager: Manager, requests: Sequence[JobRequest]) -> Any:
        kinds = dict.fromkeys(KINDS[request.verb] for request in requests)
        for kind in kinds:
            at.reached(kind, "before")
        answers = await original(manager, requests)
        for kind in kinds:
            at.reached(kind, "after")
        return answers

    return submit


def strike_ledger(at: Boundaries) -> None:
    """Put boundaries around every commit: before it, all of its statements are carried out."""

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def commit(ledger: Ledger) -> Iterator[None]:
            with original(ledger):
                yield
                at.reached("commit", "before")
            at.reached("commit", "after")

        return commit

    wrap(Ledger, "_commit", wrapped)


if __name__ == "__main__":
    boundaries = Boundaries(sys.argv[1:])
    strike_files(boundaries)
    strike_manager(boundaries)
    strike_ledger(boundaries)
    sys.exit(run())
