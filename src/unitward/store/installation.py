"""Whose ledger it is: this installation's id, also where only the marks of files tell it."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from unitward.errors import LedgerError
from unitward.store.unit_files import UnitFiles
from unitward.unitfile.mark import read_mark


def marked_installation(unit_dir: Path, identity: str) -> str:
    """Return the id that the marks below a unit folder carry, "" for none or more than one.

    identity: of this machine and account. Marks of others do not count: the files of a
    copied home stay foreign (semantics.md N3).
    """
    files = UnitFiles(unit_dir)
    marks = (read_mark(files.look(path).content or b"") for path in _unit_files(unit_dir))
    found = {mark.installation for mark in marks if mark is not None}
    own = {installation for installation in found if installation.startswith(f"{identity}-")}
    return own.pop() if len(own) == 1 else ""


def _unit_files(unit_dir: Path) -> Iterable[str]:
    for pattern in ("*.*", "*.d/*.conf"):
        for path in unit_dir.glob(pattern):
            yield str(path.relative_to(unit_dir))


def settle_identity(
    connection: sqlite3.Connection, path: Path, identity: str, unit_dir: Path | None
) -> bool:
    """Note in a new ledger whose it is and what its marks carry; refuse another's.

    Returns whether a new one goes on with the marks of files that are there.
    Raises LedgerError, and sqlite3.Error where the ledger cannot be written.
    """
    row = connection.execute("SELECT value FROM facts WHERE name='identity'").fetchone()
    if row is None:
        known = marked_installation(unit_dir, identity) if unit_dir is not None else ""
        installation = known or f"{identity}-{os.urandom(4).hex()}"
        connection.execute(
            "INSERT INTO facts VALUES ('identity', ?), ('installation', ?)",
            (identity, installation),
        )
        return bool(known)
    if row[0] != identity:
        raise LedgerError(
            f"{path}: this ledger belongs to another machine or account "
            f"({row[0]}, this is {identity})",
            hint="a copied home? move the ledger away; unitward then changes nothing that "
            "the other installation wrote",
        )
    return False
