"""Random lives of an account: what is declared, recorded and observed agree whenever it is quiet.

Shows at random what the other tests show one by one: W3, W6, C1, C4, C6 to C8, C10 to C12, V10,
V12, V13, P4 to P6, O9, R2 to R4, R8, D1 to D3, N2, N4, F1, T6.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.integration.conftest import fresh_account
from tests.integration.loop.conftest import Loop
from tests.integration.semantics.things import ALL
from tests.integration.semantics.world import ACTS, World, perform

LIVES = 4
OTHERS = int(os.environ.get("UNITWARD_TEST_LIVES", "0"))
"""How many lives to draw at random, instead of the same few each time."""

acts = st.tuples(
    st.sampled_from(ACTS), st.sampled_from([thing.name for thing in ALL]), st.integers(0, 5)
)
lives = st.lists(st.lists(acts, min_size=1, max_size=4), min_size=6, max_size=9)

MASKED_AND_REMOVED = [[("mask", "c", 0), ("remove", "c", 0)]]
"""A life that once left a service running without any declaration."""


def live(account: Any, folder: Path, life: list[list[tuple[str, str, int]]]) -> None:
    """Live through bursts of acts, and look at the world after each."""
    loop = Loop(account, folder)
    try:
        world = World(account, loop)
        world.begin()
        world.quiet()
        world.check()
        for burst in life:
            for act in burst:
                perform(world, act)
            world.quiet()
            world.check()
    finally:
        loop.close()


@pytest.mark.timeout(240 + 60 * OTHERS)
def test_lives(manager_session: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """After any acts of people and accidents the three sides agree, and nothing else changed.

    To replay a life that failed, call `live` with the list that is printed, or decorate `any_life`
    with the printed `@reproduce_failure`. To try others, set UNITWARD_TEST_LIVES to a number.
    """

    @settings(
        max_examples=OTHERS or LIVES,
        derandomize=not OTHERS,
        database=None,
        deadline=None,
        print_blob=True,
        # A life takes seconds: it is not tried again to make it shorter.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(life=lives)
    @example(life=MASKED_AND_REMOVED)
    def any_life(life: list[list[tuple[str, str, int]]]) -> None:
        with fresh_account(manager_session) as account:
            live(account, tmp_path_factory.mktemp("life"), life)

    any_life()
