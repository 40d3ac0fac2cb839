"""Settling: when a folder counts as quiet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitward.sources.settle import Settle


def test_nothing_noted_is_never_due() -> None:
    """Without a change nothing is due."""
    settle = Settle(0.1, 2.0)

    assert settle.due(5.0) is None
    assert not settle.forced


def test_each_change_begins_the_quiet_time_anew() -> None:
    """The folder is due when it was quiet for the whole quiet time."""
    settle = Settle(0.1, 2.0)
    settle.note(10.0)
    settle.note(10.05)

    assert pytest.approx(0.03) == settle.due(10.12)
    assert settle.due(10.16) == 0.0
    assert not settle.forced


def test_constant_writes_are_cut_off() -> None:
    """Under constant writes the cap ends the wait, and says that it did."""
    settle = Settle(0.1, 2.0)
    for step in range(40):
        settle.note(10.0 + step * 0.05)

    assert pytest.approx(0.01) == settle.due(11.99)
    assert settle.forced


def test_clear_starts_anew() -> None:
    """After a reading only new changes count."""
    settle = Settle(0.1, 2.0)
    settle.note(1.0)
    settle.clear()

    assert settle.due(9.0) is None
    settle.note(10.0)
    assert pytest.approx(0.1) == settle.due(10.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_never_longer_than_the_cap_nor_shorter_than_quiet(gaps: list[float]) -> None:
    """A settled end lies `quiet` after the last change, a forced one `cap` after the first."""
    settle = Settle(0.1, 2.0)
    now = first = 100.0
    for gap in gaps:
        now += gap
        first = first if settle.due(now) is not None else now
        settle.note(now)
    end = now + (settle.due(now) or 0.0)

    assert end <= max(now, first + 2.0) + 1e-9
    assert settle.forced or end >= now + 0.1 - 1e-9
