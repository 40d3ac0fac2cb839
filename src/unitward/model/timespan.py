"""Time spans as systemd writes them (systemd.time(7), "Parsing Time Spans")."""

import re

_UNITS: dict[str, float] = {}
for _names, _seconds in (
    ("usec us µs μs", 1e-6),
    ("msec ms", 1e-3),
    ("seconds second sec s", 1.0),
    ("minutes minute min m", 60.0),
    ("hours hour hr h", 3600.0),
    ("days day d", 86400.0),
    ("weeks week w", 604800.0),
    ("months month M", 2629800.0),
    ("years year y", 31557600.0),
):
    _UNITS |= dict.fromkeys(_names.split(), _seconds)

_PART = r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµμ]*)\s*"


def parse_timespan(text: str) -> float | None:
    """Return the seconds that `text` means (`100ms`, `1h 30min`, `5`), None if it means none.

    A number without a unit is seconds. `infinity` is not a length and gives None.
    """
    total, position = 0.0, 0
    while position < len(text):
        part = re.compile(_PART).match(text, position)
        if part is None:
            return None
        factor = _UNITS.get(part[2] or "s")
        if factor is None:
            return None
        total += float(part[1]) * factor
        position = part.end()
    return total if position else None


def write_timespan(seconds: float) -> str:
    """Return a short writing of a length in seconds, exact to the millisecond.

    `parse_timespan` of the result is the length again: 0.1 is `100ms`, 5400 `1h 30min`.
    """
    left = round(seconds * 1000)
    parts: list[str] = []
    for name, size in (
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1000),
        ("ms", 1),
    ):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts) or "0s"
