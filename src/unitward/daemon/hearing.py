"""What the daemon hears of units, and which of it is not its own doing."""

from collections.abc import Mapping

from unitward.model.plan import Sync, Verb
from unitward.model.report import Report
from unitward.model.unitstate import JobResult, UnitStatus
from unitward.reconcile.one_pass import Considered

_JOBS = frozenset({Verb.START, Verb.STOP, Verb.RESTART, Verb.RELOAD})
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

    def pass_looked(self, expected: Mapping[str, str], report: Report) -> None:
        """Learn what a pass left behind, and the states of all units that it knows of."""
        self._expected = dict(expected)
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


def left_behind(observed: Mapping[str, UnitStatus], report: Report) -> dict[str, str]:
    """Return the states of units after a pass, as far as they are its own doing.

    What else happened to a unit after it was observed was done by others: a stop by hand, say,
    while the pass enabled it.
    """
    jobs = [outcome.action for outcome in report.outcomes if outcome.action.verb in _JOBS]
    acted = {unit for action in jobs for unit in (action.unit, *action.neighbours)}
    return {
        unit.name: unit.active
        if unit.name in acted or unit.name not in observed
        else observed[unit.name].active
        for unit in report.units
    }


def followed(considered: Considered) -> dict[str, str]:
    """Return the states of the units that a waiting unit follows (V9), for which it waits."""
    observed = considered.observed
    found: dict[str, str] = {}
    for name, verdict in considered.plan.verdicts.items():
        detail = observed.details.get(name)
        if verdict.sync is not Sync.WAITING or detail is None:
            continue
        rivals = (*detail.conflicts, *detail.conflicted_by)
        for other in (*detail.requires, *detail.binds_to, *detail.part_of, *rivals):
            status = observed.units.get(other)
            if status is not None:
                found[other] = status.active
    return found
