"""What a pass did and how every unit stands after it."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from unitward.model.plan import Action, Held, Verdict
from unitward.model.recorded import RecordedLink
from unitward.model.records import dataclass
from unitward.model.source import Place, Problem, Revision
from unitward.model.unitstate import UnitStatus


class Result(StrEnum):
    """How one action ended."""

    DONE = "done"
    PENDING = "pending"
    BUSY = "busy"
    STALE = "stale"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One action and how it ended; `detail` says why when it is not DONE."""

    action: Action
    result: Result
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All outcomes of a pass, and what the manager says of the touched units afterwards."""

    outcomes: tuple[Outcome, ...] = ()
    after: Mapping[str, UnitStatus] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    links: tuple[RecordedLink, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitReport:
    """One unit after the pass, in words."""

    name: str
    verdict: Verdict
    active: str
    sub: str
    enabled: bool
    place: Place | None


@dataclass(frozen=True, slots=True)
class Report:
    """A finished pass.

    problems: everything wrong in the source. held: what waits for a person.
    wake_at: when (wall clock, seconds) the next pass is due by itself, 0 for none.
    """

    revision: Revision
    units: tuple[UnitReport, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    held: tuple[Held, ...] = ()
    notes: tuple[str, ...] = ()
    unavailable: str = ""
    wake_at: float = 0.0
    finished_at: float = 0.0

    @property
    def failed(self) -> bool:
        """Tell whether any action failed."""
        return any(outcome.result is Result.FAILED for outcome in self.outcomes)
