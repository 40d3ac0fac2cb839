"""Real folders, real inotify, real git."""

import asyncio
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from unitward.sources.settle import Settle
from unitward.sources.watch import Watcher


class Repository:
    """A git work tree that needs no account configuration."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def git(self, *arguments: str) -> str:
        """Run git in the work tree and return what it says."""
        done = subprocess.run(
            ("git", "-C", str(self.top), *arguments), check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str = "change") -> str:
        """Commit everything and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def desired(tmp_path: Path) -> Path:
    """Return an empty desired-state folder."""
    folder = tmp_path / "home" / "desired"
    folder.mkdir(parents=True, mode=0o755)
    return folder


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Repository]:
    """Return a maker of git repositories below the test's folder, in an account of its own."""
    for key in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    monkeypatch.setenv("HOME", str(tmp_path))

    def make(name: str) -> Repository:
        top = tmp_path / name
        top.mkdir(parents=True, exist_ok=True)
        made = Repository(top)
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    return make


class Notices:
    """What a watched folder told, and when it had settled (100 ms of quiet)."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.settled = 0
        self._settle = Settle(0.1, 2.0)
        self._timer: asyncio.TimerHandle | None = None

    def note(self, rel: str) -> None:
        """Take a notice of the watch."""
        self.told.append(rel)
        self._settle.note(asyncio.get_running_loop().time())
        if self._timer is None:
            self._wait()

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._settle.due(loop.time())
        assert due is not None
        self._timer = loop.call_later(due, self._perhaps)

    def _perhaps(self) -> None:
        if self._settle.due(asyncio.get_running_loop().time()):
            self._wait()
            return
        self._timer = None
        self._settle.clear()
        self.settled += 1

    async def hear(self, *expected: str) -> list[str]:
        """Wait until all the paths were told and the folder settled; return what was told."""
        for _ in range(2000):
            if set(expected) <= set(self.told) and self._timer is None:
                return self.taken()
            await asyncio.sleep(0.01)
        raise AssertionError(f"not told within 20 s: {set(expected) - set(self.told)}")

    async def hear_one_of(self, *possible: str) -> list[str]:
        """Wait until one of the paths at least was told, as `hear` does for all."""
        for _ in range(2000):
            if set(possible) & set(self.told) and self._timer is None:
                return self.taken()
            await asyncio.sleep(0.01)
        raise AssertionError(f"none told within 20 s: {set(possible)}")

    async def silence(self, seconds: float = 0.3) -> list[str]:
        """Wait and return what was told meanwhile."""
        await asyncio.sleep(seconds)
        return self.taken()

    def taken(self) -> list[str]:
        """Return and forget what was told."""
        told, self.told = self.told, []
        return told

    def close(self) -> None:
        """Leave no timer behind."""
        if self._timer is not None:
            self._timer.cancel()


@pytest.fixture
async def watcher() -> AsyncIterator[Watcher]:
    """Return a running watcher; its thread must be gone afterwards."""
    before = threading.active_count()
    made = Watcher(asyncio.get_running_loop())
    yield made
    made.close()
    assert before == threading.active_count()


@pytest.fixture
async def watch(watcher: Watcher) -> AsyncIterator[Callable[[Path], Notices]]:
    """Return a function that watches a folder and collects its notices."""
    made: list[Notices] = []

    def start(root: Path) -> Notices:
        notices = Notices()
        made.append(notices)
        watcher.add(root, notices.note)
        return notices

    yield start
    for notices in made:
        notices.close()
