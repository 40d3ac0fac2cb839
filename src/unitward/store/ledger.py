"""The ledger: what unitward last applied, what it is about to do, what people asked for.

SQLite in WAL mode, shared by the daemon and the commands. Every write is one committed
transaction; when it cannot be written, nothing may be changed on the machine.
"""

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from unitward.errors import LedgerError
from unitward.model.declared import OnRemove
from unitward.model.orders import Nudge
from unitward.model.recorded import (
    Intent,
    IntentKind,
    Prior,
    Recorded,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.source import Place
from unitward.store.installation import marked_installation
from unitward.store.migrations import migrate, refuse_newer
from unitward.store.orders import OrderBook, read_orders

BUSY_SECONDS = 5.0
KEPT_GENERATIONS = 200
UNIT_COLUMNS = (
    "name, file, line, column_, on_remove, install_digest, run_digest, external_digest,"
    " reload_digest, invocation, life, wish, tries, masked, prior"
)
UNIT_MARKS = ", ".join("?" * 15)


@dataclass(frozen=True, slots=True)
class Generation:
    """One recorded change of the machine; `report` is its JSON document."""

    ident: int
    at: float
    revision: str
    trigger: str
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a pass writes to the ledger in one transaction.

    nudged: nudges that led to a start, and are over with it.
    """

    units: tuple[RecordedUnit, ...] = ()
    forgotten: tuple[str, ...] = ()
    files: tuple[RecordedFile, ...] = ()
    deleted_files: tuple[str, ...] = ()
    links: tuple[RecordedLink, ...] = ()
    deleted_links: tuple[str, ...] = ()
    closed: tuple[int, ...] = ()
    nudged: tuple[Nudge, ...] = ()

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
            )
        )


class Ledger:
    """An open ledger. Use `open_ledger` or `read_ledger`; close it when done.

    orders: what people ask for of single units.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self._path = path
        self._known: tuple[int, Recorded] | None = None
        self._opened = _file_at(path)
        self.orders = OrderBook(connection, self._transaction)

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
            row = self._db.execute("SELECT value FROM facts WHERE name='installation'").fetchone()
        return str(row[0]) if row else ""

    def read(self) -> Recorded:
        """Return everything a pass compares with; the same object while nothing changed."""
        seen = self.changes_seen()
        if self._known is None or self._known[0] != seen:
            self._known = (seen, self._read())
        return self._known[1]

    def _read(self) -> Recorded:
        with self._guard("read"):
            db = self._db
            rows = db.execute(f"SELECT {UNIT_COLUMNS} FROM units")  # noqa: S608 - a constant
            units = {unit.name: unit for unit in map(_unit, rows)}
            files = {
                path: RecordedFile(path, unit, digest, bytes(content))
                for path, unit, digest, content in db.execute(
                    "SELECT path, unit, digest, content FROM files ORDER BY path"
                )
            }
            links = {
                path: RecordedLink(path, target, unit)
                for path, target, unit in db.execute(
                    "SELECT path, target, unit FROM links ORDER BY path"
                )
            }
            return Recorded(
                installation=self.installation(),
                units=units,
                files=files,
                links=links,
                intents=self._intents(),
                absences=dict(db.execute("SELECT name, since FROM absences")),
                approved=frozenset(row[0] for row in db.execute("SELECT digest FROM approvals")),
                orders=read_orders(db),
            )

    def _intents(self) -> tuple[Intent, ...]:
        rows = self._db.execute(
            "SELECT ident, unit, kind, path, digest, invocation, neighbours FROM intents"
            " ORDER BY ident"
        )
        return tuple(
            Intent(
                ident, unit, IntentKind(kind), path, digest, invocation, tuple(neighbours.split())
            )
            for ident, unit, kind, path, digest, invocation, neighbours in rows
        )

    def open_intents(self, intents: Iterable[Intent], now: float) -> dict[Intent, int]:
        """Commit what is about to happen and return the id of each intent.

        A newer intent replaces an open one of the same unit, kind and path.
        """
        idents: dict[Intent, int] = {}
        with self._transaction():
            for intent in intents:
                key = (intent.unit, intent.kind.value, intent.path)
                self._db.execute("DELETE FROM intents WHERE unit=? AND kind=? AND path=?", key)
                cursor = self._db.execute(
                    "INSERT INTO intents (unit, kind, path, digest, invocation, neighbours, at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*key, intent.digest, intent.invocation, " ".join(intent.neighbours), now),
                )
                idents[intent] = int(cursor.lastrowid or 0)
        return idents

    def record(self, changes: Changes) -> None:
        """Commit what a pass achieved."""
        db = self._db
        with self._transaction():
            db.executemany("DELETE FROM files WHERE path=?", _keys(changes.deleted_files))
            db.executemany("DELETE FROM links WHERE path=?", _keys(changes.deleted_links))
            for table, column in (
                ("units", "name"),
                ("files", "unit"),
                ("links", "unit"),
                ("intents", "unit"),
                ("nudges", "unit"),
            ):
                statement = f"DELETE FROM {table} WHERE {column}=?"  # noqa: S608 - both are literals of this loop
                db.executemany(statement, _keys(changes.forgotten))
            db.executemany("DELETE FROM absences WHERE name=?", _keys(changes.forgotten))
            db.executemany(
                f"REPLACE INTO units ({UNIT_COLUMNS}) VALUES ({UNIT_MARKS})",  # noqa: S608 - constants
                map(_row, changes.units),
            )
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

    def ask_for_pass(self, now: float) -> int:
        """Ask the daemon for a pass and return the request's number."""
        with self._transaction():
            cursor = self._db.execute("INSERT INTO requests (at) VALUES (?)", (now,))
        return int(cursor.lastrowid or 0)

    def newest_request(self) -> int:
        """Return the number of the newest request, 0 when there was none."""
        with self._guard("read"):
            (newest,) = self._db.execute("SELECT max(ident) FROM requests").fetchone()
        return int(newest or 0)

    def publish(self, report: Mapping[str, Any], at: float, answered: int) -> None:
        """Make a finished pass visible to the commands; `answered`: up to which request."""
        known = self._known  # nothing of what a pass compares with is written here
        with self._transaction():
            self._db.execute(
                "REPLACE INTO last_report VALUES (1, ?, ?, ?)", (at, answered, json.dumps(report))
            )
            self._db.execute("DELETE FROM requests WHERE ident < ?", (answered,))
        self._known = known

    def last_report(self) -> tuple[Mapping[str, Any], float, int] | None:
        """Return the last published report, when it ended, and which request it answered."""
        with self._guard("read"):
            row = self._db.execute("SELECT report, at, answered FROM last_report").fetchone()
        return (json.loads(row[0]), float(row[1]), int(row[2])) if row else None

    def add_generation(
        self, at: float, revision: str, trigger: str, report: Mapping[str, Any]
    ) -> None:
        """Record a pass that changed the machine; old ones make room."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO generations (at, revision, trigger_, report) VALUES (?, ?, ?, ?)",
                (at, revision, trigger, json.dumps(report)),
            )
            self._db.execute(
                "DELETE FROM generations WHERE ident <= (SELECT max(ident) FROM generations) - ?",
                (KEPT_GENERATIONS,),
            )

    def generations(self, limit: int = 20) -> list[Generation]:
        """Return the newest recorded changes, newest first."""
        with self._guard("read"):
            rows = self._db.execute(
                "SELECT ident, at, revision, trigger_, report FROM generations"
                " ORDER BY ident DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [Generation(i, at, rev, trig, json.loads(text)) for i, at, rev, trig, text in rows]

    @contextlib.contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(self._path, what, error) from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._known = None
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
        raise _explain(path, "opened", error) from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        migrate(connection, str(path))
        _settle_identity(connection, path, identity, unit_dir)
    except sqlite3.Error as error:
        connection.close()
        raise _explain(path, "opened", error) from error
    except LedgerError:
        connection.close()
        raise
    return Ledger(connection, path)


def read_ledger(path: Path) -> Ledger | None:
    """Open the ledger without any effect on it, None when there is none. Raises LedgerError."""
    if not path.exists():
        return None
    try:
        # Nobody has it open when there is no log beside it: then reading must not make one.
        alone = not path.with_name(f"{path.name}-wal").exists()
        uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        refuse_newer(version, str(path))
    except (sqlite3.Error, OSError) as error:
        raise _explain(path, "opened", error) from error
    if version == 0:
        connection.close()
        return None
    return Ledger(connection, path)


def _settle_identity(
    connection: sqlite3.Connection, path: Path, identity: str, unit_dir: Path | None
) -> None:
    row = connection.execute("SELECT value FROM facts WHERE name='identity'").fetchone()
    if row is None:
        known = marked_installation(unit_dir, identity) if unit_dir is not None else ""
        installation = known or f"{identity}-{secrets.token_hex(4)}"
        connection.execute(
            "INSERT INTO facts VALUES ('identity', ?), ('installation', ?)",
            (identity, installation),
        )
    elif row[0] != identity:
        raise LedgerError(
            f"{path}: this ledger belongs to another machine or account "
            f"({row[0]}, this is {identity})",
            hint="a copied home? move the ledger away; unitward then changes nothing that "
            "the other installation wrote",
        )


def _explain(path: Path, what: str, error: sqlite3.Error | OSError) -> LedgerError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    text = f"{path}: the ledger cannot be {what}: {reason}"
    if isinstance(error, sqlite3.DatabaseError) and any(
        word in str(error) for word in ("malformed", "not a database")
    ):
        hint = "move it away; unitward knows its own files by their mark"
    elif "disk is full" in str(error):
        hint = "nothing was changed; free space there"
    elif os.access(path.parent, os.W_OK):
        hint = "nothing was changed; unitward tries again by itself"
    else:
        hint = f"give your account write access to {path.parent}"
    return LedgerError(text, hint=hint)


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return device and inode of what stands at a path."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _keys(names: Iterable[object]) -> list[tuple[object]]:
    return [(name,) for name in names]


def _unit(row: tuple[Any, ...]) -> RecordedUnit:
    name, file, line, column, on_remove, *digests, tries, masked, prior = row
    install, run, external, reload, invocation, life, wish = digests
    return RecordedUnit(
        name=name,
        place=Place(file, line, column),
        on_remove=OnRemove(on_remove),
        install_digest=install,
        run_digest=run,
        external_digest=external,
        reload_digest=reload,
        invocation=invocation,
        life=life,
        wish=wish,
        tries=tries,
        masked=bool(masked),
        prior=Prior(prior),
    )


def _row(unit: RecordedUnit) -> tuple[object, ...]:
    place = unit.place
    return (
        unit.name,
        place.file,
        place.line,
        place.column,
        unit.on_remove.value,
        unit.install_digest,
        unit.run_digest,
        unit.external_digest,
        unit.reload_digest,
        unit.invocation,
        unit.life,
        unit.wish,
        unit.tries,
        int(unit.masked),
        unit.prior.value,
    )
