"""Whether the daemon may tell the manager that it is alive. Reads no clock.

That the event loop runs is told by whoever asks; that the work goes on is known here.
"""

from unitward.model.records import dataclass

HUNG_SECONDS = 600.0
"""Everything that a pass waits for has a limit of its own; together they stay far below this."""


@dataclass(slots=True)
class Pulse:
    """Knows since when a pass is under way. Times are seconds of one monotonic clock."""

    _began: float | None = None

    def pass_begins(self, now: float) -> None:
        """Note that a pass is under way."""
        self._began = now

    def pass_ends(self) -> None:
        """Note that it ended, however it did."""
        self._began = None

    def is_alive(self, now: float) -> bool:
        """Tell whether no pass hangs."""
        return self._began is None or now - self._began <= HUNG_SECONDS
