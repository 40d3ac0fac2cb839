"""Folders that are made, and taken back when the rest fails."""

import errno
import stat
from pathlib import Path

import pytest

from unitward.errors import UnitFileError, UnitwardError
from unitward.setup.folders import Made, all_or_nothing, is_open_to_others


def test_parents_are_private(tmp_path: Path) -> None:
    """A folder gets the mode it is wanted with, its new parents let nobody else in."""
    made = Made()
    made.folder(tmp_path / "a/b", 0o755)
    assert (0o700, 0o755) == tuple(
        stat.S_IMODE((tmp_path / n).stat().st_mode) for n in ("a", "a/b")
    )
    assert (True, False) == (is_open_to_others(tmp_path / "a/b"), is_open_to_others(tmp_path / "a"))


def test_what_was_made_is_taken_back(tmp_path: Path) -> None:
    """After a failure only what was there before is left, and the error says what to do."""
    (tmp_path / "old").mkdir()
    made = Made()
    made.folder(tmp_path / "old/new", 0o700)
    made.file(tmp_path / "old/new/file", b"x", 0o600)
    made.will_make(tmp_path / "later")
    (tmp_path / "later").touch()
    with pytest.raises(UnitwardError, match="nothing was changed") as raised, all_or_nothing(made):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "file"))
    assert "free some space there, then run it again" == raised.value.hint
    assert [tmp_path / "old"] == list(tmp_path.rglob("*"))


def test_what_somebody_put_there_stays(tmp_path: Path) -> None:
    """A folder that somebody filled meanwhile is not removed."""
    made = Made()
    made.folder(tmp_path / "new", 0o700)
    (tmp_path / "new/theirs").touch()
    made.take_back()
    assert (tmp_path / "new/theirs").exists()


def test_a_file_that_stands_there_is_not_overwritten(tmp_path: Path) -> None:
    """Whoever came first keeps the file, and a failure does not remove it."""
    (tmp_path / "file").write_bytes(b"theirs")
    made = Made()
    with pytest.raises(UnitwardError, match="File exists"), all_or_nothing(made):
        made.file(tmp_path / "file", b"ours", 0o600)
    assert b"theirs" == (tmp_path / "file").read_bytes()


def test_unit_files_give_the_same_advice(tmp_path: Path) -> None:
    """Nobody tries again by itself here, so that is not promised."""
    cause = OSError(errno.EROFS, "Read-only file system", str(tmp_path / "unit"))
    with pytest.raises(UnitwardError) as raised, all_or_nothing(Made()):
        raise UnitFileError("unit: cannot be written", hint="unitward tries again") from cause
    assert "run it again" in raised.value.hint
