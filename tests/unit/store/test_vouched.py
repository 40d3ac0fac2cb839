"""Files that only this account can have written."""

import stat
from pathlib import Path

import pytest

from unitward.store.vouched import read_vouched, write_vouched

KEY = b"k" * 32
CONTENT = b"what was found"


def read(path: Path, key: bytes = KEY) -> bytes | None:
    """Return what can be read, None for nothing."""
    found = read_vouched(path, key)
    return None if found is None else bytes(found)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with something in it, in a folder that was not there."""
    path = tmp_path / "cache" / "unitward" / "kept"
    write_vouched(path, KEY, CONTENT)
    return path


def test_it_comes_back_under_its_key_alone(file: Path) -> None:
    """What was written is read again; under another key there is nothing, nor a file beside."""
    assert CONTENT == read(file)
    assert read(file, b"o" * 32) is None
    write_vouched(file, b"o" * 32, b"")
    assert read(file) is None
    assert b"" == read(file, b"o" * 32)
    assert [file] == list(file.parent.iterdir())


def test_damage_is_the_same_as_nothing(file: Path) -> None:
    """A file that is cut short, changed in any byte or missing counts as none."""
    whole = file.read_bytes()
    for length in (0, 31, 40, 64, 65, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert read(file) is None, length
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read(file) is None, at
    file.unlink()
    assert read(file) is None


def test_what_others_could_have_written_is_not_read(file: Path, tmp_path: Path) -> None:
    """A file that others may write, a link to a file and a folder count as none."""
    assert stat.S_IRUSR | stat.S_IWUSR == stat.S_IMODE(file.stat().st_mode)
    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert read(file) is None
    file.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(file)
    assert read(link) is None
    assert read(tmp_path) is None
    assert CONTENT == read(file)
