"""The ledger: what unitward last applied, what it is about to do, what people asked for.

SQLite in WAL mode, shared by the daemon and the commands. Every write is one committed
transaction; when it cannot be written, nothing may be changed on the machine.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from unitward.errors import LedgerError
from unitward.model.orders import Nudge
from unitward.model.recorded import (
    Before,
    Intent,
    Recorded,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.records import dataclass
from unitward.store.contents import Contents, begin_edition, read_contents, read_fact
from unitward.store.installation import settle_identity
from unitward.store.migrations import migrate
from unitward.store.orders import OrderBook
from unitward.store.passes import PassBook
from unitward.store.reading import BUSY_SECONDS, open_to_read
from unitward.store.trouble import explain
from unitward.store.units import (
    drop_stale_before,
    write_before,
    write_units,
)

CACHE_KIB = 256
"""SQLite's own 2 MiB would fill with tables that are read once; it writes no slower (measured)."""
AT_ONCE = 500
"""Names in one statement; SQLite takes 999 at least (SQLITE_MAX_VARIABLE_NUMBER)."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a pass writes to the ledger in one transaction.

    nudged: nudges that led to a start, and are over with it.
    before: what units were that were acted on for the first time.
    """

    units: tuple[RecordedUnit, ...] = ()
    forgotten: tuple[str, ...] = ()
    files: tuple[RecordedFile, ...] = ()
    deleted_files: tuple[str, ...] = ()
    links: tuple[RecordedLink, ...] = ()
    deleted_links: tuple[str, ...] = ()
    closed: tuple[int, ...] = ()
    nudged: tuple[Nudge, ...] = ()
    before: tuple[Before, ...] = ()

    def __bool__(self) -> bool:
        return any(
            (
                self.units,
                self.forgotten,
                self.files,
                self.deleted_files,
                self.links,
                self.deleted_links,
                self.closed,
                self.nudged,
                self.before,
            )
        )


class Ledger:
    """An open ledger. Use `open_ledger` or `read_ledger`; close it when done.

    orders: what people ask for of single units. passes: requests for passes, and their reports.
    goes_on: whether it is new, and an earlier one wrote the unit files that are there.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, *, goes_on: bool = False
    ) -> None:
        self.goes_on = goes_on
        self._db = connection
        self._path = path
        self._seen: int | None = None
        self._contents: Contents | None = None
        self._opened = _file_at(path)
        self.orders = OrderBook(connection, self._transaction)
        self.passes = PassBook(connection, self._commit, self._guarded_read)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def is_in_place(self) -> bool:
        """Tell whether the open file still stands at its path: not removed, not replaced."""
        return self._opened is not None and _file_at(self._path) == self._opened

    def changes_seen(self) -> int:
        """Return a number that changes when another process wrote to the ledger."""
        with self._guard("read"):
            (number,) = self._db.execute("PRAGMA data_version").fetchone()
        return int(number)

    def installation(self) -> str:
        """Return the id that ownership marks carry."""
        with self._guard("read"):
            return read_fact(self._db, "installation")

    def take_identity(self, name: str) -> None:
        """Note whom the account stands for from now on, USER@HOST."""
        with self._transaction():
            self._db.execute("REPLACE INTO facts VALUES ('name', ?)", (name,))

    def read(self) -> Recorded:
        """Return everything a pass compares with; the same object while nothing of it changed."""
        seen = self.changes_seen()
        if self._contents is None or self._seen != seen:
            with self._guard("read"):
                self._contents = read_contents(self._db, self._contents)
            self._seen = seen
        return self._contents.recorded

    def open_intents(
        self, intents: Iterable[Intent], now: float, before: Iterable[Before] = ()
    ) -> dict[Intent, int]:
        """Commit what is about to happen and return the id of each intent.

        A newer intent replaces an open one of the same unit, kind and path. `before` says what
        units were: once they are acted on, nobody could tell.
        """
        idents: dict[Intent, int] = {}
        with self._transaction():
            begin_edition(self._db)
            newest = {(intent.unit, intent.kind.value, intent.path): intent for intent in intents}
            # All before the first is added: nothing leads to one of them but reading them all.
            statement = "DELETE FROM intents WHERE unit=? AND kind=? AND path=?"
            self._db.executemany(statement, newest.keys())
            for key, intent in newest.items():
                cursor = self._db.execute(
                    "INSERT INTO intents (unit, kind, path, digest, invocation, neighbours, at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*key, intent.digest, intent.invocation, " ".join(intent.neighbours), now),
                )
                idents[intent] = int(cursor.lastrowid or 0)
            write_before(self._db, before)
        return idents

    def record(self, changes: Changes) -> None:
        """Commit what a pass achieved."""
        db = self._db
        with self._transaction():
            begin_edition(db)
            db.executemany("DELETE FROM files WHERE path=?", _keys(changes.deleted_files))
            db.executemany("DELETE FROM links WHERE path=?", _keys(changes.deleted_links))
            _forget(db, changes.forgotten)
            write_units(db, changes.units)
            write_before(db, changes.before)
            db.executemany(
                "REPLACE INTO files (path, unit, digest, content) VALUES (?, ?, ?, ?)",
                [(f.path, f.unit, f.digest, f.content) for f in changes.files],
            )
            db.executemany(
                "REPLACE INTO links (path, target, unit) VALUES (?, ?, ?)",
                [(link.path, link.target, link.unit) for link in changes.links],
            )
            db.executemany("DELETE FROM adoptions WHERE path=?", [(f.path,) for f in changes.files])
            db.executemany(
                "DELETE FROM nudges WHERE unit=? AND at<=?",
                [(n.unit, n.at) for n in changes.nudged],
            )
            db.executemany("DELETE FROM intents WHERE ident=?", _keys(changes.closed))
            drop_stale_before(db)

    def set_absences(self, absences: Mapping[str, float]) -> None:
        """Replace what is known of absences."""
        with self._transaction():
            self._db.execute("DELETE FROM absences")
            self._db.executemany("INSERT INTO absences VALUES (?, ?)", absences.items())

    def approve(self, digest: str, now: float) -> None:
        """Let the held plan with this digest pass, once."""
        with self._transaction():
            self._db.execute("REPLACE INTO approvals VALUES (?, ?)", (digest, now))

    def spend_approvals(self, digests: Iterable[str]) -> None:
        """Take back approvals that were used."""
        with self._transaction():
            self._db.executemany("DELETE FROM approvals WHERE digest=?", _keys(digests))

    @contextlib.contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(self._path, what, error) from error

    def _guarded_read(self) -> AbstractContextManager[None]:
        return self._guard("read")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit a change of what a pass compares with."""
        self._seen = None
        with self._commit():
            yield

    @contextlib.contextmanager
    def _commit(self) -> Iterator[None]:
        with self._guard("written"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk has SQLite itself take everything back.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def open_ledger(path: Path, *, identity: str, unit_dir: Path | None = None) -> Ledger:
    """Open the ledger for reading and writing, making it when there is none.

    `identity` names this machine and account; a ledger of another one (a copied home)
    is refused. A new ledger goes on with the installation whose marks are in `unit_dir`.
    Raises LedgerError.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not path.exists()
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        if is_new:
            path.chmod(0o600)
    except (sqlite3.Error, OSError) as error:
        raise explain(path, "opened", error) from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        migrate(connection, str(path))
        goes_on = settle_identity(connection, path, identity, unit_dir)
    except sqlite3.Error as error:
        connection.close()
        raise explain(path, "opened", error) from error
    except LedgerError:
        connection.close()
        raise
    return Ledger(connection, path, goes_on=goes_on)


def read_ledger(path: Path) -> Ledger | None:
    """Open the ledger without any effect on it, None when there is none. Raises LedgerError.

    One that an older version wrote is read as if it had been brought up to date.
    """
    connection = open_to_read(path)
    return None if connection is None else Ledger(connection, path)


def _forget(db: sqlite3.Connection, units: Sequence[str]) -> None:
    """Delete what is said of units: few tables are kept by unit, the others are read as a whole."""
    for first in range(0, len(units), AT_ONCE):
        some = units[first : first + AT_ONCE]
        marks = ", ".join("?" * len(some))
        for table, column in (
            ("units", "name"),
            ("files", "unit"),
            ("links", "unit"),
            ("intents", "unit"),
            ("nudges", "unit"),
            ("absences", "name"),
        ):
            statement = f"DELETE FROM {table} WHERE {column} IN ({marks})"  # noqa: S608 - literals of this function
            db.execute(statement, some)


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return device and inode of what stands at a path."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _keys(names: Iterable[object]) -> list[tuple[object]]:
    return [(name,) for name in names]
