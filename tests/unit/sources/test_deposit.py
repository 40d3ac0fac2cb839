"""A file put into the desired-state folder is whole, and replaces nothing."""

from pathlib import Path

import pytest

from unitward.errors import SourceError
from unitward.sources.deposit import deposit


def test_a_file_is_put_into_the_folder(tmp_path: Path) -> None:
    """The bytes stand there under their name, in a folder that is made if need be."""
    root = tmp_path / "desired"
    assert root / "a.service" == deposit(root, "a.service", b"[Unit]\n")
    assert [root / "a.service"] == list(root.iterdir())
    assert b"[Unit]\n" == (root / "a.service").read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file that exists stays as it is, and nothing is left beside it."""
    (tmp_path / "a.service").write_bytes(b"mine")
    with pytest.raises(SourceError, match=r"a\.service: exists already"):
        deposit(tmp_path, "a.service", b"[Unit]\n")
    assert [tmp_path / "a.service"] == list(tmp_path.iterdir())
    assert b"mine" == (tmp_path / "a.service").read_bytes()
