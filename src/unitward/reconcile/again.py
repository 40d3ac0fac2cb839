"""When a pass may take over what the one before concluded. Pure.

Deciding is a pure function of its sides, so equal sides need not be weighed again: a pass
in which nothing happened costs a look at every file and one at the manager.
"""

from collections.abc import Mapping
from dataclasses import replace

from unitward.model.desired import Desired
from unitward.model.observed import Observed
from unitward.model.plan import Plan
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.report import Report
from unitward.model.settings import Settings
from unitward.model.source import Snapshot, Unavailable
from unitward.model.unitstate import UnitStatus
from unitward.reconcile.desire import Terms

SEEN_US = 200_000
"""How old a look ahead may be that stands for a pass's own: the settling time and a little."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a reading of the folder was found to ask for."""

    snapshot: Snapshot | Unavailable
    recorded: Recorded
    terms: Terms
    desired: Desired

    def holds_for(self, snapshot: Snapshot | Unavailable, recorded: Recorded, terms: Terms) -> bool:
        """Tell whether another reading asks for exactly the same.

        Revision.digest covers the names and bytes of everything read.
        """
        before = self.snapshot
        if isinstance(before, Unavailable) or isinstance(snapshot, Unavailable):
            return False
        return (
            recorded is self.recorded
            and before.revision == snapshot.revision
            and before.settled == snapshot.settled
            and before.root == snapshot.root
            and terms == self.terms
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """What a pass decided, and from which sides."""

    desired: Desired
    recorded: Recorded
    observed: Observed
    settings: Settings
    plan: Plan

    def holds_for(
        self, desired: Desired, recorded: Recorded, observed: Observed, settings: Settings
    ) -> bool:
        """Tell whether the same is to be decided now.

        Only a plan that waits for no moment is independent of the clock. What it notes as absent
        was so by an equal reading of then, which a look ahead may have made 0.1 s before.
        """
        return (
            not self.plan.wake_at
            and desired is self.desired
            and recorded is self.recorded
            and settings == self.settings
            and _at_moment_of(self.observed, observed) == self.observed
        )

    def observed_again(
        self, desired: Desired, recorded: Recorded, now: float, now_monotonic: int
    ) -> Observed | None:
        """Return what was observed for these sides, as of now; None where it was long ago."""
        age = now_monotonic - self.observed.now_monotonic
        if desired is not self.desired or recorded is not self.recorded or age > SEEN_US:
            return None
        return replace(self.observed, now=now, now_monotonic=now_monotonic)

    def seen_again(self, observed: Observed) -> Observed:
        """Return what was seen then as of now; its parts are the objects of then."""
        return _at_moment_of(observed, self.observed)


@dataclass(frozen=True, slots=True)
class Reported:
    """What a pass without an outcome said, and from which decision and which states."""

    plan: Plan
    units: Mapping[str, UnitStatus]
    report: Report

    def holds_for(self, plan: Plan, observed: Observed) -> bool:
        """Tell whether a pass that took all of that over says the same, at another moment.

        Only what `Decided` gave again is the same object, and then nothing else differs.
        """
        return plan is self.plan and observed.units is self.units


def _at_moment_of(observed: Observed, seen: Observed) -> Observed:
    """Return what was seen with the clocks of the other one."""
    return replace(seen, now=observed.now, now_monotonic=observed.now_monotonic)
