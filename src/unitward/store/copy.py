"""Copies of the ledger: on disk, to go back to; in memory, in today's shape, to look at."""

import contextlib
import os
import sqlite3
from pathlib import Path

from unitward.errors import LedgerError
from unitward.store.migrations import CURRENT, migrate
from unitward.store.trouble import explain


def copy_ledger(path: Path, to: Path) -> bool:
    """Write a whole copy of the ledger as it is now, durably; False when there is no ledger.

    Others may write to the ledger meanwhile. Raises LedgerError, with no copy left behind.
    """
    if not path.exists():
        return False
    try:
        to.unlink(missing_ok=True)
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with (
            contextlib.closing(sqlite3.connect(path)) as source,
            contextlib.closing(sqlite3.connect(to)) as target,
        ):
            # Without it the copy's last pages could still be on their way when the power fails.
            target.execute("PRAGMA synchronous=FULL")
            source.backup(target)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            to.unlink(missing_ok=True)
        raise explain(to, "copied", error) from error
    return True


def in_todays_shape(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return the connection, or one to a migrated copy in memory when the ledger is older.

    So a version that has not run its daemon yet reads what an older one wrote, and writes
    nothing. Raises LedgerError and sqlite3.Error.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == CURRENT:
        return connection
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with contextlib.closing(connection):
            connection.backup(copy)
        migrate(copy, str(path))
    except (sqlite3.Error, LedgerError):
        copy.close()
        raise
    return copy
