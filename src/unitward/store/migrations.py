"""The ledger's tables, and how an older ledger becomes the current one.

Each entry of MIGRATIONS leads from the version of its index to the next one. A ledger is
brought up to date in one transaction; one of a newer version is never touched.
"""

import sqlite3

from unitward.errors import LedgerError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE units (
        name TEXT PRIMARY KEY,
        file TEXT NOT NULL, line INTEGER NOT NULL, column_ INTEGER NOT NULL,
        on_remove TEXT NOT NULL,
        install_digest TEXT NOT NULL, run_digest TEXT NOT NULL,
        external_digest TEXT NOT NULL, reload_digest TEXT NOT NULL,
        invocation TEXT NOT NULL, life TEXT NOT NULL, wish TEXT NOT NULL,
        tries INTEGER NOT NULL, masked INTEGER NOT NULL, prior TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE files (
        path TEXT PRIMARY KEY, unit TEXT NOT NULL, digest TEXT NOT NULL, content BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE links (
        path TEXT PRIMARY KEY, target TEXT NOT NULL, unit TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE intents (
        ident INTEGER PRIMARY KEY,
        unit TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL,
        invocation TEXT NOT NULL, neighbours TEXT NOT NULL, at REAL NOT NULL
    );
    CREATE TABLE absences (name TEXT PRIMARY KEY, since REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE approvals (digest TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE generations (
        ident INTEGER PRIMARY KEY,
        at REAL NOT NULL, revision TEXT NOT NULL, trigger_ TEXT NOT NULL, report TEXT NOT NULL
    );
    CREATE TABLE last_report (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        at REAL NOT NULL, answered INTEGER NOT NULL, report TEXT NOT NULL
    );
    CREATE TABLE requests (ident INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL);
    """,
    """
    CREATE TABLE holds (
        unit TEXT PRIMARY KEY, reason TEXT NOT NULL, since REAL NOT NULL, until REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE nudges (
        unit TEXT PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE adoptions (
        path TEXT PRIMARY KEY, unit TEXT NOT NULL, digest TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE forgotten (unit TEXT PRIMARY KEY, since REAL NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE TABLE before (
        unit TEXT PRIMARY KEY, state TEXT NOT NULL, links TEXT NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO before SELECT name, prior, '[]' FROM units WHERE prior <> '';
    CREATE TABLE units_v3 (
        name TEXT PRIMARY KEY,
        file TEXT NOT NULL, line INTEGER NOT NULL, column_ INTEGER NOT NULL,
        on_remove TEXT NOT NULL,
        install_digest TEXT NOT NULL, run_digest TEXT NOT NULL,
        external_digest TEXT NOT NULL, reload_digest TEXT NOT NULL,
        invocation TEXT NOT NULL, life TEXT NOT NULL, wish TEXT NOT NULL,
        doubted TEXT NOT NULL,
        tries INTEGER NOT NULL, tried_at REAL NOT NULL, masked INTEGER NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO units_v3
        SELECT name, file, line, column_, on_remove, install_digest, run_digest, external_digest,
            reload_digest, invocation, life, wish, '', tries, 0, masked FROM units;
    DROP TABLE units;
    ALTER TABLE units_v3 RENAME TO units;
    """,
    """
    CREATE TABLE last_units (only INTEGER PRIMARY KEY CHECK (only = 1), units TEXT NOT NULL);
    """,
)
CURRENT = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the ledger to the current version. Raises LedgerError for a newer one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    refuse_newer(version, path)
    if version < CURRENT:
        steps = " ".join(MIGRATIONS[version:])
        connection.executescript(
            f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {CURRENT}; COMMIT;"
        )


def refuse_newer(version: int, path: str) -> None:
    """Raise LedgerError for a ledger of a version that is not known here."""
    if version > CURRENT:
        raise LedgerError(
            f"{path}: the ledger has version {version}, this unitward knows up to {CURRENT}",
            hint="run the newer unitward again; this one changes nothing",
        )
