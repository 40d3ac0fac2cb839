"""Lines, tables and lengths of time as people read them."""

import sys
import time

import pytest

from unitward.cli.output import clean, length, moment, paint, table


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (250, "4 min 10 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (3661, "1 h 1 min"),
        (7500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
        (86_400 * 3 + 70, "3 d"),
        (-5, "0 s"),
    ],
)
def test_a_length_has_two_units_side_by_side(seconds: float, expected: str) -> None:
    """A length of time is told in its largest unit and the one below it."""
    assert expected == length(seconds)


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """Columns align, the last is not padded, and no line ends with blanks."""
    rows = [("UNIT", "SYNC", "REASON"), ("a.service", "in-sync", ""), ("b", "x", "why")]
    assert [
        "UNIT       SYNC     REASON",
        "a.service  in-sync",
        "b          x        why",
    ] == list(table(rows))


def test_control_characters_do_not_reach_the_terminal() -> None:
    """What a manifest says cannot steer the terminal."""
    assert "a\N{REPLACEMENT CHARACTER}[2Jb ü" == clean("a\x1b[2Jb ü")


@pytest.mark.parametrize(
    ("terminal", "env", "painted"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colours_only_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, env: dict[str, str], painted: bool
) -> None:
    """Colour is for terminals, and NO_COLOR and TERM=dumb switch it off."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)

    assert ("\x1b[31mx\x1b[0m" if painted else "x") == paint("x", "31")


def test_a_moment_names_its_day_only_when_it_is_another() -> None:
    """A time of today is hours and minutes, any other has its date before it."""
    now = time.time()
    assert time.strftime("%H:%M", time.localtime(now)) == moment(now)
    past = now - 400 * 86400
    assert time.strftime("%Y-%m-%d %H:%M", time.localtime(past)) == moment(past)
