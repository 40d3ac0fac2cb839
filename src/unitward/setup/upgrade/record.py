"""The record of the last upgrade: a file that both versions read, and the script that goes back."""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from unitward.errors import UnitwardError
from unitward.model.folders import Folders
from unitward.model.records import dataclass
from unitward.setup.upgrade.durable import write_durably

SCHEMA = "unitward/upgrade/v1"
GUARD_SECONDS = 180.0
GUARD_VARIABLE = "UNITWARD_UPGRADE_SECONDS"
"""For tests only: another length of the time in which a new version has to finish a pass."""
NOTED_SECONDS = 7 * 86400.0
_ASK_AGAIN = "it is not tried again by itself: `unitward upgrade {}` tries it again"


class UpgradeError(UnitwardError):
    """The other version is not put in place; the running one goes on."""


class Phase(StrEnum):
    """How far an upgrade is.

    READY: installed and tried, waits for the end of a pass. SWITCHING: from before the first
    step of the switch until the new version finished a pass. The others are ends: CONFIRMED
    by that pass; REFUSED before the switch; UNDONE after it.
    """

    READY = "ready"
    SWITCHING = "switching"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One upgrade from `previous` to `version`, the names of their environments.

    at: when it came to its phase (wall clock, seconds). reason: why it was refused or undone.
    limit: within how many seconds the new version has to finish a pass.
    shunned: after UNDONE, that a pin does not try the version again.
    """

    version: str
    previous: str
    phase: Phase
    at: float
    reason: str = ""
    limit: float = GUARD_SECONDS
    shunned: bool = True

    def now(self, phase: Phase, reason: str = "") -> "Upgrade":
        """Return the upgrade in another phase, from now on."""
        return replace(self, phase=phase, reason=reason, at=time.time())

    @property
    def summary(self) -> str:
        """Return what became of it, as one clause."""
        match self.phase:
            case Phase.READY:
                return f"upgrade to {self.version} waits for the end of a pass"
            case Phase.SWITCHING:
                return f"upgrade to {self.version} waits for its first pass"
            case Phase.CONFIRMED:
                return f"upgraded from {self.previous} to {self.version}"
            case Phase.REFUSED:
                return f"upgrade to {self.version} was refused: {self.reason}"
            case Phase.UNDONE:
                return f"upgrade to {self.version} was undone: {self.reason}"

    @property
    def advice(self) -> str:
        """Return what a person may do about it, "" for nothing."""
        match self.phase:
            case Phase.UNDONE if self.shunned:
                return _ASK_AGAIN.format(self.version)
            case _:
                return ""


def record_path(folders: Folders) -> Path:
    """Return the path of the last upgrade's record."""
    return folders.ledger.parent / "upgrade.json"


def upgrade_note(folders: Folders, now: float) -> str:
    """Return what a person should know of the last upgrade, "" for nothing.

    now: wall clock, seconds. A failure is told for a week.
    """
    last = read_upgrade(record_path(folders))
    if last is None or last.phase is Phase.CONFIRMED:
        return ""
    if last.phase in {Phase.REFUSED, Phase.UNDONE} and now - last.at > NOTED_SECONDS:
        return ""
    return "; ".join(part for part in (last.summary, last.advice) if part)


def encode(upgrade: Upgrade) -> bytes:
    """Return the record's file."""
    document = {
        "schema": SCHEMA,
        "version": upgrade.version,
        "previous": upgrade.previous,
        "phase": upgrade.phase.value,
        "at": upgrade.at,
        "reason": upgrade.reason,
        "limit": upgrade.limit,
        "shunned": upgrade.shunned,
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def read_upgrade(path: Path) -> Upgrade | None:
    """Return the last upgrade, None when there was none or the file tells nothing sensible.

    A key that another version added is passed over.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found: Mapping[str, Any] = json.loads(path.read_bytes())
        return Upgrade(
            version=str(found["version"]),
            previous=str(found["previous"]),
            phase=Phase(found["phase"]),
            at=float(found["at"]),
            reason=str(found.get("reason", "")),
            limit=float(found.get("limit", GUARD_SECONDS)),
            shunned=found.get("shunned", True) is True,
        )
    return None


def write_upgrade(path: Path, upgrade: Upgrade) -> None:
    """Write the record, making its folder. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(path, encode(upgrade))


def guard_seconds(env: Mapping[str, str]) -> float:
    """Return how long a new version has for its first pass."""
    text = env.get(GUARD_VARIABLE, "")
    return float(text) if text.isdecimal() and int(text) else GUARD_SECONDS


def length_in_words(seconds: float) -> str:
    """Return `3 min` for 180 s, `5 s` for 5."""
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes} min" if minutes and not left else f"{round(seconds)} s"
