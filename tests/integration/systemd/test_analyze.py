"""systemd-analyze is let go without anything left of it."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from unitward.systemd.analyze import analyze
from unitward.systemd.verify import verify

MANY = {f"u{number}.service": b"[Service]\nExecStart=/bin/true\n" for number in range(400)}
VERIFYING = """
import asyncio, os
from unitward.systemd.verify import verify
files = {f"u{n}.service": b"[Service]\\nExecStart=/bin/true\\n" for n in range(400)}
asyncio.run(verify(files, env=dict(os.environ)))
"""
LIMIT_S = 30.0


def folders() -> set[Path]:
    """Return what runs of systemd-analyze have in /tmp now, others' runs too."""
    found = Path("/tmp").glob("systemd-*-??????")
    return {path for path in found if path.name.startswith(("systemd-analyze", "systemd-tempor"))}


def wait_for(predicate: Callable[[], object], what: str) -> None:
    """Poll until the predicate is true."""
    end = time.monotonic() + LIMIT_S
    while not predicate():
        if time.monotonic() >= end:
            pytest.fail(f"not within {LIMIT_S:g} s: {what}")
        time.sleep(0.002)


def environment(home: str) -> dict[str, str]:
    """Return an account's environment."""
    return {"HOME": home, "XDG_RUNTIME_DIR": home, "PATH": os.environ["PATH"]}


async def test_cancelled_it_ends_by_itself() -> None:
    """A check that is cancelled in mid-run, as at the daemon's end, leaves no folder in /tmp."""
    before = folders()
    with tempfile.TemporaryDirectory() as home:
        task = asyncio.create_task(verify(MANY, env=environment(home)))
        await asyncio.to_thread(wait_for, lambda: folders() - before, "it is in mid-run")
        made = folders() - before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.to_thread(wait_for, lambda: not made & folders(), f"{made} are gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_for_everybody_do_not_cut_it_short(number: signal.Signals) -> None:
    """A stop that signals the whole cgroup, or a key that signals the job, leaves nothing."""
    before = folders()
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, "-c", VERIFYING],
            env=environment(home),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: folders() - before, "it is in mid-run")
            made = folders() - before
            os.killpg(process.pid, number)
            process.wait(LIMIT_S)
        finally:
            process.kill()
            process.wait()
        wait_for(lambda: not made & folders(), f"{made} are gone")


async def test_what_it_says_is_handed_on() -> None:
    """Status, output and errors are those of systemd-analyze itself."""
    said = await analyze("--user", "condition", "ConditionHost=!x", env=os.environ, limit_seconds=9)
    assert 0 == said.status
    bad = await analyze("no-such-verb", env=os.environ, limit_seconds=9)
    assert 0 != bad.status
    assert "no-such-verb" in bad.errors
