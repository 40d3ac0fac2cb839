"""The file in which commands find what the daemon remembers."""

from pathlib import Path

import pytest

from unitward.store.remembered import read_remembered, write_remembered


def test_it_comes_back(tmp_path: Path) -> None:
    """What was written last is read, and nothing else is left in the folder."""
    path = tmp_path / "unitward/remembered.json"
    write_remembered(path, {"life": "1"})
    write_remembered(path, {"life": "2", "units": {"a.service": {"result": "ä"}}})

    assert {"life": "2", "units": {"a.service": {"result": "ä"}}} == read_remembered(path)
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff\xfe"])
def test_nothing_to_read(tmp_path: Path, content: bytes | None) -> None:
    """No file, half a file and another's file are nothing remembered."""
    path = tmp_path / "remembered.json"
    if content is not None:
        path.write_bytes(content)

    assert {} == read_remembered(path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Where it cannot be written, nothing happens: it is a help, not a need."""
    (tmp_path / "unitward").touch()
    write_remembered(tmp_path / "unitward/remembered.json", {"life": "1"})

    assert b"" == (tmp_path / "unitward").read_bytes()
