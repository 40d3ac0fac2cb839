"""What a line of crontab(5) would be as a calendar expression of systemd.time(7). Pure."""

from __future__ import annotations

import re

from unitward.model.records import dataclass

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NICKNAMES = {
    "@hourly": "hourly",
    "@daily": "daily",
    "@midnight": "daily",
    "@weekly": "weekly",
    "@monthly": "monthly",
    "@yearly": "yearly",
    "@annually": "yearly",
}
_ITEM = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/([1-9]\d?))?")


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of cron: its range, the names that it takes and how many digits are usual."""

    first: int
    last: int
    digits: int
    names: tuple[str, ...] = ()

    def number(self, word: str) -> int | None:
        """Return the number that a word of the field means, None when it means none."""
        if word.isdecimal() and self.first <= int(word) <= self.last:
            return int(word)
        titled = word[:3].title() if len(word) == 3 else ""  # noqa: PLR2004 - Mon, Jan
        return self.names.index(titled) + self.first if titled in self.names else None


_MINUTE, _HOUR = _Field(0, 59, 2), _Field(0, 23, 2)
_MONTH, _DAY = _Field(1, 12, 2, _MONTHS), _Field(1, 31, 2)
_WEEKDAY = _Field(0, 7, 1, _DAYS)


def calendar_of_cron(line: str) -> str:
    """Return the calendar expression for the five times, or the nickname, of a crontab line.

    "" for what is no such line, and for what one expression cannot say: cron takes a day of
    the month *or* of the week where both are given.
    """
    words = line.split()
    if len(words) == 1:
        return _NICKNAMES.get(words[0].lower(), "")
    if len(words) != 5:  # noqa: PLR2004 - crontab(5)
        return ""
    minute, hour, day, month, weekday = words
    clock = [_list(hour, _HOUR), _list(minute, _MINUTE)]
    date = [_list(month, _MONTH), _list(day, _DAY)]
    days = _weekdays(weekday)
    if "" in {*clock, *date} or days is None or (days and date[1] != "*"):
        return ""
    parts = [days, "" if date == ["*", "*"] else f"*-{date[0]}-{date[1]}", ":".join(clock)]
    return " ".join(part for part in parts if part)


def _list(text: str, field: _Field) -> str:
    """Return a field of numbers, "" when it is none."""
    found = [_item(item, field) for item in text.split(",")]
    return "" if "" in found else ",".join(found)


def _item(text: str, field: _Field) -> str:
    match = _ITEM.fullmatch(text)
    if match is None:
        return ""
    begin, end, step = match.groups()
    if begin == "*":
        low = str(field.first) if step else "*"
        return "" if end else low + (f"/{step}" if step else "")
    low_number = field.number(begin)
    high_number = field.number(end) if end else low_number
    if low_number is None or high_number is None or high_number < low_number:
        return ""
    low, high = (f"{number:0{field.digits}}" for number in (low_number, high_number))
    return (f"{low}..{high}" if end else low) + (f"/{step}" if step else "")


def _weekdays(text: str) -> str | None:
    """Return the days of the week, "" for all, None when they cannot be said."""
    if text == "*":
        return ""
    found: list[str] = []
    for item in text.split(","):
        begin, _, end = item.partition("-")
        low, high = _WEEKDAY.number(begin), _WEEKDAY.number(end or begin)
        if low is None or high is None or high < low:
            return None
        days = [_DAYS[number] for number in range(low, high + 1)]
        # A week of systemd begins on Monday: Sun..Tue is no range of it.
        found += [f"{days[0]}..{days[-1]}"] if len(days) > 1 and low else days
    return ",".join(found)
