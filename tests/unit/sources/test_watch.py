"""Watching: no change of what is read goes unnoticed, and nothing else makes noise."""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from unitward.sources.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sources.conftest import Notices, Repository

    Watch = Callable[[Path], Notices]
    NewRepository = Callable[[str], Repository]


def _make(folder: Path) -> None:
    folder.mkdir()


def _list(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _remove(folder: Path) -> None:
    folder.rmdir()


def _rename(folder: Path, new: Path) -> None:
    folder.rename(new)


def _kernel_queue() -> int:
    return int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


async def test_writing_a_file_is_told(desired: Path, watch: "Watch") -> None:
    """A written manifest is told by its path and settles once."""
    notices = watch(desired)
    (desired / "a.yaml").write_text("version: 1\n")

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))
    assert notices.settled == 1


async def test_when_a_change_was_heard(desired: Path, watcher: Watcher) -> None:
    """A change that the busy event loop tells of late was heard when it came."""
    told = asyncio.Event()
    watch = watcher.add(desired, lambda _: told.set())
    (desired / "a.yaml").mkdir()
    give_up_at = time.monotonic() + 20
    while not watch.heard_at:
        assert time.monotonic() < give_up_at, "not heard within 20 s while the loop is busy"
        time.sleep(0.001)  # noqa: ASYNC251 - the loop has to be busy
    heard_at, busy_until = watch.heard_at, time.monotonic()
    assert not told.is_set()
    await asyncio.wait_for(told.wait(), 20)

    assert heard_at == watch.heard_at
    assert heard_at <= busy_until


async def test_what_is_not_read_is_not_told(desired: Path, watch: "Watch") -> None:
    """Editors' leftovers, dot names and unrelated files wake nobody."""
    notices = watch(desired)
    for name in ("4913", "a.yaml~", ".a.yaml.swp", ".hidden.yaml", "README.md", "#a.yaml#"):
        (desired / name).write_text("x")
        (desired / name).unlink()
    (desired / ".#a.yaml").symlink_to("ada@host.1")

    assert [] == await notices.silence()


async def test_reading_is_not_told(desired: Path, watch: "Watch") -> None:
    """A reading causes no notice of its own."""
    (desired / "a.yaml").write_text("version: 1\n")
    notices = watch(desired)
    (desired / "a.yaml").read_text()
    _list(desired)

    assert [] == await notices.silence()


async def test_vim_save_settles_once(desired: Path, watch: "Watch") -> None:
    """A save through a backup copy and a probe file is one settled notice."""
    file = desired / "a.yaml"
    file.write_text("old")
    notices = watch(desired)
    (desired / "4913").touch()
    (desired / "4913").unlink()
    file.rename(desired / "a.yaml~")
    file.write_text("new")
    await asyncio.sleep(0.03)
    (desired / "a.yaml~").unlink()

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))
    assert notices.settled == 1


async def test_emacs_save_settles_once(desired: Path, watch: "Watch") -> None:
    """A save with a lock link and a backup rename is one settled notice."""
    file = desired / "a.yaml"
    file.write_text("old")
    notices = watch(desired)
    (desired / ".#a.yaml").symlink_to("ada@host.1")
    file.rename(desired / "a.yaml~")
    file.write_text("new")
    (desired / ".#a.yaml").unlink()

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))
    assert notices.settled == 1


async def test_in_place_and_atomic_saves_settle_once(desired: Path, watch: "Watch") -> None:
    """Truncating and writing, or writing aside and renaming, is one settled notice each."""
    file = desired / "a.yaml"
    file.write_text("old")
    notices = watch(desired)
    with file.open("w") as stream:
        stream.write("ne")
        stream.flush()
        await asyncio.sleep(0.02)
        stream.write("w")
    await notices.hear("a.yaml")
    (desired / ".a.yaml.tmp").write_text("newer")
    (desired / ".a.yaml.tmp").replace(file)

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))
    assert notices.settled == 2


async def test_mode_changes_are_told(desired: Path, watch: "Watch") -> None:
    """Making a file readable can change the reading."""
    (desired / "a.yaml").write_text("x")
    notices = watch(desired)
    (desired / "a.yaml").chmod(0o600)

    assert ["a.yaml"] == await notices.hear("a.yaml")


async def test_new_folders_are_watched_at_once(desired: Path, watch: "Watch") -> None:
    """What is made in folders that were just made is told, however deep."""
    notices = watch(desired)
    (desired / "web" / "inner").mkdir(parents=True)
    (desired / "web" / "inner" / "a.yaml").write_text("x")
    await notices.hear("web", "web/inner")
    (desired / "web" / "inner" / "b.yaml").write_text("x")

    assert {"web/inner/b.yaml"} == set(await notices.hear("web/inner/b.yaml"))


async def test_moved_folders_are_followed(desired: Path, watch: "Watch") -> None:
    """A folder renamed inside the root tells by its new name, one moved away no longer."""
    (desired / "old").mkdir()
    notices = watch(desired)
    (desired / "old").rename(desired / "new")
    await notices.hear("old", "new")
    (desired / "new" / "a.yaml").write_text("x")
    await notices.hear("new/a.yaml")
    (desired / "new").rename(desired.parent / "away")
    await notices.hear("new")
    (desired.parent / "away" / "b.yaml").write_text("x")

    assert [] == await notices.silence()


async def test_a_missing_root_is_noticed_when_it_appears(tmp_path: Path, watch: "Watch") -> None:
    """A root whose parents do not exist either is watched from its first moment."""
    root = tmp_path / "not" / "yet" / "there"
    notices = watch(root)
    (tmp_path / "not").mkdir()
    await notices.hear("")
    root.mkdir(parents=True)
    await notices.hear("")
    (root / "a.yaml").write_text("x")

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))


async def test_a_deleted_root_comes_back(desired: Path, watch: "Watch") -> None:
    """Deleting the root is told, and a new one is watched."""
    notices = watch(desired)
    _remove(desired)
    await notices.hear("")
    _make(desired)
    await notices.hear("")
    (desired / "a.yaml").write_text("x")

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))


async def test_a_replaced_root_is_watched(desired: Path, watch: "Watch") -> None:
    """Another folder renamed into the root's place is the one that is watched."""
    notices = watch(desired)
    other = desired.parent / "other"
    other.mkdir()
    _rename(desired, desired.parent / "previous")
    _rename(other, desired)
    await notices.hear("")
    await notices.silence(0.1)
    (desired.parent / "previous" / "old.yaml").write_text("x")
    (desired / "a.yaml").write_text("x")

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))


async def test_renamed_away_and_back(desired: Path, watch: "Watch") -> None:
    """The root, or a folder above it, may go and come back as it was."""
    notices = watch(desired)
    home = desired.parent
    for path in (desired, home):
        away = path.with_name("away")
        path.rename(away)
        await notices.hear("")
        away.rename(path)
        await notices.hear("")
        await notices.silence(0.1)
        (desired / "a.yaml").write_text(str(path))
        await notices.hear("a.yaml")

    assert [] == notices.taken()


async def test_a_repointed_root_is_noticed(tmp_path: Path, watch: "Watch") -> None:
    """An atomic deploy re-points a link: that is told, and the new folder is watched."""
    for release in ("1", "2"):
        (tmp_path / "releases" / release).mkdir(parents=True)
    root = tmp_path / "current"
    root.symlink_to("releases/1")
    notices = watch(root)
    (tmp_path / "next").symlink_to("releases/2")
    (tmp_path / "next").replace(root)
    await notices.hear("")
    await notices.silence(0.1)
    (tmp_path / "releases" / "1" / "a.yaml").write_text("x")
    (tmp_path / "releases" / "2" / "b.yaml").write_text("x")

    assert {"b.yaml"} == set(await notices.hear("b.yaml"))


async def test_ends_of_links_are_watched(tmp_path: Path, desired: Path, watch: "Watch") -> None:
    """A change at a link's end is told by the link's name: in place, renamed, re-pointed."""
    dotfiles = tmp_path / "dotfiles"
    (dotfiles / "folder").mkdir(parents=True)
    (dotfiles / "api.yaml").write_text("x")
    (desired / "api.yaml").symlink_to(dotfiles / "api.yaml")
    (desired / "web").symlink_to(dotfiles / "folder")
    notices = watch(desired)
    (dotfiles / "unrelated.yaml").write_text("x")
    assert [] == await notices.silence()

    (dotfiles / "api.yaml").write_text("y")
    await notices.hear("api.yaml")
    (dotfiles / "tmp").write_text("z")
    (dotfiles / "tmp").replace(dotfiles / "api.yaml")
    await notices.hear("api.yaml")
    (dotfiles / "folder" / "a.yaml").write_text("x")
    await notices.hear("web/a.yaml")
    (dotfiles / "late").mkdir()
    (desired / "late").symlink_to(dotfiles / "late")
    await notices.hear("late")
    (dotfiles / "late" / "b.yaml").write_text("x")

    assert {"late/b.yaml"} == set(await notices.hear("late/b.yaml"))


async def test_ends_of_links_inside_tell_of_themselves(desired: Path, watch: "Watch") -> None:
    """A link to a file beside it wakes by that file's name, by its own where that is not read."""
    (desired / "sub").mkdir()
    for name in ("a.yaml", "plain.txt", "sub/b.yaml"):
        (desired / name).write_text("x")
    (desired / "sub" / "up.yaml").symlink_to("../a.yaml")
    (desired / "whole.yaml").symlink_to(desired / "sub" / "b.yaml")
    (desired / "text.yaml").symlink_to("plain.txt")
    notices = watch(desired)
    for written, told in (
        ("a.yaml", {"a.yaml"}),
        ("sub/b.yaml", {"sub/b.yaml"}),
        ("plain.txt", {"text.yaml"}),
    ):
        (desired / written).write_text("y")
        assert told == set(await notices.hear(*told))


async def test_a_link_beside_its_end_is_told_by_the_name_asked_for(
    tmp_path: Path, watcher: Watcher
) -> None:
    """Who watches one folder for one file hears of that file when its link's end changes."""
    (tmp_path / "v1").write_text("x")
    (tmp_path / "current").symlink_to("v1")
    told: list[str] = []
    watcher.add(tmp_path, told.append, recursive=False, every_name=True)
    (tmp_path / "v1").write_text("y")
    await asyncio.sleep(0.2)

    assert {"v1", "current"} == set(told)


async def test_links_to_enabled_units_are_looked_through_cheaply(
    tmp_path: Path, watcher: Watcher
) -> None:
    """2,000 enabled units cost a look at the unit folder less than 0.1 s of CPU."""
    wants = tmp_path / "default.target.wants"
    wants.mkdir()
    for number in range(2000):
        (tmp_path / f"u{number}.service").write_text("[Service]\n")
        (wants / f"u{number}.service").symlink_to(tmp_path / f"u{number}.service")
    unit_folder = watcher.add(tmp_path, lambda _: None, every_name=True)
    began = time.thread_time()
    unit_folder.rescan()

    assert 0.1 > time.thread_time() - began


async def test_links_made_later_are_followed_where_they_lead_out(
    tmp_path: Path, desired: Path, watch: "Watch"
) -> None:
    """A link to a file beside it that is pointed elsewhere, or whose end becomes a link, too.

    Of two links with one end, either may be told.
    """
    (tmp_path / "out.yaml").write_text("x")
    (tmp_path / "out2.yaml").write_text("x")
    (desired / "a.yaml").write_text("x")
    notices = watch(desired)
    for name in ("b.yaml", "c.yaml"):
        (desired / name).symlink_to(desired / "a.yaml")
    await notices.hear("b.yaml", "c.yaml")
    (desired / ".next").symlink_to(tmp_path / "out.yaml")
    (desired / ".next").rename(desired / "b.yaml")
    await notices.hear("b.yaml")
    (desired / "a.yaml").unlink()
    (desired / "a.yaml").symlink_to(tmp_path / "out2.yaml")
    await notices.hear("a.yaml")
    await notices.silence(0.3)
    for written, told in (("out.yaml", {"b.yaml"}), ("out2.yaml", {"a.yaml", "c.yaml"})):
        (tmp_path / written).write_text("y")
        assert told >= set(await notices.hear_one_of(*told))


async def test_a_dangling_link_wakes_when_its_end_appears(
    tmp_path: Path, desired: Path, watch: "Watch"
) -> None:
    """A link that leads nowhere is told when it leads somewhere."""
    (desired / "a.yaml").symlink_to(tmp_path / "later" / "a.yaml")
    notices = watch(desired)
    (tmp_path / "later").mkdir()
    await notices.hear("a.yaml")
    (tmp_path / "later" / "a.yaml").write_text("x")

    assert {"a.yaml"} == set(await notices.hear("a.yaml"))


async def test_links_in_circles_end(desired: Path, watch: "Watch") -> None:
    """Links that lead back to themselves or to a folder above do not trap the watch."""
    (desired / "here").symlink_to(".")
    (desired / "up").symlink_to("..")
    (desired / "a").symlink_to("b")
    (desired / "b").symlink_to("a")
    notices = watch(desired)
    (desired / "a.yaml").write_text("x")

    assert "a.yaml" in await notices.hear("a.yaml")


async def test_commit_checkout_and_pull_settle_once(
    repository: "NewRepository", tmp_path: Path, watch: "Watch"
) -> None:
    """Git commit, checkout and pull each tell of HEAD and files, and settle once."""
    upstream = repository("upstream")
    (upstream.top / "a.yaml").write_text("one")
    upstream.commit()
    upstream.git("clone", "--quiet", str(upstream.top), str(tmp_path / "clone"))
    clone = type(upstream)(tmp_path / "clone")
    notices = watch(clone.top)

    clone.git("commit", "--quiet", "--allow-empty", "--message", "empty")
    assert ".git/refs/heads/main" in await notices.hear(".git/refs/heads/main")
    clone.git("checkout", "--quiet", "-b", "side/one")
    await notices.hear(".git/HEAD")
    await notices.silence(0.1)
    clone.git("commit", "--quiet", "--allow-empty", "--message", "side")
    await notices.hear(".git/refs/heads/side/one")
    clone.git("reset", "--quiet", "--hard", "origin/main")
    clone.git("checkout", "--quiet", "main")
    clone.git("reset", "--quiet", "--hard", "origin/main")
    await notices.silence(0.4)
    (upstream.top / "a.yaml").write_text("two")
    (upstream.top / "b.yaml").write_text("new")
    upstream.commit()
    before = notices.settled
    clone.git("pull", "--quiet", "--ff-only")
    told = set(await notices.hear("a.yaml", "b.yaml", ".git/refs/heads/main"))

    assert told <= {"a.yaml", "b.yaml", ".git/refs/heads/main", ".git/index.lock", ".git/HEAD"}
    assert before + 1 == notices.settled


async def test_git_init_in_place_is_noticed(
    repository: "NewRepository", tmp_path: Path, watch: "Watch"
) -> None:
    """A folder that becomes a checkout is watched as one."""
    (tmp_path / "late").mkdir()
    notices = watch(tmp_path / "late")
    made = repository("late")
    await notices.silence()
    made.commit()

    assert ".git/refs/heads/main" in await notices.hear(".git/refs/heads/main")


async def test_the_index_lock_counts_when_it_goes(
    repository: "NewRepository", watch: "Watch"
) -> None:
    """The end of a git command wakes, its beginning does not."""
    made = repository("repo")
    made.commit()
    notices = watch(made.top)
    lock = made.top / ".git" / "index.lock"
    lock.touch()
    assert [] == await notices.silence()
    lock.unlink()

    assert [".git/index.lock"] == await notices.hear(".git/index.lock")


async def test_the_unit_folder_tells_every_name(tmp_path: Path, watcher: Watcher) -> None:
    """In the unit folder links for enablement and foreign files count, dot names do not."""
    told: list[str] = []
    watcher.add(tmp_path, told.append, every_name=True)
    (tmp_path / "default.target.wants").mkdir()
    await asyncio.sleep(0.2)
    (tmp_path / "default.target.wants" / "api.service").symlink_to("../api.service")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".api.service.new").write_text("x")
    await asyncio.sleep(0.2)

    assert {
        "default.target.wants",
        "default.target.wants/api.service",
        "notes.txt",
    } == set(told)


async def test_without_recursion_only_the_folder_itself(tmp_path: Path, watcher: Watcher) -> None:
    """A watch that is not recursive tells nothing of sub-folders' content."""
    (tmp_path / "sub").mkdir()
    told: list[str] = []
    watcher.add(tmp_path, told.append, recursive=False)
    (tmp_path / "sub" / "a.yaml").write_text("x")
    (tmp_path / "b.yaml").write_text("x")
    await asyncio.sleep(0.2)

    assert {"b.yaml"} == set(told)


async def test_two_watches_of_nested_folders(tmp_path: Path, watcher: Watcher) -> None:
    """Folders that several watches share keep what each of them needs."""
    (tmp_path / "inner").mkdir()
    outer_told: list[str] = []
    inner_told: list[str] = []
    watcher.add(tmp_path, outer_told.append)
    inner = watcher.add(tmp_path / "inner", inner_told.append)
    (tmp_path / "inner" / "a.yaml").write_text("x")
    await asyncio.sleep(0.2)
    inner.close()
    (tmp_path / "inner" / "b.yaml").write_text("x")
    (tmp_path / "c.yaml").write_text("x")
    await asyncio.sleep(0.2)

    assert {"a.yaml"} == set(inner_told)
    assert {"inner/a.yaml", "inner/b.yaml", "c.yaml"} == set(outer_told)


async def test_closed_watches_are_silent(desired: Path, watcher: Watcher) -> None:
    """After close nothing is told, not even what was on its way."""
    told: list[str] = []
    watch = watcher.add(desired, told.append)
    (desired / "a.yaml").write_text("x")
    watch.close()
    await asyncio.sleep(0.2)

    assert [] == told


async def test_one_thread_for_all(tmp_path: Path) -> None:
    """Many folders under watch cost one thread, which close ends."""
    for number in range(50):
        (tmp_path / f"folder{number}" / "below").mkdir(parents=True)
    before = threading.active_count()
    watcher = Watcher(asyncio.get_running_loop())
    for number in range(50):
        watcher.add(tmp_path / f"folder{number}", print)
    assert before + 1 == threading.active_count()
    watcher.close()

    assert before == threading.active_count()


async def test_a_full_descriptor_table_degrades(desired: Path) -> None:
    """Without a free inotify instance nothing crashes: the watch says that it is degraded."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        watcher = Watcher(asyncio.get_running_loop())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    watch = watcher.add(desired, print)
    watch.rescan()
    watcher.close()

    assert "max_user_instances" in watcher.degraded
    assert watcher.degraded == watch.degraded


async def test_lost_events_are_told(desired: Path, watcher: Watcher, watch: "Watch") -> None:
    """When the kernel drops events the whole root counts as changed, and is watched anew."""
    limit = _kernel_queue()
    files = [desired / "a.yaml", desired / "b.yaml"]
    for file in files:
        file.touch()
    notices = watch(desired)
    assert watcher.inotify is not None
    # The reader needs this lock after each reading, so the kernel's queue fills up. What one
    # reading took away before (up to 2048 events of this length) has to come on top.
    with watcher.inotify._reader._lock:
        for step in range(limit + 2048):
            for file in files:
                file.chmod(0o600 + step % 2)

    assert "" in await notices.hear("")
    (desired / "c.yaml").write_text("x")
    assert "c.yaml" in await notices.hear("c.yaml")


async def test_a_storm_is_told_cheaply(desired: Path, watch: "Watch") -> None:
    """A thousand new files are all followed by notices and settle within the cap."""
    source = desired.parent / "source"
    source.mkdir()
    for number in range(1000):
        (source / f"unit{number}.yaml").write_text("x")
    notices = watch(desired)
    shutil.copytree(source, desired / "copy")
    told = set(await notices.hear("copy"))

    assert 1 <= notices.settled <= 2
    assert "copy" in told
    (desired / "copy" / "unit7.yaml").write_text("y")
    assert {"copy/unit7.yaml"} == set(await notices.hear("copy/unit7.yaml"))


_FEW_WATCHES = """
import asyncio, sys
from pathlib import Path
from unitward.sources.watch import Watcher

async def main(root):
    Path("/proc/sys/user/max_inotify_watches").write_text(sys.argv[2])
    watcher = Watcher(asyncio.get_running_loop())
    watch = watcher.add(root, print)
    print("degraded:", watch.degraded)
    Path("/proc/sys/user/max_inotify_watches").write_text("1000")
    watch.rescan()
    print("afterwards:", watch.degraded)
    watcher.close()

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_reached_limit_degrades_and_heals(desired: Path) -> None:
    """At the kernel's limit of watches the watch says so; a rescan heals it."""
    for number in range(20):
        (desired / f"folder{number}").mkdir()
    # Only a user namespace of its own may lower its limit.
    done = subprocess.run(
        ("unshare", "-Ur", sys.executable, "-c", _FEW_WATCHES, str(desired), "8"),
        check=True,
        capture_output=True,
        text=True,
    )
    first, *between, last = done.stdout.splitlines()

    assert "fs.inotify.max_user_watches" in first
    assert len(between) >= 12
    assert last == "afterwards: "
