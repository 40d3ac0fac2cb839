"""What the daemon hears of units, and which of it is not its own doing."""

from collections.abc import Mapping

from unitward.model.plan import Sync
from unitward.model.report import Report
from unitward.model.unitstate import JobResult

_UNFINISHED = frozenset({Sync.PENDING, Sync.STARTING, Sync.STOPPING})


class Hearing:
    """Compares what is heard with what the last pass left behind.

    While a pass is under way all is kept; its end tells what of it asks for another one.
    """

    def __init__(self) -> None:
        self._working = False
        self._expected: dict[str, str] = {}
        self._unfinished: set[str] = set()
        self._outdone: set[str] = set()
        self._heard: dict[str, str] = {}
        self._ended_jobs: set[str] = set()
        self._touched: dict[str, None] = {}

    def pass_begins(self) -> None:
        """Keep what is heard from now on."""
        self._working = True

    def look_begins(self) -> None:
        """Forget what was kept: the pass is about to look at the units themselves."""
        self._heard.clear()
        self._ended_jobs.clear()

    def take_outdone(self) -> frozenset[str]:
        """Return, once, the units whose unfinished jobs somebody cancelled since."""
        taken = frozenset(self._outdone)
        self._outdone.clear()
        return taken

    def pass_looked(self, followed: Mapping[str, str], report: Report) -> None:
        """Learn what a pass left behind: followed units and their states."""
        self._expected = {**followed, **{unit.name: unit.active for unit in report.units}}
        self._unfinished = {u.name for u in report.units if u.verdict.sync in _UNFINISHED}

    def pass_ends(self) -> tuple[list[str], list[str]]:
        """Return the units and the paths that changed meanwhile by no doing of ours."""
        self._working = False
        units = [u for u, active in self._heard.items() if self._expected.get(u, active) != active]
        units += self._ended_jobs & self._unfinished
        touched = list(self._touched)
        self._touched.clear()
        return units, touched

    def unit_changed(self, unit: str, active: str) -> bool:
        """Hear of a unit's state; tell whether that asks for a pass now."""
        self._heard[unit] = active
        if self._working or self._expected.get(unit, active) == active:
            return False
        self._expected[unit] = active
        return True

    def job_ended(self, unit: str, result: JobResult) -> bool:
        """Hear of a job's end; tell whether that asks for a pass now."""
        if self._working:
            self._ended_jobs.add(unit)
            return False
        if unit not in self._unfinished:
            return False
        if result is JobResult.CANCELED:
            self._outdone.add(unit)
        self._unfinished.discard(unit)
        return True

    def file_touched(self, path: str) -> bool:
        """Hear of a unit file; tell whether to look at it now."""
        if self._working:
            self._touched[path] = None
        return not self._working
