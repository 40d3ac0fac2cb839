"""The ledger's tables of what people asked for: holds, nudges, adoptions, what is forgotten."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from unitward.model.orders import Adoption, Hold, Nudge, NudgeKind, Orders

FIRST_VERSION = 2
"""The ledger's version that brought these tables."""


def read_orders(db: sqlite3.Connection) -> Orders:
    """Return everything that was asked for; nothing in a ledger that is older than that."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version < FIRST_VERSION:
        return Orders()
    holds = db.execute("SELECT unit, reason, since, until FROM holds ORDER BY unit")
    nudges = db.execute("SELECT unit, kind, at FROM nudges ORDER BY unit")
    adoptions = db.execute("SELECT path, unit, digest FROM adoptions ORDER BY path")
    return Orders(
        holds={row[0]: Hold(*row) for row in holds},
        nudges={unit: Nudge(unit, NudgeKind(kind), at) for unit, kind, at in nudges},
        adoptions={row[0]: Adoption(*row) for row in adoptions},
        forgotten=dict(db.execute("SELECT unit, since FROM forgotten ORDER BY unit")),
    )


class OrderBook:
    """Writes orders; each method is one committed transaction. Raises LedgerError."""

    def __init__(
        self, db: sqlite3.Connection, transaction: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._db = db
        self._transaction = transaction

    def hold(self, hold: Hold) -> None:
        """Leave a unit alone; an earlier hold of it is replaced."""
        with self._transaction():
            row = (hold.unit, hold.reason, hold.since, hold.until)
            self._db.execute("REPLACE INTO holds VALUES (?, ?, ?, ?)", row)

    def end_hold(self, unit: str) -> bool:
        """End the hold of a unit; tell whether there was one."""
        with self._transaction():
            return self._db.execute("DELETE FROM holds WHERE unit=?", (unit,)).rowcount > 0

    def drop_expired(self, now: float) -> None:
        """Forget the holds that have ended by themselves."""
        with self._transaction():
            self._db.execute("DELETE FROM holds WHERE until > 0 AND until <= ?", (now,))

    def nudge(self, nudge: Nudge) -> None:
        """Have a unit started; an earlier nudge of it is replaced."""
        with self._transaction():
            row = (nudge.unit, nudge.kind.value, nudge.at)
            self._db.execute("REPLACE INTO nudges VALUES (?, ?, ?)", row)

    def adopt(self, unit: str, adoptions: Iterable[Adoption]) -> None:
        """Give files over to unitward; the unit is forgotten no more."""
        with self._transaction():
            self._db.executemany(
                "REPLACE INTO adoptions VALUES (?, ?, ?)",
                [(a.path, a.unit, a.digest) for a in adoptions],
            )
            self._db.execute("DELETE FROM forgotten WHERE unit=?", (unit,))

    def take_back(self, adoption: Adoption) -> None:
        """Keep a file after all that was given over."""
        with self._transaction():
            self._db.execute("DELETE FROM adoptions WHERE path=?", (adoption.path,))

    def forget(self, unit: str, now: float) -> None:
        """Have a unit be none of unitward's; whatever else was asked for it is over."""
        with self._transaction():
            for table in ("holds", "nudges", "adoptions"):
                self._db.execute(f"DELETE FROM {table} WHERE unit=?", (unit,))  # noqa: S608 - a literal of this loop
            self._db.execute("REPLACE INTO forgotten VALUES (?, ?)", (unit, now))

    def remember(self, units: Iterable[str]) -> None:
        """Drop what was forgotten: it is declared no more, so there is nothing to leave alone."""
        with self._transaction():
            self._db.executemany("DELETE FROM forgotten WHERE unit=?", [(u,) for u in units])
