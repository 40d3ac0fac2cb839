"""The ledger's tables that a pass compares with, read into one Recorded.

Units, files, links and what units were before are thousands of rows that only the holder of the
account's lock writes; the rest is a handful of rows that any command may write at any time. So
each write to the former draws an edition, and as long as it is the same only the rest is read.
"""

import sqlite3
from dataclasses import replace
from sys import intern

from unitward.model.recorded import Intent, IntentKind, Recorded, RecordedFile, RecordedLink
from unitward.model.records import dataclass
from unitward.store.orders import read_orders
from unitward.store.sharing import sharing
from unitward.store.units import read_before, read_units


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read, and of which edition; "" is of none that can be told from another."""

    edition: str
    recorded: Recorded


def read_contents(db: sqlite3.Connection, known: Contents | None) -> Contents:
    """Return what the ledger says now; `known` itself where that still holds.

    With 1000 units a reading takes 25 ms of CPU, less than 1 ms where the edition is the known one.
    """
    # Before the tables: a write between the two then shows as another edition the next time.
    edition = read_fact(db, "edition")
    if known is None or not edition or edition != known.edition:
        before = known.recorded if known is not None else Recorded(installation="")
        return Contents(edition, _with_small_tables(db, _large_tables(db, before)))
    recorded = _with_small_tables(db, known.recorded)
    return known if recorded == known.recorded else Contents(edition, recorded)


def begin_edition(db: sqlite3.Connection) -> None:
    """Say, within the transaction that does it, that one of the large tables is written."""
    db.execute("REPLACE INTO facts VALUES ('edition', hex(randomblob(8)))")


def read_fact(db: sqlite3.Connection, name: str) -> str:
    """Return one of the ledger's facts about itself, "" for an unknown one."""
    row = db.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _large_tables(db: sqlite3.Connection, known: Recorded) -> Recorded:
    files = db.execute("SELECT path, unit, digest, content FROM files ORDER BY path")
    links = db.execute("SELECT path, target, unit FROM links ORDER BY path")
    return Recorded(
        installation="",
        units=read_units(db, known.units),
        files=sharing(
            (
                (path, RecordedFile(intern(path), intern(unit), intern(digest), bytes(content)))
                for path, unit, digest, content in files
            ),
            known.files,
        ),
        links=sharing(
            (
                (path, RecordedLink(intern(path), intern(target), intern(unit)))
                for path, target, unit in links
            ),
            known.links,
        ),
        before=read_before(db),
    )


def _with_small_tables(db: sqlite3.Connection, large: Recorded) -> Recorded:
    return replace(
        large,
        installation=read_fact(db, "installation"),
        identity=read_fact(db, "name"),
        intents=_intents(db),
        absences=dict(db.execute("SELECT name, since FROM absences")),
        approved=frozenset(row[0] for row in db.execute("SELECT digest FROM approvals")),
        orders=read_orders(db),
    )


def _intents(db: sqlite3.Connection) -> tuple[Intent, ...]:
    rows = db.execute(
        "SELECT ident, unit, kind, path, digest, invocation, neighbours FROM intents ORDER BY ident"
    )
    return tuple(
        Intent(ident, unit, IntentKind(kind), path, digest, invocation, tuple(neighbours.split()))
        for ident, unit, kind, path, digest, invocation, neighbours in rows
    )
