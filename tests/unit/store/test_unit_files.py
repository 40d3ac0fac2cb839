"""The unit folder: what stands there, and writing without ever leaving half a file."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from unitward.errors import UnitFileError
from unitward.model.observed import DiskKind
from unitward.store.unit_files import RACY_NS, UnitFiles


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_kind_of_thing_is_told_apart(tmp_path: Path) -> None:
    """Files, masks (links and empty files), links, other things and nothing."""
    (tmp_path / "file.service").write_bytes(b"[Unit]\n")
    (tmp_path / "empty.service").touch()
    (tmp_path / "mask.service").symlink_to("/dev/null")
    (tmp_path / "link.service").symlink_to("file.service")
    (tmp_path / "folder.service").mkdir()
    os.mkfifo(tmp_path / "fifo.service")
    files = UnitFiles(tmp_path)
    kinds = {
        name: files.look(f"{name}.service").kind
        for name in ("file", "empty", "mask", "link", "folder", "fifo", "none")
    }
    assert {
        "file": DiskKind.FILE,
        "empty": DiskKind.MASK,
        "mask": DiskKind.MASK,
        "link": DiskKind.LINK,
        "folder": DiskKind.OTHER,
        "fifo": DiskKind.OTHER,
        "none": DiskKind.ABSENT,
    } == kinds
    assert hashlib.sha256(b"[Unit]\n").hexdigest() == files.look("file.service").digest


def test_a_linked_dropin_folder_is_not_entered(tmp_path: Path) -> None:
    """A drop-in folder that is a link leads elsewhere; what is there is not ours to change."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.conf").write_text("[Unit]\n")
    (tmp_path / "a.service.d").symlink_to(elsewhere)
    assert DiskKind.OTHER is UnitFiles(tmp_path).look("a.service.d/x.conf").kind


def test_write_and_delete(tmp_path: Path) -> None:
    """A write makes folders and leaves no draft; a drop-in folder goes with its last file."""
    root = tmp_path / "systemd/user"
    files = UnitFiles(root)
    written = files.write("a.service.d/50.conf", b"[Unit]\n")
    assert written == files.look("a.service.d/50.conf")
    assert ["50.conf"] == _names(root / "a.service.d")
    assert 0o644 == (root / "a.service.d/50.conf").stat().st_mode & 0o777
    files.sync_folders({"a.service.d/50.conf"})
    files.delete("a.service.d/50.conf")
    assert [] == _names(root)
    files.delete("a.service.d/50.conf")


def test_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """When a file cannot be replaced the old one stands, whole, and the error says what to do."""
    files = UnitFiles(tmp_path)
    files.write("a.service", b"old\n")
    draft = tmp_path / ".a.service.unitward"
    draft.mkdir()
    with pytest.raises(UnitFileError) as caught:
        files.write("a.service", b"new\n")
    assert str(tmp_path / "a.service") in str(caught.value)
    assert caught.value.hint
    assert b"old\n" == (tmp_path / "a.service").read_bytes()
    draft.rmdir()
    (tmp_path / "b.service").mkdir()
    with pytest.raises(UnitFileError):
        files.write("b.service", b"new\n")
    assert ["a.service", "b.service"] == _names(tmp_path)


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    """The same inode, size and times give the very same answer; any change a new one."""
    files = UnitFiles(tmp_path)
    files.write("a.service", b"one\n")
    first = files.look("a.service")
    assert first is files.look("a.service")
    assert files.looks_as_before("a.service")
    (tmp_path / "a.service").write_bytes(b"two\n")
    assert not files.looks_as_before("a.service")
    assert b"two\n" == files.look("a.service").content


def test_leftovers_of_a_killed_write_go(tmp_path: Path) -> None:
    """Drafts of a write that was cut short are removed; nothing else is."""
    (tmp_path / "a.service.d").mkdir()
    for name in (".a.service.unitward", "a.service.d/.50.conf.unitward", "b.service", ".hidden"):
        (tmp_path / name).write_text("x")
    UnitFiles(tmp_path).remove_leftovers()
    assert [".hidden", "b.service"] == _names(tmp_path)


def test_links_and_foreign_dropins(tmp_path: Path) -> None:
    """Enablement links and aliases with their targets; drop-ins that are not ours."""
    (tmp_path / "default.target.wants").mkdir()
    (tmp_path / "default.target.wants/a.service").symlink_to("../a.service")
    (tmp_path / "alias.service").symlink_to("a.service")
    files = UnitFiles(tmp_path)
    files.write("a.service.d/10-ours.conf", b"[Unit]\n")
    files.write("a.service.d/90-theirs.conf", b"[Unit]\n")
    assert {
        "alias.service": "a.service",
        "default.target.wants/a.service": "../a.service",
    } == files.links()
    assert {"a.service": ("a.service.d/90-theirs.conf",)} == files.dropins(
        frozenset({"a.service.d/10-ours.conf"})
    )


def _outlast(folder: Path, racy_ns: int) -> None:
    """Wait until a folder's times are so old that any change shows in them."""
    while time.time_ns() - folder.stat().st_ctime_ns < racy_ns + 50_000_000:
        time.sleep(0.05)


def test_a_folder_of_a_coarse_clock_is_listed_again(tmp_path: Path) -> None:
    """Where times may be whole seconds, a change within two of them is seen all the same."""
    files = UnitFiles(tmp_path)
    (tmp_path / "a.service").symlink_to("/one")
    second = time.time_ns() // 1_000_000_000 * 1_000_000_000
    os.utime(tmp_path, ns=(second, second))
    _outlast(tmp_path, RACY_NS)
    assert {"a.service": "/one"} == files.links()
    (tmp_path / "b.service").symlink_to("/two")
    os.utime(tmp_path, ns=(second, second))
    assert {"a.service": "/one", "b.service": "/two"} == files.links()
    assert {} == files._listed


def test_what_changes_in_a_folder_that_was_listed_is_seen(tmp_path: Path) -> None:
    """A folder that rested is not listed again until something in it comes, goes or moves."""
    wants = tmp_path / "default.target.wants"
    dropins = tmp_path / "a.service.d"
    for folder in (wants, dropins):
        folder.mkdir()
    (wants / "a.service").symlink_to("../a.service")
    (dropins / "90-theirs.conf").write_text("")
    files = UnitFiles(tmp_path)
    _outlast(tmp_path, RACY_NS)
    before = {"default.target.wants/a.service": "../a.service"}
    for _ in range(2):
        assert before == files.links()
        assert {"a.service": ("a.service.d/90-theirs.conf",)} == files.dropins(frozenset())
    assert {"", "a.service.d", "default.target.wants"} == set(files._listed)

    (wants / "new").symlink_to("/elsewhere")
    (wants / "new").rename(wants / "a.service")
    assert {"default.target.wants/a.service": "/elsewhere"} == files.links()
    (dropins / "90-theirs.conf").rename(tmp_path / "moved")
    (tmp_path / "b.service").symlink_to("a.service")
    assert {} == files.dropins(frozenset())
    (wants / "a.service").unlink()
    wants.rmdir()
    assert {"b.service": "a.service"} == files.links()


def test_a_link_is_put_back_only_where_nothing_stands(tmp_path: Path) -> None:
    """R6: its folder is made for it; what somebody put there in the meantime stays."""
    files = UnitFiles(tmp_path)
    path = "x.target.wants/a.service"
    assert files.link(path, "/usr/lib/a.service")
    assert {path: "/usr/lib/a.service"} == files.links()
    assert files.link(path, "/usr/lib/a.service")
    assert not files.link(path, "/elsewhere/a.service")
    assert {path: "/usr/lib/a.service"} == files.links()


def test_single_links_are_told_without_the_others(tmp_path: Path) -> None:
    """Of the paths asked for, those that are links with their targets; files and gaps are none."""
    wants = tmp_path / "default.target.wants"
    wants.mkdir()
    for name in ("a.service", "b.service"):
        (tmp_path / name).write_text("")
        (wants / name).symlink_to(f"../{name}")
    asked = ["default.target.wants/a.service", "a.service", "gone/c.service"]
    assert {asked[0]: "../a.service"} == UnitFiles(tmp_path).links_at(asked)
