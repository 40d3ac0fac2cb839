"""The three sides that every decision compares, and the draft it writes to."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from unitward.model.declared import DriftPolicy
from unitward.model.desired import Desired, DesiredUnit
from unitward.model.observed import Observed
from unitward.model.plan import Action, Held, Sync, Verdict
from unitward.model.recorded import Recorded, RecordedFile, RecordedUnit
from unitward.model.settings import Settings
from unitward.model.source import Place

OWN_UNIT = "unitward.service"


@dataclass(frozen=True, slots=True)
class Sides:
    """Declared, recorded, observed, and the settings in force."""

    desired: Desired
    recorded: Recorded
    observed: Observed
    settings: Settings

    def drift_policy(self, unit: DesiredUnit) -> DriftPolicy:
        """Return what the unit, else the configuration, says about drift."""
        return unit.policy.drift or self.settings.drift

    def known(self, unit: str) -> RecordedUnit | None:
        """Return what the ledger knows of the unit."""
        return self.recorded.units.get(unit)

    def wall(self, monotonic: int) -> float:
        """Return a CLOCK_MONOTONIC moment (microseconds) as wall-clock seconds."""
        return self.observed.now - (self.observed.now_monotonic - monotonic) / 1e6


@dataclass(slots=True)
class Draft:
    """The plan while it is being decided."""

    actions: list[Action] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    records: dict[str, RecordedUnit] = field(default_factory=dict)
    absences: dict[str, float] = field(default_factory=dict)
    close: list[int] = field(default_factory=list)
    found: list[RecordedFile] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wakes: list[float] = field(default_factory=list)

    def say(self, unit: str, sync: Sync, reason: str = "", until: float = 0.0) -> None:
        """Set the unit's verdict; a time at which it ends also wakes the loop."""
        self.verdicts[unit] = Verdict(sync, reason, until)
        if until:
            self.wakes.append(until)

    def do(self, actions: Iterable[Action]) -> None:
        """Add actions."""
        self.actions.extend(actions)
