"""Facts of a checkout, against git itself."""

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from unitward.sources import git
from unitward.sources.git import find_checkout
from unitward.sources.index_lock import wait_for_index_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sources.conftest import Repository

    NewRepository = Callable[[str], Repository]


def _commit_of(folder: Path) -> str:
    checkout = find_checkout(folder)
    assert checkout is not None
    return checkout.commit()


def test_no_checkout(tmp_path: Path) -> None:
    """A plain folder, and one whose `.git` means nothing, are no checkouts."""
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / ".git").write_text("not a git file")
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    os.mkfifo(tmp_path / "odd" / "fifo")
    (tmp_path / "fifo").mkdir()
    os.mkfifo(tmp_path / "fifo" / ".git")

    assert [None] * 4 == [
        find_checkout(folder, ceiling=tmp_path)
        for folder in (tmp_path, tmp_path / "odd", tmp_path / "empty", tmp_path / "fifo")
    ]


def test_commits_are_gits(repository: "NewRepository", monkeypatch: pytest.MonkeyPatch) -> None:
    """HEAD is told without git: unborn, on a branch, packed, detached, on a deep branch."""
    made = repository("repo")
    monkeypatch.setattr(git, "_git", None)  # a fork would fail here
    assert _commit_of(made.top) == ""

    (made.top / "a.yaml").write_text("1")
    first = made.commit()
    assert first == _commit_of(made.top)
    made.git("pack-refs", "--all")
    assert first == _commit_of(made.top)
    (made.top / "a.yaml").write_text("2")
    second = made.commit()
    assert second == _commit_of(made.top)
    made.git("checkout", "--quiet", "--detach", first)
    assert first == _commit_of(made.top)
    made.git("checkout", "--quiet", "-b", "feature/deep", second)
    assert second == _commit_of(made.top)
    made.git("symbolic-ref", "refs/heads/alias", "refs/heads/feature/deep")
    made.git("symbolic-ref", "HEAD", "refs/heads/alias")
    assert made.git("rev-parse", "HEAD") == _commit_of(made.top)


def test_linked_work_trees(repository: "NewRepository", tmp_path: Path) -> None:
    """A linked work tree has a HEAD of its own and shares the branches."""
    made = repository("repo")
    first = made.commit()
    made.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    second = type(made)(tmp_path / "side").commit()

    assert (first, second) == (_commit_of(made.top), _commit_of(tmp_path / "side"))
    checkout = find_checkout(tmp_path / "side")
    assert checkout is not None
    assert made.top / ".git" == checkout.common_dir
    assert made.top / ".git" / "worktrees" / "side" == checkout.git_dir


def test_submodules_are_checkouts(repository: "NewRepository", tmp_path: Path) -> None:
    """A submodule, whose `.git` is a file with a relative path, has its own commit."""
    inner, outer = repository("inner"), repository("outer")
    commit = inner.commit()
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.top), "sub")

    assert commit == _commit_of(tmp_path / "outer" / "sub")


def test_only_folders_with_tracked_files_count(repository: "NewRepository", tmp_path: Path) -> None:
    """A home that is a checkout does not make one of a folder that it does not track."""
    home = repository("home")
    for name in ("tracked", "untracked"):
        (home.top / name).mkdir()
        (home.top / name / "a.yaml").write_text("1")
    (home.top / ".gitignore").write_text("untracked/\n")
    commit = home.commit()

    assert commit == _commit_of(home.top / "tracked")
    assert find_checkout(home.top / "untracked") is None
    home.git("add", "--force", "untracked")
    assert commit == _commit_of(home.top / "untracked")
    assert find_checkout(home.top / "tracked", ceiling=home.top / "tracked") is None
    assert tmp_path / "home" == home.top


def test_git_is_asked_where_files_do_not_tell(repository: "NewRepository") -> None:
    """With refs in a reftable the answer is git's own."""
    made = repository("repo")
    commit = made.commit()
    # Present since git 2.45 only; the folder is what tells the format.
    (made.top / ".git" / "reftable").mkdir()

    assert commit == _commit_of(made.top)


async def test_the_index_lock_is_waited_for(repository: "NewRepository") -> None:
    """A git command under way is waited for, and then it is told that it ended."""
    made = repository("repo")
    checkout = find_checkout(made.top)
    assert checkout is not None
    assert await wait_for_index_lock(checkout)
    lock = made.top / ".git" / "index.lock"
    lock.touch()
    asyncio.get_running_loop().call_later(0.2, lock.unlink)
    began = time.monotonic()

    assert await wait_for_index_lock(checkout, 5.0)
    assert 0.15 < time.monotonic() - began < 2


async def test_a_lock_is_not_waited_for_beyond_the_limit(repository: "NewRepository") -> None:
    """The wait ends at its limit, and a lock that is older is not waited for at all."""
    made = repository("repo")
    checkout = find_checkout(made.top)
    assert checkout is not None
    lock = made.top / ".git" / "index.lock"
    lock.touch()
    began = time.monotonic()
    assert not await wait_for_index_lock(checkout, 0.2)
    assert 0.15 < time.monotonic() - began < 2
    os.utime(lock, (time.time() - 100, time.time() - 100))
    began = time.monotonic()

    assert not await wait_for_index_lock(checkout, 60.0)
    assert time.monotonic() - began < 1
