"""What a check says: how bad it is, what was found, what mends it."""

from enum import StrEnum

from unitward.model.records import dataclass


class Level(StrEnum):
    """How much a finding weighs. Only an ERROR keeps unitward from doing its work."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of one check.

    check: what was looked at, such as `linger`. found: one sentence for people.
    mend: what to type or do, in this order; empty where nothing has to be done.
    """

    check: str
    level: Level
    found: str
    mend: tuple[str, ...] = ()
