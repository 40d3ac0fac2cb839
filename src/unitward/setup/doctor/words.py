"""Numbers and lists as people say them. Pure."""

from collections.abc import Sequence

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SHOWN = 4


def length(seconds: float) -> str:
    """Return a length of time in its largest unit: `3 hours`."""
    left = max(0, round(seconds))
    for size, word in _UNITS:
        if left >= size:
            return counted(left // size, word)
    return "0 seconds"


def counted(number: int, word: str) -> str:
    """Return `1 folder`, `2 folders`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def some(names: Sequence[str]) -> str:
    """Return a list of names, no more than four of them: `a, b, c, d and 3 more`."""
    if len(names) <= _SHOWN:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"


def size(number: int) -> str:
    """Return bytes in the unit that keeps the number short: `12 MiB`."""
    value = float(number)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:  # noqa: PLR2004 - the step from one unit to the next
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.0f} GiB"
