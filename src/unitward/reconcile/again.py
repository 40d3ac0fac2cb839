"""When a pass may take over what the one before concluded. Pure.

Deciding is a pure function of its sides, so equal sides need not be weighed again: a pass
in which nothing happened costs a look at every file and one at the manager.
"""

from dataclasses import dataclass, replace

from unitward.model.desired import Desired
from unitward.model.observed import Observed
from unitward.model.plan import Plan
from unitward.model.recorded import Recorded
from unitward.model.settings import Settings
from unitward.model.source import Snapshot, Unavailable
from unitward.reconcile.desire import Terms


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
        """Tell whether nothing to do then means nothing to do now.

        Only a plan without actions that waits for no moment is independent of the clock.
        """
        if self.plan.actions or self.plan.wake_at or self.plan.close or self.plan.found:
            return False
        same_moment = replace(
            observed, now=self.observed.now, now_monotonic=self.observed.now_monotonic
        )
        return (
            desired is self.desired
            and recorded is self.recorded
            and settings == self.settings
            and same_moment == self.observed
        )
