"""The ledger's tables about passes: what is asked for, what the last one said, what changed."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from unitward.model.records import dataclass

KEPT_GENERATIONS = 200


@dataclass(frozen=True, slots=True)
class Generation:
    """One recorded change of the machine; `report` is its JSON document."""

    ident: int
    at: float
    revision: str
    trigger: str
    report: Mapping[str, Any]


class PassBook:
    """Requests, the published report and the generations. Its methods raise LedgerError.

    Nothing here is what a pass compares with.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
        reading: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._db = db
        self._transaction = transaction
        self._reading = reading

    def ask_for_pass(self, now: float) -> int:
        """Ask the daemon for a pass and return the request's number."""
        with self._transaction():
            cursor = self._db.execute("INSERT INTO requests (at) VALUES (?)", (now,))
        return int(cursor.lastrowid or 0)

    def newest_request(self) -> int:
        """Return the number of the newest request, 0 when there was none."""
        with self._reading():
            (newest,) = self._db.execute("SELECT max(ident) FROM requests").fetchone()
        return int(newest or 0)

    def publish(
        self,
        report: Mapping[str, Any],
        at: float,
        answered: int,
        *,
        same_units: bool = False,
        changed: bool = False,
    ) -> None:
        """Make a finished pass visible to the commands; `answered`: up to which request.

        same_units: what was published last of the units holds still, whatever the report has
        under `units`. With 1000 units these are all but 0.5 of 190 kB, and 5 ms of CPU.
        changed: the pass changed the machine, and is recorded as a generation in the same breath.
        """
        head = json.dumps({**report, "units": []} if "units" in report else report)
        units = None if same_units else _array(report.get("units", []))
        with self._transaction():
            self._db.execute("REPLACE INTO last_report VALUES (1, ?, ?, ?)", (at, answered, head))
            if units is not None:
                self._db.execute("REPLACE INTO last_units VALUES (1, ?)", (units,))
            self._db.execute("DELETE FROM requests WHERE ident < ?", (answered,))
            if changed:
                self._add_generation(at, report)

    def last_report(self) -> tuple[Mapping[str, Any], float, int] | None:
        """Return the last published report, when it ended, and which request it answered."""
        with self._reading():
            return report_in(self._db)

    def _add_generation(self, at: float, report: Mapping[str, Any]) -> None:
        """Record a pass that changed the machine; old ones make room."""
        self._db.execute(
            "INSERT INTO generations (at, revision, trigger_, report) VALUES (?, ?, ?, ?)",
            (at, report["revision"], report["trigger"], json.dumps(report)),
        )
        self._db.execute(
            "DELETE FROM generations WHERE ident <= (SELECT max(ident) FROM generations) - ?",
            (KEPT_GENERATIONS,),
        )

    def generations(self, limit: int = 20) -> list[Generation]:
        """Return the newest recorded changes, newest first."""
        with self._reading():
            rows = self._db.execute(
                "SELECT ident, at, revision, trigger_, report FROM generations"
                " ORDER BY ident DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [Generation(i, at, rev, trig, json.loads(text)) for i, at, rev, trig, text in rows]


def _array(items: Iterable[object]) -> str:
    """Write a JSON array item by item.

    All at once takes 1 MB more for a moment, which the daemon's memory does not shrink by again
    (measured with 1000 units).
    """
    return f"[{', '.join(map(json.dumps, items))}]"


def report_in(db: sqlite3.Connection) -> tuple[Mapping[str, Any], float, int] | None:
    """Return what `PassBook.last_report` returns. Raises sqlite3.Error."""
    row = db.execute(
        "SELECT report, at, answered, units FROM last_report LEFT JOIN last_units USING (only)"
    ).fetchone()
    if row is None:
        return None
    report = json.loads(row[0])
    # An older unitward published the units within the report.
    if row[3] is not None and "units" in report:
        report["units"] = json.loads(row[3])
    return report, float(row[1]), int(row[2])
