"""When a calendar expression elapses, as systemd itself reckons it (systemd.time(7))."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from unitward.model.records import dataclass
from unitward.systemd.analyze import analyze

LIMIT_SECONDS = 10.0
_LOCAL = r"(?m)^\s*Next elapse: (.+)$"
_UTC = r"(?m)(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC$"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A moment at which a timer elapses: wall-clock seconds, and as systemd writes it."""

    at: float
    text: str


async def next_occurrence(spec: str, after: float, env: Mapping[str, str]) -> Occurrence | None:
    """Return the first time after a moment (wall-clock seconds) that an expression means.

    None where it never elapses again, or where `systemd-analyze calendar` (with --base-time,
    systemd 244) does not tell. The time zone is the machine's, as for the manager.
    """
    try:
        said = await analyze(
            "calendar",
            f"--base-time=@{int(after)}",
            "--iterations=1",
            spec,
            env={name: value for name, value in env.items() if name != "TZ"},
            limit_seconds=LIMIT_SECONDS,
        )
    except OSError:
        return None
    return read_occurrence(said.output)


def read_occurrence(output: str) -> Occurrence | None:
    """Return the first time that `systemd-analyze calendar` printed.

    It prints local time, and UTC on a line of its own where that differs.
    """
    local, utc = re.search(_LOCAL, output), re.search(_UTC, output)
    if local is None or utc is None:
        return None
    moment = datetime.strptime(utc[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return Occurrence(moment.timestamp(), local[1].strip())
