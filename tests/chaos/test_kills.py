"""The daemon killed at every boundary of what it does, and at random instants."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.chaos.trial import KINDS, SIDES, Trials

KILLS = int(os.environ.get("CHAOS_KILLS") or 10)
INSTANTS = int(os.environ.get("CHAOS_INSTANTS") or 100)


@pytest.fixture(scope="module")
def trials(long_loop: Any) -> Trials:
    """Give an account of mixed units that has converged once."""
    made = Trials(long_loop.account, long_loop, seed=0)
    made.begin()
    for _ in range(2):  # odd generations come by other things than even ones
        made.count()
    return made


@pytest.mark.timeout(120 + 2 * KILLS * 60)
@pytest.mark.parametrize("kind", KINDS)
def test_boundaries(trials: Trials, kind: str, seed: int, tell: Callable[[str], None]) -> None:
    """Killed before and after an action, the next start finishes it, once, and nothing else."""
    trials.chance.seed(f"{seed} {kind}")
    killed = dict.fromkeys(SIDES, 0)
    try:
        for side in SIDES:
            # How many jobs share a call varies: a boundary that did not come is not a kill.
            for number in trials.numbers(kind, side, 2 * KILLS):
                if killed[side] < KILLS:
                    killed[side] += trials.kill_at(kind, side, number)
    finally:
        before, after = killed["before"], killed["after"]
        tell(f"kills at {kind:<12} before: {before:>3}  after: {after:>3}")
    assert dict.fromkeys(SIDES, KILLS) == killed


@pytest.mark.timeout(120 + INSTANTS * 60)
def test_instants(trials: Trials, seed: int, tell: Callable[[str], None]) -> None:
    """Killed at any moment of a change, the next start converges, and each service ran once."""
    trials.chance.seed(seed)
    done = 0
    try:
        for _ in range(INSTANTS):
            trials.kill_after(trials.chance.uniform(0, trials.usual))
            done += 1
    finally:
        tell(f"kills at random instants of {trials.usual:.2f} s: {done}")
