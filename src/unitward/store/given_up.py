"""Since when and why the daemon's passes fail, for readers that cannot be told by the ledger.

It lies in the runtime folder: the disk of the ledger may be full, or the ledger locked.
"""

import contextlib
import json
from dataclasses import asdict
from pathlib import Path

from unitward.model.records import dataclass


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Passes given up in a row by the daemon `pid`, the first `since` (wall clock, seconds).

    reason, hint: of the last one. answered: up to which request for a pass it was asked for,
    0 where the ledger did not tell.
    """

    pid: int
    since: float
    reason: str
    hint: str = ""
    answered: int = 0


def read_given_up(path: Path, pid: int) -> GivenUp | None:
    """Return what the daemon of that process id says, None when its last pass ended well."""
    try:
        found = GivenUp(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.pid == pid else None


def write_given_up(path: Path, given_up: GivenUp | None) -> None:
    """Say it, None that all is well again. Where that cannot be done, nobody is told."""
    with contextlib.suppress(OSError):
        if given_up is None:
            path.unlink(missing_ok=True)
            return
        new = path.with_name(f".{path.name}.new")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.write_text(json.dumps(asdict(given_up)), encoding="utf-8")
        new.replace(path)
