"""Examining a ledger without touching it."""

import sqlite3
from pathlib import Path

from unitward.store.health import examine_ledger
from unitward.store.ledger import open_ledger
from unitward.store.migrations import CURRENT


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file with its bytes and its time of change."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def make(path: Path) -> None:
    """Make a ledger that has published a report."""
    with open_ledger(path, identity="me") as ledger:
        ledger.passes.publish({"units": []}, at=1000.0, answered=0)


def test_no_ledger(tmp_path: Path) -> None:
    """Where there is none, none is made."""
    assert examine_ledger(tmp_path / "ledger.sqlite") is None
    assert [] == list(tmp_path.iterdir())


def test_a_whole_ledger(tmp_path: Path) -> None:
    """Version, owner and newest moment are told; no byte changes and no file appears."""
    path = tmp_path / "ledger.sqlite"
    make(path)
    before = contents(tmp_path)

    health = examine_ledger(path)

    assert health is not None
    assert ("", CURRENT, "me") == (health.damage, health.version, health.identity)
    assert (1000.0, 1000.0) == (health.last_at, health.last_pass)
    assert health.recorded.installation.startswith("me-")
    assert before == contents(tmp_path)


def test_what_lies_in_the_log_counts(tmp_path: Path) -> None:
    """The log of a writer that is at work, or crashed, is read and stays as it is."""
    path = tmp_path / "ledger.sqlite"
    make(path)
    with open_ledger(path, identity="me") as ledger:
        ledger.passes.publish({"units": []}, at=2000.0, answered=0)
        before = contents(tmp_path)
        assert path.with_name("ledger.sqlite-wal").stat().st_size

        health = examine_ledger(path)

        assert before == contents(tmp_path)
    assert health is not None
    assert (2000.0, "") == (health.last_pass, health.damage)


def test_a_damaged_ledger(tmp_path: Path) -> None:
    """Pages that were overwritten, a cut file and no database at all are damage."""
    path = tmp_path / "ledger.sqlite"
    make(path)
    whole = path.read_bytes()
    for broken in (
        whole[:4096] + b"\xff" * 4096 + whole[8192:],
        whole[: len(whole) // 2],
        b"no database at all, by any means",
    ):
        path.write_bytes(broken)

        health = examine_ledger(path)

        assert health is not None
        assert "" != health.damage
        assert broken == path.read_bytes()


def test_something_else_in_its_place(tmp_path: Path) -> None:
    """A folder is no ledger, and is not waited for."""
    (tmp_path / "ledger.sqlite").mkdir()

    health = examine_ledger(tmp_path / "ledger.sqlite")

    assert health is not None
    assert "it is not a regular file" == health.damage


def test_other_versions(tmp_path: Path) -> None:
    """A newer ledger is told by its version, an empty one has none."""
    path = tmp_path / "ledger.sqlite"
    path.touch()
    empty = examine_ledger(path)
    make(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {CURRENT + 1}")
    connection.close()

    newer = examine_ledger(path)

    assert empty is not None
    assert newer is not None
    assert ("", 0) == (empty.damage, empty.version)
    assert ("", CURRENT + 1, CURRENT) == (newer.damage, newer.version, newer.current)
