"""What the commands decoded the last time, on disk."""

import stat
from pathlib import Path

import pytest

from unitward.store.decoded import read_decoded, write_decoded

KEY = b"k" * 32
KEPT = {"a.yaml": ("d1", ("x.service", 1, None, b"\0\xff", ("ü",))), "b.yaml": ("d2", ())}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with something in it, in a folder that was not there."""
    path = tmp_path / "cache" / "unitward" / "decoded"
    write_decoded(path, KEY, KEPT)
    return path


def test_it_comes_back_under_its_key_alone(file: Path) -> None:
    """What was kept is read again as it was; under another key there is nothing."""
    assert read_decoded(file, KEY) == KEPT
    assert {} == read_decoded(file, b"o" * 32)
    write_decoded(file, b"o" * 32, {})
    assert {} == read_decoded(file, KEY)
    assert [file] == list(file.parent.iterdir())


def test_damage_is_the_same_as_nothing(file: Path) -> None:
    """A file that is cut short, changed in any byte or missing counts as none."""
    whole = file.read_bytes()
    for length in (0, 31, 40, 64, 65, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert {} == read_decoded(file, KEY), length
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert {} == read_decoded(file, KEY), at
    file.unlink()
    assert {} == read_decoded(file, KEY)


def test_what_others_could_have_written_is_not_read(file: Path, tmp_path: Path) -> None:
    """A file that others may write, and a link to another file, count as none."""
    assert stat.S_IRUSR | stat.S_IWUSR == stat.S_IMODE(file.stat().st_mode)
    file.chmod(0o620)
    assert {} == read_decoded(file, KEY)
    file.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(file)
    assert {} == read_decoded(link, KEY)
    assert KEPT == read_decoded(file, KEY)


def test_where_nothing_can_be_kept_nothing_happens(tmp_path: Path) -> None:
    """A folder that cannot be made costs the cache, not the command."""
    (tmp_path / "file").touch()
    write_decoded(tmp_path / "file" / "decoded", KEY, KEPT)
    assert [tmp_path / "file"] == list(tmp_path.iterdir())
