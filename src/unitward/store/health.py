"""Whether the ledger can be relied on, found out without any effect on it."""

import contextlib
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from unitward.errors import LedgerError
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.store.ledger import Ledger
from unitward.store.migrations import CURRENT, migrate

LARGEST_BYTES = 1 << 30
_TRIES = 3
_PAUSE_SECONDS = 0.05
_FURTHER_FILES = ("-wal",)


@dataclass(frozen=True, slots=True)
class LedgerHealth:
    """What an examination of a ledger found.

    damage: why it cannot be relied on, "" when it can. version: its own, 0 when it is empty;
    current: the one this unitward writes. identity: the machine and account it belongs to.
    last_at: wall clock in seconds of the newest thing it remembers, last_pass: of the last
        pass; 0 for nothing.
    recorded: its content, that of an older one as it will be read; empty for a newer one.
    report: the last pass's report, as it was published.
    """

    damage: str = ""
    version: int = 0
    current: int = CURRENT
    identity: str = ""
    last_at: float = 0.0
    last_pass: float = 0.0
    recorded: Recorded = field(default_factory=lambda: Recorded(""))
    report: Mapping[str, Any] = field(default_factory=dict)


def examine_ledger(path: Path) -> LedgerHealth | None:
    """Check every page of the ledger and read what it says; None when there is none.

    A copy in a temporary folder is examined: opening a ledger in WAL mode, even to read
    it, writes beside it after a crash (sqlite.org/wal.html, "Read-Only Databases"). A copy
    torn by a writer is made again. Raises OSError when no copy can be made.
    """
    try:
        info = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(info.st_mode):
        return LedgerHealth(damage="it is not a regular file")
    if info.st_size > LARGEST_BYTES:
        return LedgerHealth(damage=f"it has {info.st_size} bytes, which no ledger has")
    health = _examine_copy(path)
    for _ in range(_TRIES - 1):
        if not health.damage:
            break
        time.sleep(_PAUSE_SECONDS)
        health = _examine_copy(path)
    return health


def _examine_copy(path: Path) -> LedgerHealth:
    with tempfile.TemporaryDirectory(prefix="unitward-ledger-") as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        for suffix in _FURTHER_FILES:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        try:
            return _examine(copy)
        except (sqlite3.Error, LedgerError, ValueError, TypeError, LookupError) as error:
            said = error.__cause__ if isinstance(error, LedgerError) else error
            return LedgerHealth(damage=str(said or error))


def _examine(path: Path) -> LedgerHealth:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            return LedgerHealth(damage="; ".join(found))
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not 0 < version <= CURRENT:
            return LedgerHealth(version=version)
        migrate(connection, str(path))
        row = connection.execute("SELECT value FROM facts WHERE name='identity'").fetchone()
        ledger = Ledger(connection, path)
        generations = ledger.passes.generations(1)
        report = ledger.passes.last_report()
        moments = [g.at for g in generations] + ([report[1]] if report else [])
        return LedgerHealth(
            version=version,
            identity=str(row[0]) if row else "",
            last_at=max(moments, default=0.0),
            last_pass=report[1] if report else 0.0,
            recorded=ledger.read(),
            report=report[0] if report else {},
        )
