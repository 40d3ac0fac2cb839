"""Which times of a changed timer lie between its last run and now.

A reload reckons `OnCalendar=` from the timer's last run, from its start where it never ran:
a new time since then makes it run at once (measured on systemd 252 and 257).
"""

from collections.abc import Iterable, Mapping

from unitward.model.desired import DesiredUnit
from unitward.model.unitstate import UnitDetail
from unitward.systemd.calendar import next_occurrence


async def find_due(
    timers: Iterable[DesiredUnit],
    details: Mapping[str, UnitDetail],
    now: float,
    now_monotonic: int,
    env: Mapping[str, str],
) -> dict[str, str]:
    """Return for each running timer its time that is due, "" for none.

    A timer for which that cannot be told is left out.
    """
    found: dict[str, str] = {}
    for timer in timers:
        detail = details.get(timer.name)
        specs = timer.text.values("Timer", "OnCalendar")
        if detail is None or detail.active_state != "active" or not specs:
            continue
        started = now - (now_monotonic - detail.inactive_exit_timestamp) / 1e6
        due = await _first_due(specs, detail.last_trigger_realtime / 1e6 or started, now, env)
        if due is not None:
            found[timer.name] = due
    return found


async def _first_due(
    specs: Iterable[str], since: float, now: float, env: Mapping[str, str]
) -> str | None:
    for spec in specs:
        occurrence = None if "%" in spec else await next_occurrence(spec, since, env)
        if occurrence is None:
            return None
        if occurrence.at <= now:
            return f"OnCalendar={spec} at {occurrence.text}"
    return ""
