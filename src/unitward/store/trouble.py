"""What went wrong with the ledger, in words for people."""

import os
import sqlite3
from pathlib import Path

from unitward.errors import LedgerError


def explain(path: Path, what: str, error: sqlite3.Error | OSError) -> LedgerError:
    """Return the error for a ledger that cannot be opened, read or written (`what`)."""
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
