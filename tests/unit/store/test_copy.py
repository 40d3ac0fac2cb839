"""Copies of the ledger: whole, private, and in the shape that is read today."""

import sqlite3
from pathlib import Path

import pytest

from unitward.errors import LedgerError
from unitward.model.recorded import RecordedFile
from unitward.store import migrations
from unitward.store.copy import copy_ledger
from unitward.store.ledger import Changes, open_ledger, read_ledger

FILE = RecordedFile("a.service", "a.service", "d", b"[Unit]\n")


def test_copy_of_an_open_ledger(tmp_path: Path) -> None:
    """What was committed is in the copy, though it may still be in the log beside the ledger."""
    path, copy = tmp_path / "ledger.sqlite", tmp_path / "copy.sqlite"
    copy.write_bytes(b"an older copy")
    with open_ledger(path, identity="me") as ledger:
        ledger.record(Changes(files=(FILE,)))
        assert copy_ledger(path, copy)
    copied = read_ledger(copy)
    assert copied is not None
    with copied:
        assert {"a.service": FILE} == copied.read().files
    assert 0o600 == copy.stat().st_mode & 0o777


def test_no_ledger_no_copy(tmp_path: Path) -> None:
    """Before the first pass there is nothing to copy."""
    assert not copy_ledger(tmp_path / "none", tmp_path / "copy")
    assert [] == list(tmp_path.iterdir())


def test_failed_copy_leaves_nothing(tmp_path: Path) -> None:
    """What cannot be copied is said with its place, and no half of it stays."""
    path = tmp_path / "ledger"
    path.write_bytes(b"no database at all, " * 100)
    with pytest.raises(LedgerError, match="cannot be copied: file is not a database"):
        copy_ledger(path, tmp_path / "copy")
    with pytest.raises(LedgerError, match="No such file or directory"):
        copy_ledger(path, tmp_path / "no folder/copy")
    assert [path] == list(tmp_path.iterdir())


def test_older_ledger_is_read_as_if_it_were_migrated(tmp_path: Path) -> None:
    """A newer unitward shows what an older one wrote, and leaves its ledger as it is."""
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as database:
        database.executescript(migrations.MIGRATIONS[0])
        database.execute("PRAGMA user_version = 1")
        database.execute("INSERT INTO facts VALUES ('installation', 'i')")
        database.execute("INSERT INTO files VALUES ('a.service', 'a.service', 'd', x'00')")
    database.close()
    before = path.read_bytes()
    ledger = read_ledger(path)
    assert ledger is not None
    with ledger:
        recorded = ledger.read()
    assert ("i", {"a.service"}) == (recorded.installation, set(recorded.files))
    assert before == path.read_bytes()
