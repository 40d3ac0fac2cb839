"""The daemon killed at the boundaries of what it does."""

from pathlib import Path
from typing import Any

import pytest
from tests.integration.chaos.trial import KINDS, SIDES, Trials
from tests.integration.conftest import fresh_account
from tests.integration.loop.conftest import Loop


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
