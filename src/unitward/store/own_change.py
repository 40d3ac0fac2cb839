"""The record of the last change of unitward's own unit: being tried, or undone.

A file beside the ledger, for a script has to write it that runs when unitward does not.
"""

import contextlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from unitward.model.folders import Folders
from unitward.model.records import dataclass

SCHEMA = "unitward/own-change/v1"


class Stage(StrEnum):
    """How far a change is: TRIED until a pass was finished with it, or UNDONE."""

    TRIED = "tried"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A change of the files that make up unitward's own unit.

    files: path below the unit folder -> digest (sha256) of all that was declared.
    touched: the paths that the change writes or removes. owned: those of them that were
        recorded as ours before.
    place: where it was declared, `file:line`, "" unknown.
    at: when it came to its stage (wall clock, seconds). reason: why it was undone.
    invocation: InvocationID of the unitward that made the change.
    """

    stage: Stage
    files: Mapping[str, str]
    touched: tuple[str, ...]
    owned: tuple[str, ...]
    place: str
    at: float
    reason: str = ""
    invocation: str = ""

    @property
    def summary(self) -> str:
        """Return what became of it, as one clause."""
        where = f"{self.place}: " if self.place else ""
        what = f"{where}the change of unitward's own unit"
        if self.stage is Stage.TRIED:
            return f"{what} waits for a pass of the unitward that runs with it"
        return f"{what} was undone: {self.reason}"


def change_path(folders: Folders) -> Path:
    """Return the path of the record."""
    return folders.ledger.parent / "own-change.json"


def encode_change(change: OwnChange) -> bytes:
    """Return the record's file."""
    document = {
        "schema": SCHEMA,
        "stage": change.stage.value,
        "files": dict(change.files),
        "touched": list(change.touched),
        "owned": list(change.owned),
        "place": change.place,
        "at": change.at,
        "reason": change.reason,
        "invocation": change.invocation,
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def read_change(folders: Folders) -> OwnChange | None:
    """Return the last change, None when there is none or the file tells nothing sensible."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        found: Mapping[str, Any] = json.loads(change_path(folders).read_bytes())
        return OwnChange(
            stage=Stage(found["stage"]),
            files={str(path): str(digest) for path, digest in found["files"].items()},
            touched=tuple(str(path) for path in found["touched"]),
            owned=tuple(str(path) for path in found["owned"]),
            place=str(found["place"]),
            at=float(found["at"]),
            reason=str(found["reason"]),
            invocation=str(found["invocation"]),
        )
    return None
