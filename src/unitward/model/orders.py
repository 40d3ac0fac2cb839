"""What people asked for of single units, kept in the ledger until it is done or over."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from unitward.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """A unit that is left alone. Times are wall-clock seconds; `until` is 0 for no end."""

    unit: str
    reason: str
    since: float
    until: float = 0.0

    def in_force(self, now: float) -> bool:
        """Tell whether the hold has not expired."""
        return not self.until or self.until > now


class NudgeKind(StrEnum):
    """What a unit that is down is started in spite of."""

    RESUME = "resume"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Nudge:
    """A wish to have a unit started now that went down before `at` (wall clock, seconds).

    RESUME ends the grace of a unit that was stopped by hand; RETRY does that too, and starts
    a unit that failed, as if it had not been tried before.
    """

    unit: str
    kind: NudgeKind
    at: float


@dataclass(frozen=True, slots=True)
class Adoption:
    """A file that its owner gives over to unitward, as long as it has this digest (sha256).

    path: relative to the unit folder.
    """

    path: str
    unit: str
    digest: str


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything that was asked for. Keys are units, for `adoptions` paths.

    forgotten: unit -> since when (wall clock, seconds) it is none of unitward's.
    """

    holds: Mapping[str, Hold] = field(default_factory=dict)
    nudges: Mapping[str, Nudge] = field(default_factory=dict)
    adoptions: Mapping[str, Adoption] = field(default_factory=dict)
    forgotten: Mapping[str, float] = field(default_factory=dict)
