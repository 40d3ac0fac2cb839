"""The daemon killed at the boundaries of what it does."""

import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.chaos import struck
from tests.integration.chaos.trial import KINDS, SIDES, Trials
from tests.integration.conftest import fresh_account
from tests.integration.loop.conftest import Loop
from tests.integration.semantics.declare import manifest, service

from unitward.store.unit_files import UNFINISHED


@pytest.mark.timeout(300)
def test_killed_at_each_kind_of_boundary(manager_session: Any, tmp_path: Path) -> None:
    """O2: killed before or after an action of any kind, the next start finishes what was begun.

    No file is half-written, no unit is lost, left behind or started twice, and what did not change,
    or is somebody else's, runs on.
    """
    with fresh_account(manager_session) as account:
        loop = Loop(account, tmp_path)
        try:
            trials = Trials(account, loop, seed=1)
            trials.begin()
            for number, kind in enumerate(KINDS):
                side = SIDES[number % 2]
                assert trials.kill_at(kind, side, 1), (kind, side)
        finally:
            loop.close()


@pytest.mark.parametrize("side", SIDES)
def test_change_taken_back_after_a_kill(account: Any, loop: Any, side: str) -> None:
    """O2: of a write that a kill cut short, and that nobody wants any more, nothing is left."""
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    loop.kill()
    before, ran = tree(account.unit_dir), loop.invocation("a.service")
    account.write("b.yaml", manifest(service("b")))
    loop.spawn(command=[sys.executable, struck.__file__, "write", side, "1"])
    assert -signal.SIGKILL == loop.wait(), loop.log
    assert {f".b.service{UNFINISHED}"} == tree(account.unit_dir).keys() - before.keys()
    (account.desired / "b.yaml").unlink()
    loop.start()
    assert ["a.service"] == [unit["name"] for unit in loop.sync()["units"]]
    assert before == tree(account.unit_dir)
    assert ran == loop.invocation("a.service")
    assert "not-found" == account.show("b.service", "LoadState")["LoadState"]


def tree(folder: Path) -> dict[str, str]:
    """Return every file and link below a folder with its text or end."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_text()
        for path in folder.rglob("*")
        if not path.is_dir()
    }
