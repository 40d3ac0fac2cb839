"""Trials: a change during which the daemon is struck, and what has to hold afterwards."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.chaos import mixture, struck

from unitward.reconcile.account import assemble, connected, recorded_now
from unitward.reconcile.one_pass import Considered, consider
from unitward.store.unit_files import UNFINISHED

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 60.0
SIDES = ("before", "after")
KINDS = (
    "write",
    "rename",
    "link",
    "unlink",
    "reload",
    "stop",
    "start",
    "restart",
    "reload unit",
    "reset-failed",
    "commit",
)
THEIRS = ("theirs.service", "passing.service")
THEIR_FILES = {
    "theirs.service": mixture.THEIRS.encode(),
    "theirs.service.d/own.conf": b"[Service]\nNice=3\n",
    "notes.txt": b"mine\n",
}

Boundary = tuple[str, str]


class Trials:
    """An account whose mixed units change with every trial.

    boundaries: how often each was reached in changes, by generation, that nothing disturbed.
    usual: how many seconds the quickest such change took, from the daemon's start.
    """

    def __init__(self, account: Any, loop: Any, seed: int) -> None:
        self.account = account
        self.loop = loop
        self.chance = random.Random(seed)
        self.generation = 0
        self._reader = assemble(account.env)
        self.boundaries: dict[int, Counter[Boundary]] = {}
        self.usual = float("inf")
        self.before: dict[str, bytes] = {}
        self._shown: dict[str, dict[str, str]] = {}

    def begin(self) -> None:
        """Put foreign units in place and converge once."""
        account = self.account
        (account.home / "runs").mkdir()
        (account.home / "asked").write_text("0\n")
        (account.unit_dir / "theirs.service.d").mkdir()
        for path, content in THEIR_FILES.items():
            (account.unit_dir / path).write_bytes(content)
        account.systemctl("enable", "--now", "theirs.service")
        transient = ("systemd-run", "--user", "--unit=passing", "/bin/sleep", "8888")
        assert 0 == account.run(*transient).returncode
        self.loop.configure(mixture.SETTINGS)
        account.write("still.yaml", mixture.staying())
        self._save()
        self.loop.start()
        self.quiet()
        self.check()
        self.loop.kill()

    def _save(self) -> None:
        (self.account.home / "asked").write_text(f"{self.generation}\n")
        self.account.write("all.yaml", mixture.changing(self.generation))

    def count(self) -> None:
        """Make a change that nothing disturbs, and count what it comes by."""
        self.change()
        counts = self.account.home / "tmp/boundaries"
        counts.unlink(missing_ok=True)
        began, passes = time.monotonic(), self.loop.passes
        self.spawn_struck({"STRUCK_COUNT": str(counts)})
        self.loop.until(lambda: self.loop.passes > passes, "the change is made", LIMIT_S)
        self.usual = min(self.usual, time.monotonic() - began)
        lines = counts.read_text().splitlines()
        pairs = [(kind, side) for kind, _, side in (line.rpartition(" ") for line in lines)]
        self.boundaries[self.generation] = Counter(pairs)
        self.quiet()
        self.check()
        self.loop.kill()

    def change(self) -> None:
        """Declare the next generation; the daemon does not run."""
        self.before = self._files()
        self.generation += 1
        self._save()

    def spawn_struck(self, env: dict[str, str], *arguments: str) -> None:
        """Start the daemon that is struck at a boundary."""
        self.loop.spawn(env, command=[sys.executable, struck.__file__, *arguments])

    def kill_at(self, kind: str, side: str, number: int) -> bool:
        """Change everything, and kill the daemon at a boundary; tell whether it got there."""
        self.change()
        self.spawn_struck({}, kind, side, str(number))
        passes = self.loop.passes
        # The boundary of a pass's last commit comes after the pass was told of.
        self.loop.until(
            lambda: not self.loop.runs or self.loop.passes > passes, "it is killed", LIMIT_S
        )
        killed = self._was_killed()
        self.recover(f"killed {side} {kind} number {number} of generation {self.generation}")
        return killed

    def _was_killed(self) -> bool:
        """Tell whether it struck itself, which may come just now; end it otherwise."""
        try:
            code = self.loop._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.loop.kill()
            return False
        assert -signal.SIGKILL == code, f"it ended by itself: {code}\n{self.loop.log[-5000:]}"
        return True

    def kill_after(self, seconds: float) -> None:
        """Change everything, and kill the daemon some time after its start."""
        self.change()
        self.loop.spawn()
        time.sleep(seconds)
        self.loop.signal(signal.SIGKILL)
        assert -signal.SIGKILL == self.loop.wait(), self.loop.log[-5000:]
        self.recover(f"killed after {seconds:.3f} s of generation {self.generation}")

    def numbers(self, kind: str, side: str, count: int) -> list[int]:
        """Return which boundaries of a kind to strike at: the first, the last, and others."""
        reached = min(counted[kind, side] for counted in self.boundaries.values())
        assert reached, f"a change never comes to {side} {kind}"
        return [1, reached, *(self.chance.randint(1, reached) for _ in range(count))][:count]

    def recover(self, what: str) -> None:
        """Look at the files as the kill left them, start the daemon again, and check everything."""
        at_kill = self._files()
        try:
            self.loop.start()
            self.quiet()
            self.check()
            self._check_whole(at_kill)
        except BaseException:
            sys.stderr.write(f"--- {what}\n")
            raise
        finally:
            if self.loop.runs:
                self.loop.kill()

    def quiet(self) -> None:
        """Have the daemon work until a plan made afresh is empty."""
        last: list[object] = []

        def is_quiet() -> bool:
            self.loop.sync()
            considered = asyncio.run(self._consider())
            last[:] = [considered.plan.actions, recorded_now(self._reader).intents]
            return not any(last)

        end = time.monotonic() + LIMIT_S
        while not is_quiet():
            if time.monotonic() > end:
                pytest.fail(f"it does not become quiet: {last}\n{self.loop.log[-5000:]}")

    async def _consider(self) -> Considered:
        async with connected(self._reader) as manager:
            return await consider(self._reader, manager, recorded_now(self._reader))

    def check(self) -> None:
        """Assert that what is declared runs, once, and that nothing else changed."""
        shown = self._show()
        self._check_active(shown, THEIRS)
        self._check_runs()
        self._check_untouched(shown)
        self._shown = shown

    def check_after_boot(self) -> None:
        """Assert the same after a boot: transient units are gone, all others run anew."""
        self._check_active(self._show(), {"theirs.service"})
        for name in mixture.once(self.generation):
            lines = (self.account.home / "runs" / name).read_text().splitlines()
            mine = [line for line in lines if line.startswith(f"{self.generation} ")]
            # Once before the boot, if the pass came so far, and once since.
            assert 1 <= len(mine) <= 2, f"{name}: {mine}\n{self.loop.log[-5000:]}"

    def _check_active(self, shown: dict[str, dict[str, str]], theirs: Collection[str]) -> None:
        expected = mixture.active(self.generation) | {*theirs}
        present = {name for name, unit in shown.items() if unit["ActiveState"] == "active"}
        assert expected == present, self.loop.log[-5000:]
        recorded = recorded_now(self._reader)
        ours = {path: file.content for path, file in recorded.files.items()}
        assert {**THEIR_FILES, **ours} == self._files()
        assert self._links() == {
            f"default.target.wants/{name}": "w@.service" if name.startswith("w@") else name
            for name in (*mixture.wanted(self.generation), "theirs.service")
        }
        left = [path.name for path in self.account.unit_dir.rglob(f"*{UNFINISHED}")]
        assert [] == left

    def _check_runs(self) -> None:
        for name in mixture.once(self.generation):
            lines = (self.account.home / "runs" / name).read_text().splitlines()
            mine = [line for line in lines if line.startswith(f"{self.generation} ")]
            assert 1 == len(mine), f"{name}: {mine}\n{self.loop.log[-5000:]}"
        for name in ("l", "q", "still"):
            assert 1 == len((self.account.home / "runs" / name).read_text().splitlines()), name
        assert not (self.account.home / "runs/t").exists()

    def _check_untouched(self, shown: dict[str, dict[str, str]]) -> None:
        for name in (*mixture.STAYS, *THEIRS, "l.service", "q.service"):
            if name in self._shown:
                assert self._shown[name]["InvocationID"] == shown[name]["InvocationID"], name

    def _check_whole(self, at_kill: dict[str, bytes]) -> None:
        """Assert that each file was what it had been, or what it was to be."""
        after = self._files()
        for path in at_kill.keys() | self.before.keys() | after.keys():
            found = at_kill.get(path)
            assert found in {self.before.get(path), after.get(path)}, path

    def _files(self) -> dict[str, bytes]:
        root: Path = self.account.unit_dir
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and not path.is_symlink() and not path.name.endswith(UNFINISHED)
        }

    def _links(self) -> dict[str, str]:
        """Return the links below the unit folder, and the names of the files they end at."""
        root: Path = self.account.unit_dir
        links = [path for path in root.rglob("*") if path.is_symlink()]
        return {str(path.relative_to(root)): path.resolve(strict=True).name for path in links}

    def _show(self) -> dict[str, dict[str, str]]:
        """Return every unit with a file here, and the transient one."""
        root: Path = self.account.unit_dir
        names = {path.name for path in root.iterdir() if path.suffix in {".timer", ".socket"}}
        names |= {path.name for path in root.glob("*.service") if "@." not in path.name}
        names |= {f"{name}.service" for name in (*mixture.RESTARTS, "even", "odd", "passing")}
        listed = ("--property=Id,ActiveState,InvocationID,MainPID", "--", *sorted(names))
        blocks = self.account.systemctl("show", *listed).split("\n\n")
        units = [dict(line.split("=", 1) for line in block.splitlines()) for block in blocks]
        return {unit["Id"]: unit for unit in units if unit}
