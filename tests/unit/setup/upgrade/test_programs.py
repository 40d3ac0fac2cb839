"""Programs end within their time, with all that they started, and leave their last words."""

import os
from pathlib import Path

import pytest

from unitward.setup.upgrade.programs import Ended, run_program
from unitward.setup.upgrade.record import UpgradeError

ENV = {"PATH": "/usr/bin:/bin"}


async def test_output_and_code() -> None:
    """What a program says and returns comes back, and it sees only the given environment."""
    command = ("sh", "-c", 'echo "$X"; echo err >&2; exit 3')
    ended = await run_program(command, env={**ENV, "X": "out"}, limit=30, what="it fails")
    assert Ended(3, "out\n", "err\n") == ended


async def test_limit_ends_all_of_it(tmp_path: Path) -> None:
    """After its time a program is killed together with what it started."""
    note = tmp_path / "pid"
    command = ("sh", "-c", f"sleep 60 & echo $! >{note}; wait")
    with pytest.raises(UpgradeError, match=r"it hangs: not done within 0\.5 s"):
        await run_program(command, env=ENV, limit=0.5, what="it hangs")
    assert _state(note.read_text().strip()) in {"Z", "gone"}


def _state(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "gone"


async def test_missing_program() -> None:
    """A program that is not there is named."""
    with pytest.raises(UpgradeError, match="no way: /no/program: No such file"):
        await run_program(("/no/program",), env=dict(os.environ), limit=1, what="no way")


def test_last_words() -> None:
    """Errors come before everything else, notices not at all; silence has its code."""
    noise = "WARNING: old\nsomething\nERROR: no such thing\n[notice] new pip\n"
    assert "no such thing" == Ended(1, "", noise).last_words
    assert "one; two" == Ended(1, "", "one\n\ntwo\n").last_words
    assert "exit code 4, without a word" == Ended(4, "", "").last_words
