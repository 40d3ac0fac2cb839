"""A reading of the folder is complete, or says why there is none."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from unitward.model.source import Snapshot, Unavailable, Unreadable
from unitward.sources import folder
from unitward.sources.content import MAX_FILE_BYTES, ReadCache, follow
from unitward.sources.folder import read_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sources.conftest import Repository

    NewRepository = Callable[[str], Repository]

UID = os.getuid()


def _read(root: Path, cache: ReadCache | None = None) -> Snapshot:
    snapshot = read_folder(root, uid=UID, cache=cache)
    assert isinstance(snapshot, Snapshot), snapshot
    return snapshot


def _refused(root: Path) -> Unavailable:
    refused = read_folder(root, uid=UID)
    assert isinstance(refused, Unavailable)
    return refused


def _reason(root: Path, path: str) -> str:
    found = {file.path: file.content for file in _read(root).files}[path]
    assert isinstance(found, Unreadable)
    return found.reason


def test_reads_all_that_could_declare(desired: Path) -> None:
    """Manifests, raw units and drop-ins of all sub-folders are read, sorted by path."""
    (desired / "web" / "api.service.d").mkdir(parents=True)
    contents = {
        "web/api.service": b"[Service]\n",
        "a.yaml": b"version: 1\n",
        "web/api.service.d/10-x.conf": b"[Unit]\n",
        "z.yml": b"",
    }
    for path, content in contents.items():
        (desired / path).write_bytes(content)
    snapshot = _read(desired)

    assert sorted(contents) == [file.path for file in snapshot.files]
    assert contents == {file.path: file.content for file in snapshot.files}
    assert hashlib.sha256(b"version: 1\n").hexdigest() == snapshot.files[0].digest
    assert (str(desired), True, "") == (
        snapshot.root,
        snapshot.settled,
        snapshot.revision.commit,
    )


def test_the_rest_is_ignored_and_named(desired: Path) -> None:
    """Dot names, leftovers and unrelated files are not read, and are named as ignored."""
    (desired / ".git-like").mkdir()
    (desired / ".git-like" / "a.yaml").touch()
    for name in (".a.yaml", "a.yaml~", "4913", "README.md"):
        (desired / name).touch()
    snapshot = _read(desired)

    assert () == snapshot.files
    assert (".a.yaml", ".git-like", "4913", "README.md", "a.yaml~") == snapshot.ignored


def test_revision_covers_names_bytes_and_reasons(desired: Path) -> None:
    """The digest changes with any name, byte or unreadable file, and with nothing else."""
    file = desired / "a.yaml"
    file.write_text("one")
    first = _read(desired).revision
    os.utime(file, (1, 1))
    (desired / "notes.txt").touch()
    assert first == _read(desired).revision
    file.write_text("two")
    second = _read(desired).revision
    file.rename(desired / "b.yaml")
    third = _read(desired).revision
    (desired / "c.yaml").symlink_to("nowhere")
    fourth = _read(desired).revision

    assert 4 == len({first.digest, second.digest, third.digest, fourth.digest})


def test_a_missing_folder_is_not_an_empty_one(desired: Path) -> None:
    """Missing, dangling and wrong roots are unavailable; an empty folder is a reading."""
    (desired.parent / "link").symlink_to("gone")
    (desired.parent / "file").touch()

    assert () == _read(desired).files
    missing = _refused(desired / "missing")
    assert (f"{desired}/missing does not exist", f"mkdir -p {desired}/missing") == (
        missing.reason,
        missing.hint,
    )
    assert "is a link to gone, which does not exist" in _refused(desired.parent / "link").reason
    assert "is not a folder" in _refused(desired.parent / "file").reason
    assert "Not a directory" in _refused(desired.parent / "file" / "below").reason


_READ_WITHOUT_PRIVILEGE = """
import os, sys
from pathlib import Path
from unitward.sources.folder import read_folder
print(read_folder(Path(sys.argv[1]), uid=os.getuid()))
"""


def _without_privilege(root: Path) -> str:
    command = [sys.executable, "-c", _READ_WITHOUT_PRIVILEGE, str(root)]
    if os.geteuid() == 0:
        # Root reads everything unless it gave up these two.
        command[:0] = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_an_unreadable_sub_folder_makes_all_unavailable(desired: Path) -> None:
    """A sub-folder that may not be listed is no absence of what it holds."""
    (desired / "a.yaml").touch()
    (desired / "closed").mkdir(mode=0o000)
    found = _without_privilege(desired)
    (desired / "closed").chmod(0o700)

    assert found.startswith(f"Unavailable(reason='{desired}/closed cannot be read: Permission")
    assert "chmod u+rX" in found


def test_an_unreadable_file_is_invalid_not_absent(desired: Path) -> None:
    """A file that may not be read is named with the command that mends it."""
    (desired / "a.yaml").touch(mode=0o000)
    found = _without_privilege(desired)

    assert "Unreadable(reason=" in found
    assert f"hint='chmod u+r {desired}/a.yaml'" in found


@pytest.mark.timeout(20)
def test_nothing_blocks(desired: Path) -> None:
    """FIFOs, sockets and devices are refused by kind, without opening them."""
    os.mkfifo(desired / "fifo.yaml")
    (desired / "device.yaml").symlink_to("/dev/zero")
    (desired / "dir.yaml").mkdir()
    home = Path.cwd()
    os.chdir(desired)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.service")
    os.chdir(home)

    assert "is a FIFO" in _reason(desired, "fifo.yaml")
    assert "is a character device" in _reason(desired, "device.yaml")
    assert "is a socket" in _reason(desired, "s.service")
    assert 3 == len(_read(desired).files)


def test_huge_files_are_refused_unread(desired: Path) -> None:
    """A file above the limit is refused by its size; one at the limit is read."""
    (desired / "exact.yaml").write_bytes(b"#" * MAX_FILE_BYTES)
    with (desired / "huge.yaml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    began = time.monotonic()

    assert "is 100.0 MiB; the limit is 1 MiB" in _reason(desired, "huge.yaml")
    assert time.monotonic() - began < 1
    exact = _read(desired).files[0].content
    assert isinstance(exact, bytes)
    assert MAX_FILE_BYTES == len(exact)


def test_links_are_followed(tmp_path: Path, desired: Path) -> None:
    """Links to files and folders of the account are read under the link's name."""
    (tmp_path / "dotfiles" / "web").mkdir(parents=True)
    (tmp_path / "dotfiles" / "web" / "a.yaml").write_text("a")
    (tmp_path / "hop").symlink_to("dotfiles/web/a.yaml")
    (desired / "b.yaml").symlink_to(tmp_path / "hop")
    (desired / "web").symlink_to(tmp_path / "dotfiles" / "web")

    assert {"b.yaml": b"a", "web/a.yaml": b"a"} == {
        file.path: file.content for file in _read(desired).files
    }


def test_links_that_lead_nowhere_are_invalid(desired: Path) -> None:
    """Dangling and circular links are files that cannot be read, not absent ones."""
    (desired / "gone.yaml").symlink_to("nowhere/x.yaml")
    (desired / "folder").symlink_to("/nonexistent/units")
    (desired / "a.yaml").symlink_to("b.yaml")
    (desired / "b.yaml").symlink_to("a.yaml")

    assert "points to nowhere/x.yaml, which does not exist" in _reason(desired, "gone.yaml")
    assert "points to /nonexistent/units, which does not" in _reason(desired, "folder")
    assert "leads back to the link" in _reason(desired, "a.yaml")


def test_folders_in_circles_are_read_once(desired: Path) -> None:
    """Links to a folder above are left out: what they hold is read already."""
    (desired / "sub").mkdir()
    (desired / "sub" / "a.yaml").touch()
    (desired / "here").symlink_to(".")
    (desired / "sub" / "up").symlink_to("..")
    snapshot = _read(desired)

    assert ["sub/a.yaml"] == [file.path for file in snapshot.files]
    assert ("here", "sub/up") == snapshot.ignored


def test_links_to_another_accounts_files_are_refused(tmp_path: Path) -> None:
    """A link is followed only to what the account or root owns."""
    (tmp_path / "theirs").touch()
    (tmp_path / "link").symlink_to("theirs")
    reader = UID + 1
    if UID == 0:
        os.chown(tmp_path / "theirs", 12345, 12345)
        reader = 0
    refused = follow(tmp_path / "link", uid=reader, tree=None)

    assert isinstance(refused, Unreadable)
    assert "belongs to another account" in refused.reason
    assert Path("/etc/passwd").resolve() == follow(_link_to_root(tmp_path), uid=reader, tree=None)


def _link_to_root(folder: Path) -> Path:
    (folder / "roots").symlink_to("/etc/passwd")
    return folder / "roots"


def test_folders_others_can_write_are_unavailable(desired: Path) -> None:
    """Who can write the folder decides what runs: others must not."""
    (desired / "open").mkdir()
    (desired / "open").chmod(0o777)
    inner = _refused(desired)
    (desired / "open").rmdir()
    desired.chmod(0o757)
    outer = _refused(desired)

    assert (f"chmod go-w {desired}/open", f"chmod go-w {desired}") == (inner.hint, outer.hint)


def test_files_others_can_write_are_invalid(desired: Path) -> None:
    """A file that everybody can write is refused alone."""
    (desired / "a.yaml").touch()
    (desired / "a.yaml").chmod(0o666)

    assert "can be written by everybody" in _reason(desired, "a.yaml")


def test_names_that_are_not_utf8_are_invalid(desired: Path) -> None:
    """A name that cannot be written anywhere is named readably and refused."""
    Path(os.fsdecode(os.fsencode(desired) + b"/\xff.yaml")).touch()

    assert "the name is not UTF-8" == _reason(desired, "\\xff.yaml")


def test_too_much_is_unavailable(desired: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder far beyond any desired state is refused whole, naming the limit."""
    for number in range(6):
        (desired / f"{number}.yaml").write_bytes(b"x" * 10)
    for name, value, said in (
        ("MAX_FILES", 5, "more than 5 files"),
        ("MAX_ENTRIES", 5, "more than 5 entries"),
        ("MAX_TOTAL_BYTES", 59, "MiB"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(folder, name, value)
            refused = _refused(desired)
        assert said in refused.reason
        assert "source:" in refused.hint
    assert 6 == len(_read(desired).files)


def test_unchanged_files_come_from_the_cache(desired: Path) -> None:
    """An unchanged file is the same value; a changed one is read, in place or replaced."""
    old = time.time() - 60
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        (desired / name).write_text("one")
    cache = ReadCache()
    _wait_until_trusted(desired / "c.yaml")
    first = _read(desired, cache)
    assert {"a.yaml", "b.yaml", "c.yaml"} == set(cache.kept)
    (desired / "b.yaml").write_text("two")
    os.utime(desired / "b.yaml", (old, old))
    (desired / "c.yaml").unlink()
    second = _read(desired, cache)

    assert first.files[0] is second.files[0]
    assert b"two" == second.files[1].content
    assert {"a.yaml"} == set(cache.kept)


def _wait_until_trusted(file: Path) -> None:
    while time.time_ns() - file.stat().st_ctime_ns < 2_050_000_000:
        time.sleep(0.05)


def test_young_files_are_never_trusted_from_the_cache(desired: Path) -> None:
    """A file changed within the last two seconds is read again, whatever its times say."""
    (desired / "a.yaml").write_text("one")
    os.utime(desired / "a.yaml", (1, 1))
    cache = ReadCache()
    _read(desired, cache)

    assert {} == cache.kept


def test_a_reading_under_replacement_is_whole(tmp_path: Path) -> None:
    """While releases are swapped and deleted, a reading is one release or not settled."""
    root = tmp_path / "current"
    stop = threading.Event()

    def release(number: int) -> Path:
        made = tmp_path / f"release{number}"
        made.mkdir()
        for index in range(30):
            (made / f"{index:02}.yaml").write_text(str(number))
        return made

    def deploy() -> None:
        previous = Path(os.readlink(root))  # noqa: PTH115 - the link's text
        number = 1
        while not stop.is_set():
            made = release(number)
            (tmp_path / "next").symlink_to(made)
            (tmp_path / "next").replace(root)
            shutil.rmtree(previous)
            previous, number = made, number + 1
            time.sleep(0.005)

    root.symlink_to(release(0))
    deployer = threading.Thread(target=deploy)
    deployer.start()
    try:
        readings = [read_folder(root, uid=UID) for _ in range(60)]
    finally:
        stop.set()
        deployer.join()
    whole = [one for one in readings if isinstance(one, Snapshot) and one.settled]

    assert whole
    for snapshot in whole:
        assert 30 == len(snapshot.files)
        assert 1 == len({file.content for file in snapshot.files})


def test_vanishing_files_are_never_absence(desired: Path) -> None:
    """While a file is deleted and made again all the time, no settled reading lacks others."""
    for number in range(20):
        (desired / f"{number:02}.yaml").touch()
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            (desired / "19.yaml").unlink()
            (desired / "19.yaml").touch()

    churner = threading.Thread(target=churn)
    churner.start()
    try:
        readings = [read_folder(desired, uid=UID) for _ in range(20)]
    finally:
        stop.set()
        churner.join()

    for reading in readings:
        if isinstance(reading, Snapshot):
            assert len(reading.files) >= 19
        else:
            assert "keeps changing" in reading.reason


def test_the_commit_is_part_of_the_revision(repository: "NewRepository") -> None:
    """In a checkout the reading names the commit, for sub-folders too."""
    made = repository("repo")
    (made.top / "units").mkdir()
    (made.top / "units" / "a.yaml").touch()
    commit = made.commit()

    assert commit == _read(made.top).revision.commit
    assert commit == _read(made.top / "units").revision.commit
    assert commit[:12] == str(_read(made.top).revision)


def test_checkout_moves_between_complete_readings(repository: "NewRepository") -> None:
    """After a git checkout the reading has the other commit and its files."""
    made = repository("repo")
    (made.top / "a.yaml").write_text("1")
    first = made.commit()
    (made.top / "a.yaml").write_text("2")
    (made.top / "b.yaml").write_text("2")
    second = made.commit()
    cache = ReadCache()
    at_second = _read(made.top, cache)
    made.git("checkout", "--quiet", first)
    at_first = _read(made.top, cache)

    assert (second, first) == (at_second.revision.commit, at_first.revision.commit)
    assert [("a.yaml", b"1")] == [(file.path, file.content) for file in at_first.files]
    assert 2 == len(at_second.files)


def test_links_out_of_a_checkout_are_refused(repository: "NewRepository", tmp_path: Path) -> None:
    """In a checkout a link may lead to another tracked place, not out of the tree nor to .git."""
    made = repository("repo")
    (tmp_path / "outside.yaml").touch()
    (made.top / "units").mkdir()
    (made.top / "units" / "out.yaml").symlink_to(tmp_path / "outside.yaml")
    (made.top / "units" / "git.yaml").symlink_to("../.git/config")
    (made.top / "shared.yaml").write_text("s")
    (made.top / "units" / "in.yaml").symlink_to("../shared.yaml")
    made.commit()
    root = made.top / "units"

    assert "outside the git work tree" in _reason(root, "out.yaml")
    assert "outside the git work tree" in _reason(root, "git.yaml")
    assert b"s" == {file.path: file.content for file in _read(root).files}["in.yaml"]


def test_thousand_unchanged_files_are_cheap(desired: Path) -> None:
    """Of a thousand unchanged files none is read again (proc_pid_io(5): rchar)."""
    for number in range(1000):
        (desired / f"unit{number}.yaml").write_text("version: 1\nunits: {}\n")
    cache = ReadCache()
    _wait_until_trusted(desired / "unit999.yaml")
    first = _read(desired, cache)
    began = _bytes_read()
    again = _read(desired, cache)
    read = _bytes_read() - began

    assert 1000 == len(again.files)
    assert first.files == again.files
    assert read < 1000


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])
