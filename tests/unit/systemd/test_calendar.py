"""Reading what `systemd-analyze calendar` prints."""

import pytest

from unitward.systemd.calendar import Occurrence, read_occurrence

IN_UTC = """\
  Original form: daily
Normalized form: *-*-* 00:00:00
    Next elapse: Mon 2026-11-23 00:00:00 UTC
       From now: 5h 43min left
"""
IN_TOKYO = """\
  Original form: daily
Normalized form: *-*-* 00:00:00
    Next elapse: Mon 2026-11-23 00:00:00 JST
       (in UTC): Sun 2026-11-22 15:00:00 UTC
       From now: 5h 43min left
"""
NEVER = """\
  Original form: 2020-01-01
Normalized form: 2020-01-01 00:00:00
    Next elapse: never
"""


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        (IN_UTC, Occurrence(1795392000.0, "Mon 2026-11-23 00:00:00 UTC")),
        (IN_TOKYO, Occurrence(1795359600.0, "Mon 2026-11-23 00:00:00 JST")),
        (NEVER, None),
        ("", None),
    ],
)
def test_an_occurrence_is_read_in_any_time_zone(output: str, wanted: Occurrence | None) -> None:
    """The moment comes from the UTC line, the text is the local one; never is none."""
    assert wanted == read_occurrence(output)
