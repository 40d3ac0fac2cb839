"""The record of a change of the own unit."""

from dataclasses import replace
from pathlib import Path

from unitward.model.folders import Folders, folders_from
from unitward.store.own_change import OwnChange, Stage, change_path, encode_change, read_change

CHANGE = OwnChange(
    Stage.UNDONE, {"a.conf": "digest"}, ("a.conf",), (), "a.yaml:7", 10.5, "why", "run"
)


def folders(tmp_path: Path) -> Folders:
    """Return an account's folders, with the one for the record."""
    found = folders_from({"HOME": str(tmp_path)}, 1000)
    found.ledger.parent.mkdir(parents=True)
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """All of it comes back, and it says where and why."""
    here = folders(tmp_path)
    assert None is read_change(here)
    change_path(here).write_bytes(encode_change(CHANGE))
    assert CHANGE == read_change(here)
    assert "a.yaml:7: the change of unitward's own unit was undone: why" == CHANGE.summary
    assert "waits" in replace(CHANGE, stage=Stage.TRIED).summary


def test_nonsense_is_no_record(tmp_path: Path) -> None:
    """A file that tells nothing sensible keeps no pass from being made."""
    here = folders(tmp_path)
    for nonsense in (b"", b"[]", b"{}", b"\xff", b'{"stage": "tried", "files": []}'):
        change_path(here).write_bytes(nonsense)
        assert None is read_change(here)
