"""What makes a pass due, and when. Knows only names and times; reads no clock.

Times are seconds of one monotonic clock that the caller reads.
"""

from dataclasses import field

from unitward.model.records import dataclass
from unitward.sources.settle import Settle

STATE_PAUSE = 5.0
COALESCE = 0.05
AHEAD = 0.03
"""After which part of the settling time a look at the source may be worth its while: 3 ms.

A save by an editor is over by then, or looks no different when it is. The look takes as long as
settling does beside 1000 units, so that each millisecond more is one more until the start.
"""
AGAIN = 0.15
"""After which part a second look may be, where the first came in the midst of what was written."""


@dataclass(frozen=True, slots=True)
class Due:
    """A pass that is due now: why, and whether the source had become quiet.

    alone: the source is all that changed since the last pass, as far as was heard.
    """

    reasons: tuple[str, ...]
    settled: bool
    alone: bool = False


@dataclass(slots=True)
class Triggers:
    """Collects what happened and tells when the next pass is due (semantics.md T).

    settle: quiet time and cap for changes of the source.
    """

    settle: Settle
    resync: float
    _reasons: dict[str, float] = field(default_factory=dict)
    _state_due: dict[str, float] = field(default_factory=dict)
    _last_state_pass: dict[str, float] = field(default_factory=dict)
    _alarm: float = 0.0
    _last_pass: float = 0.0
    _looks: int = 0
    _looked_at: float = 0.0

    def use(self, settle: Settle, resync: float) -> None:
        """Take new settings; a change that has not been read yet has to become quiet anew."""
        if self.settle.noted is not None:
            settle.note(self.settle.noted)
        self.settle, self.resync = settle, resync

    def source_changed(self, at: float) -> None:
        """Note a change in the desired-state folder; it has to become quiet first.

        at: when it was heard, which may be a while ago.
        """
        self.settle.note(at)

    def ask(self, reason: str, now: float, delay: float = 0.0) -> None:
        """Have a pass made after the delay, for a reason in words."""
        due = now + delay
        self._reasons[reason] = min(due, self._reasons.get(reason, due))

    def unit_changed(self, unit: str, now: float) -> None:
        """Note that a unit's state or file changed: at most one pass in 5 s for each unit."""
        earliest = self._last_state_pass.get(unit, -STATE_PAUSE) + STATE_PAUSE
        due = max(now + COALESCE, earliest)
        self._state_due[unit] = min(due, self._state_due.get(unit, due))

    def set_alarm(self, at: float) -> None:
        """Have a pass made at a time that the last one named; 0 for none."""
        self._alarm = at

    def wait(self, now: float) -> float:
        """Return the seconds until the next pass is due, 0 when it is."""
        times = [*self._reasons.values(), *self._state_due.values(), self._last_pass + self.resync]
        if self._alarm:
            times.append(self._alarm)
        pause = max(0.0, min(times) - now)
        settling = self.settle.due(now)
        if settling is None:
            return pause
        # While the source is being written nothing is read, so that one save is one pass.
        return settling

    def until_look_ahead(self, now: float) -> float | None:
        """Return the seconds until a look at the source ahead of its pass, None for no look.

        Once for each pass, and once more where the source changed after that look had begun and
        became quiet: what is written to all the time is not read all the time.
        """
        settling, noted = self.settle.due(now), self.settle.noted
        if settling is None or noted is None:
            return None
        match self._looks:
            case 0:
                part = AHEAD
            case 1 if noted > self._looked_at:
                part = AGAIN
            case _:
                return None
        return max(0.0, noted + self.settle.quiet * part - now)

    def looks_ahead(self, now: float) -> None:
        """Take note of that look, which begins now."""
        self._looks += 1
        self._looked_at = now

    def take(self, now: float) -> Due | None:
        """Return the pass that is due now and forget what asked for it, None if none is."""
        if self.wait(now) > 0:
            return None
        self._looks = 0
        reasons = [reason for reason, due in self._reasons.items() if due <= now]
        states = [unit for unit, due in self._state_due.items() if due <= now]
        settled = not self.settle.forced
        alone = settled and self._is_source_alone(now)
        if self.settle.due(now) is not None:
            reasons.append("the source changed")
            self.settle.clear()
            if not settled:
                # A reading cut short proves no absence: one more is due when it is quiet.
                self.settle.note(now)
        if states:
            reasons.append(f"{', '.join(sorted(states))} changed")
        if self._alarm and self._alarm <= now:
            reasons.append("something became due")
            self._alarm = 0.0
        for reason in [r for r, due in self._reasons.items() if due <= now]:
            del self._reasons[reason]
        for unit in states:
            del self._state_due[unit]
            self._last_state_pass[unit] = now
        self._last_pass = now
        return Due(tuple(reasons) or ("resync",), settled, alone)

    def _is_source_alone(self, now: float) -> bool:
        """Tell whether nothing else is due, nor waits for its turn."""
        alarm = bool(self._alarm) and self._alarm <= now
        resync = self._last_pass + self.resync <= now
        return not (self._reasons or self._state_due or alarm or resync)
