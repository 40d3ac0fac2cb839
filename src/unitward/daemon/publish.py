"""What the daemon leaves of its passes for others to read: in the ledger, beside it, to systemd."""

import os
import time
from dataclasses import replace

from unitward.errors import UnitwardError
from unitward.model.folders import Folders
from unitward.model.report import Report, UnitReport
from unitward.reconcile.document import report_document
from unitward.store.given_up import GivenUp, write_given_up
from unitward.store.ledger import Ledger
from unitward.systemd.notify import Notifier

ATTENTION = frozenset({"failed", "blocked", "invalid"})


class Publisher:
    """Publishes one pass after the other."""

    def __init__(self, folders: Folders, ledger: Ledger, notifier: Notifier) -> None:
        self._folders = folders
        self._ledger = ledger
        self._notifier = notifier
        self._units: tuple[UnitReport, ...] | None = None
        self._given_up: GivenUp | None = None

    def publish(self, report: Report, trigger: str, answers: int, way: str) -> None:
        """Tell of a finished pass. Raises LedgerError.

        answers: up to which request for a pass. way: how the manager is reached, in words.
        """
        passes = self._ledger.passes
        same = report.units is self._units and not report.outcomes
        document = report_document(replace(report, units=()) if same else report, trigger)
        changed = bool(report.outcomes)
        passes.publish(document, report.finished_at, answers, same_units=same, changed=changed)
        self._units = report.units
        wrong = sum(u.verdict.sync.value in ATTENTION for u in report.units)
        text = f"{len(report.units)} units" + (f", {wrong} need attention" if wrong else "")
        self._notifier.status(f"{text}; revision {report.revision}{way}")

    def tell_given_up(self, error: UnitwardError, answers: int) -> None:
        """Say why a pass failed where it is heard without the ledger, which may be the cause."""
        since = self._given_up.since if self._given_up else time.time()
        self._given_up = GivenUp(os.getpid(), since, str(error), error.hint, answers)
        write_given_up(self._folders.given_up, self._given_up)
        self._notifier.status(f"the last pass was given up: {error}")

    def take_back(self) -> None:
        """Say no more that passes fail."""
        self._given_up = None
        write_given_up(self._folders.given_up, None)
