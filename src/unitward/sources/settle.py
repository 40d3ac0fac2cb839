"""When a folder that is being written to counts as quiet."""


class Settle:
    """Waits for `quiet` seconds without a change, but at most `cap` seconds in all.

    Times are seconds of any one monotonic clock that the caller reads.
    """

    def __init__(self, quiet: float, cap: float) -> None:
        self.quiet = quiet
        self._cap = cap
        self._first: float | None = None
        self._last = 0.0

    def note(self, now: float) -> None:
        """Take note of a change at the time `now`, which may be earlier than one noted before."""
        if self._first is None:
            self._first = self._last = now
        self._last = max(self._last, now)

    def due(self, now: float) -> float | None:
        """Return the seconds until the folder should be read, None when nothing changed."""
        if self._first is None:
            return None
        return max(0.0, min(self._last + self.quiet, self._first + self._cap) - now)

    @property
    def noted(self) -> float | None:
        """When the last change was noted, None when nothing changed."""
        return None if self._first is None else self._last

    @property
    def forced(self) -> bool:
        """Tell whether the wait ends by the cap: such a reading is not settled."""
        return self._first is not None and self._last + self.quiet > self._first + self._cap

    def clear(self) -> None:
        """Start anew: what was noted is about to be read."""
        self._first = None
