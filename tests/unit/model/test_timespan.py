"""Time spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitward.model.timespan import parse_timespan, write_timespan


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("100ms", 0.1),
        ("10s", 10.0),
        ("10", 10.0),
        ("0s", 0.0),
        ("5min", 300.0),
        ("5m", 300.0),
        ("2h", 7200.0),
        ("1h 30min", 5400.0),
        ("1h30min", 5400.0),
        ("1.5h", 5400.0),
        ("1 day", 86400.0),
        ("250us", 0.00025),
        ("1M", 2629800.0),
    ],
)
def test_reads_what_systemd_reads(text: str, seconds: float) -> None:
    """Spans mean what systemd.time(7) says."""
    assert seconds == pytest.approx(parse_timespan(text))


@pytest.mark.parametrize("text", ["", "   ", "soon", "10 apples", "-5s", "infinity", "s", "1..5s"])
def test_anything_else_is_no_span(text: str) -> None:
    """What is not a length is told apart from zero."""
    assert parse_timespan(text) is None


@given(st.integers(min_value=0, max_value=10**10))
def test_a_written_span_reads_the_same(milliseconds: int) -> None:
    """What unitward shows as a span, it would read as the same span."""
    assert milliseconds == pytest.approx(
        (parse_timespan(write_timespan(milliseconds / 1000)) or 0) * 1000
    )
