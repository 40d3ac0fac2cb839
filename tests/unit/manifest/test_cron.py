"""Lines of crontab(5) as calendar expressions: what systemd reads is what cron would do."""

import subprocess
from datetime import UTC, datetime

import pytest

from unitward.manifest.cron import calendar_of_cron

TOLD = [
    ("*/5 * * * *", "*:0/5"),
    ("0 3 * * *", "03:00"),
    ("30 4 1,15 * *", "*-*-01,15 04:30"),
    ("0 9-17/2 * * 1-5", "Mon..Fri 09..17/2:00"),
    ("15 10 * jan-mar *", "*-01..03-* 10:15"),
    ("0 0 * * 0", "Sun 00:00"),
    ("0 0 * * 0-2", "Sun,Mon,Tue 00:00"),
    ("0 6 * * sat,sun", "Sat,Sun 06:00"),
    ("@daily", "daily"),
]


@pytest.mark.parametrize(("line", "expected"), TOLD)
def test_a_cron_line_has_its_calendar(line: str, expected: str) -> None:
    """Steps, lists, ranges, names and nicknames are told in systemd's words."""
    assert expected == calendar_of_cron(line)


@pytest.mark.parametrize(
    "line",
    [
        "daily",
        "Mon..Fri 9:00",
        "0 0 1 * 1",
        "61 * * * *",
        "* * * *",
        "5-2 * * * *",
        "a b c d e",
        "",
    ],
)
def test_what_is_no_cron_line_has_none(line: str) -> None:
    """A calendar expression, nonsense, and a day of month *or* week: no guess is made."""
    assert "" == calendar_of_cron(line)


def test_systemd_reads_every_calendar_and_means_the_same() -> None:
    """A hint that systemd refuses, or that elapses at another time, would be no help."""
    base = datetime(2026, 3, 2, 4, 31, tzinfo=UTC)
    expected = {
        "*/5 * * * *": "2026-03-02 04:35:00",
        "0 3 * * *": "2026-03-03 03:00:00",
        "30 4 1,15 * *": "2026-03-15 04:30:00",
        "0 9-17/2 * * 1-5": "2026-03-02 09:00:00",
        "15 10 * jan-mar *": "2026-03-02 10:15:00",
        "0 0 * * 0": "2026-03-08 00:00:00",
        "0 0 * * 0-2": "2026-03-03 00:00:00",
        "0 6 * * sat,sun": "2026-03-07 06:00:00",
        "@daily": "2026-03-03 00:00:00",
    }
    assert expected.keys() == {line for line, _ in TOLD}
    for line, at in expected.items():
        ended = subprocess.run(
            [
                "systemd-analyze",
                "calendar",
                f"--base-time=@{int(base.timestamp())}",
                calendar_of_cron(line),
            ],
            check=False,
            capture_output=True,
            text=True,
            env={"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        )
        assert (0, "") == (ended.returncode, ended.stderr), line
        assert f"{at} UTC" in ended.stdout, line
