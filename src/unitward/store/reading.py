"""Opening the ledger without any effect on it, and the report in it that `status` shows.

Apart from `ledger`, for which all that a pass compares with is imported: a tenth of `status`.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from unitward.store.copy import in_todays_shape
from unitward.store.migrations import refuse_newer
from unitward.store.passes import report_in
from unitward.store.trouble import explain

BUSY_SECONDS = 5.0


def open_to_read(path: Path) -> sqlite3.Connection | None:
    """Open the ledger for reading, None when there is none. Raises LedgerError.

    One that an older version wrote is read as if it had been brought up to date.
    """
    if not path.exists():
        return None
    try:
        # Nobody has it open when there is no log beside it: then reading must not make one.
        alone = not path.with_name(f"{path.name}-wal").exists()
        uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        refuse_newer(version, str(path))
        if version == 0:
            connection.close()
            return None
        return in_todays_shape(connection, path)
    except (sqlite3.Error, OSError) as error:
        raise explain(path, "opened", error) from error


def last_report(path: Path) -> Mapping[str, Any] | None:
    """Return the report that a pass published last, None when there is none.

    Raises LedgerError.
    """
    connection = open_to_read(path)
    if connection is None:
        return None
    with closing(connection):
        try:
            found = report_in(connection)
        except sqlite3.Error as error:
            raise explain(path, "read", error) from error
    return found[0] if found else None
