"""What others did to a unit between the plan and its execution.

An action rests on what the plan saw: the unit up or down, one InvocationID, no job of somebody
else, our file behind the name. Where that no longer holds the action is dropped and planned anew,
so that nothing a person did in the meantime is undone by a decision made before.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from unitward.model.observed import Observed
from unitward.model.plan import Action, Phase, Verb
from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.asked import (
    was_asked_to_stop,
    was_killed_cleanly,
    was_stopped_while_starting,
)
from unitward.systemd.manager import Manager
from unitward.unitfile.names import parse_name

LOOKED_AT = ("invocation_id", "fragment_path")
UP = frozenset({"active", "reloading", "activating"})
CHANGED = "changed meanwhile"


@dataclass(frozen=True, slots=True)
class Now:
    """Units as they are before a step: their status, and the few details that tell runs apart.

    unit_dir: where unitward's own unit files stand.
    """

    units: dict[str, UnitStatus]
    details: dict[str, UnitDetail]
    unit_dir: Path


async def look_now(
    names: Iterable[str], planned: Observed, unit_dir: Path, manager: Manager
) -> Now:
    """Read the units again: one call for all, and one pipelined batch for those that are loaded.

    Of those that are active, and of which nothing was heard since the plan was made, no more is
    read: they are as they were. Where the plan knew of no run, none can be told from it: only the
    unit's file is asked for.
    A unit whose InvocationID changed is asked how often systemd itself restarted it.
    """
    units = await manager.list_units(sorted(set(names)))
    loaded = [name for name, status in units.items() if status.load not in {"not-found", "masked"}]
    ran = [name for name in loaded if name in planned.details]
    active = {name for name in ran if units[name].active == "active"}
    details = await manager.properties(ran, LOOKED_AT, active=active)
    new = [name for name in loaded if name not in planned.details]
    details.update(await manager.properties(new, ("fragment_path",)) if new else {})
    anew = [name for name in details if _is_new_run(details[name], planned.details.get(name))]
    if anew:
        details.update(await manager.properties(anew, (*LOOKED_AT, "n_restarts")))
    return Now(units, details, unit_dir)


def stale_because(action: Action, planned: Observed, now: Now, ours: Collection[str]) -> str:
    """Return what somebody else did that the action does not rest on, "" where it still fits.

    ours: units that a stop of this pass took down.
    """
    name = action.unit
    status, before = now.units.get(name), planned.units.get(name)
    if status is None or before is None:
        return ""
    by_itself = _restarted_itself(name, planned, now)
    what = (
        _taken_name(name, planned, now)
        or ("" if by_itself or name in ours else _foreign_job(action, before, status))
        or (
            ""
            if by_itself or _was_triggered(name, planned, ours)
            else _other_run(name, planned, now)
        )
        or ("" if name in ours else _other_state(before, status))
    )
    return f"{CHANGED}: {what}; planned anew" if what else ""


def _taken_name(name: str, planned: Observed, now: Now) -> str:
    """Return what stands behind the name that neither stood there before nor is ours."""
    if now.units[name].load == "masked" != planned.units[name].load:
        return "somebody masked it"
    detail, old = now.details.get(name), planned.details.get(name)
    if detail is None or (old is None and planned.units[name].load != "not-found"):
        return ""
    ours = {str(now.unit_dir / own) for own in (name, parse_name(name).template) if own}
    known = {"", old.fragment_path if old else "", planned.shadowed.get(name, "")}
    return "" if detail.fragment_path in known | ours else f"{detail.fragment_path} took its name"


def _foreign_job(action: Action, before: UnitStatus, status: UnitStatus) -> str:
    """Return the job of somebody else that is queued; a start that is wanted too is no obstacle."""
    merges = action.verb is Verb.START and status.job_type == "start"
    if not status.job_id or status.job_id == before.job_id or merges:
        return ""
    return f"somebody queued a {status.job_type} job on it"


def _restarted_itself(name: str, planned: Observed, now: Now) -> bool:
    """Tell whether Restart= brought about the new run: no person asked, and it may never end."""
    detail, old = now.details.get(name), planned.details.get(name)
    return detail is not None and old is not None and detail.n_restarts > old.n_restarts


def _was_triggered(name: str, planned: Observed, ours: Collection[str]) -> bool:
    """Tell whether its socket, say, may have started again what this pass stopped (C5)."""
    old = planned.details.get(name)
    return name in ours and old is not None and any(planned.is_up(n) for n in old.triggered_by)


def _other_run(name: str, planned: Observed, now: Now) -> str:
    detail, old = now.details.get(name), planned.details.get(name)
    if detail is None or not _is_new_run(detail, old):
        return ""
    return "somebody restarted it" if planned.is_up(name) else "somebody started it"


def _is_new_run(detail: UnitDetail, old: UnitDetail | None) -> bool:
    return old is not None and detail.invocation_id not in {"", old.invocation_id}


def _other_state(before: UnitStatus, status: UnitStatus) -> str:
    if before.active in UP and status.active not in UP:
        return "somebody stopped it, or it ended"
    return ""


def taken_down(stopped: Iterable[str], planned: Observed) -> frozenset[str]:
    """Return the units, and all that a stop of them takes down (systemd.unit(5), Requires=)."""
    found: set[str] = set()
    asking = set(stopped)
    while asking:
        name = asking.pop()
        found.add(name)
        detail = planned.details.get(name)
        if detail is not None:
            below = {*detail.required_by, *detail.bound_by, *detail.consists_of}
            asking |= {n for n in below if planned.is_up(n)} - found
    return frozenset(found)


def stopped_together(actions: Iterable[Action]) -> list[frozenset[str]]:
    """Return the units whose stops belong together, as sockets and their service do (C7)."""
    stops = {a.unit: a for a in actions if a.phase is Phase.STOP}
    group_of: dict[str, set[str]] = {}
    for unit, action in stops.items():
        group = {unit, *(n for n in action.neighbours if n in stops)}
        for other in [group_of[name] for name in group if name in group_of]:
            group |= other
        group_of.update(dict.fromkeys(group, group))
    return list({id(group): frozenset(group) for group in group_of.values()}.values())


def was_asked_down(status: UnitStatus, detail: UnitDetail) -> bool:
    """Tell whether a unit is down, or on its way, because somebody asked for that (V6, V9 to V12).

    status, detail: as they are now, `detail` whole.
    """
    if status.job_type == "stop":
        return True
    if status.active not in {"inactive", "failed"} or detail.result in {"timeout", "watchdog"}:
        return False
    return (
        was_stopped_while_starting(detail)
        or was_asked_to_stop(detail)
        or was_killed_cleanly(detail)
    )
