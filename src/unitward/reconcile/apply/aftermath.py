"""What became of the units that a pass acted on: a job that is done is no process that runs."""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import field, replace
from pathlib import Path

from unitward.model.plan import Action, Phase, Plan, Verb
from unitward.model.records import dataclass
from unitward.model.report import Result
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.apply.intents import is_farewell
from unitward.reconcile.apply.meanwhile import CHANGED, UP, was_asked_down
from unitward.reconcile.apply.progress import Progress
from unitward.reconcile.words import failure_text
from unitward.systemd.manager import Manager

SETTLE_SECONDS = 0.03
LOOKED_AT = ("invocation_id", "fragment_path")
OF_THOSE_DOWN = (*LOOKED_AT, "condition_result", "condition_timestamp")
DOWN = frozenset({"inactive", "deactivating"})
PROCESS_VERBS = frozenset({Verb.START, Verb.RESTART, Verb.RELOAD})


@dataclass(frozen=True, slots=True)
class Aftermath:
    """Units as they are after the pass.

    units: every unit that was acted on and is still ours. details: of those that were started,
    restarted or reloaded. given_up: units that somebody else stopped while they were to be started.
    """

    units: Mapping[str, UnitStatus] = field(default_factory=dict)
    details: Mapping[str, UnitDetail] = field(default_factory=dict)
    given_up: frozenset[str] = frozenset()


async def look_again(
    plan: Plan,
    progress: Progress,
    overtaken: frozenset[str],
    active: frozenset[str],
    unit_dir: Path,
    manager: Manager,
) -> Aftermath:
    """Look at every unit of the plan again, and note what ended badly after all.

    overtaken: units on which another's job or action came before ours. active: units that were
    restarted only on condition that they still ran.
    """
    touched = sorted(
        {a.unit for a in plan.actions if a.unit and not a.unit.endswith(".d")} - _gone(progress)
    )
    if not touched:
        return Aftermath()
    started = [
        action
        for action, outcome in progress.results.items()
        if action.verb in PROCESS_VERBS and outcome.result not in {Result.SKIPPED, Result.STALE}
    ]
    early = await _while_they_settle({a.unit for a in started}, manager) if started else {}
    units = await manager.list_units(touched)
    names = sorted({a.unit for a in started} & units.keys())
    details = await _details(names, units, early, manager)
    late = {
        action.unit
        for action in started
        if action.verb is Verb.RESTART
        and action.phase is not Phase.OWN  # nobody waits for that job
        and action.unit in active & details.keys()
        and _is_as_it_was(action, details[action.unit])
        and progress.results[action].result is Result.DONE
    }
    ours = {a.path for a in plan.actions if a.content}
    for action in started:
        detail = details.get(action.unit)
        if action.unit in late:
            progress.fail(action, Result.STALE, f"{CHANGED}: somebody stopped it; planned anew")
        elif detail is not None:
            _judge(action, detail, unit_dir, progress, is_ours=action.unit in ours)
    given_up = await _given_up(overtaken | late, units, manager)
    return Aftermath(units, details, given_up)


def _gone(progress: Progress) -> set[str]:
    """Return the units that are none of ours any more: asked for, they would be loaded again."""
    outcomes = progress.results.values()
    done = [outcome.action for outcome in outcomes if outcome.result is Result.DONE]
    return {action.unit for action in done if is_farewell(action)}


async def _while_they_settle(
    names: Collection[str], manager: Manager
) -> dict[str, tuple[UnitStatus, UnitDetail]]:
    """Wait for those that end at once, and read meanwhile of those that are up which run it is.

    Of 100 services that is 200 questions, of 15 ms.
    """
    began = time.monotonic()
    units = await manager.list_units(sorted(names))
    up = [name for name, status in units.items() if status.active == "active"]
    details = await manager.properties(up, LOOKED_AT)
    await asyncio.sleep(began + SETTLE_SECONDS - time.monotonic())
    return {name: (units[name], detail) for name, detail in details.items()}


async def _details(
    names: list[str],
    units: Mapping[str, UnitStatus],
    early: Mapping[str, tuple[UnitStatus, UnitDetail]],
    manager: Manager,
) -> dict[str, UnitDetail]:
    """Read no more of each unit than its state asks for: of most, only which run it is.

    early: what was read of units while they settled, and the state in which they were: it holds
    of those that are still in that state.
    """
    down = [name for name in names if units[name].active in DOWN]
    failed = [name for name in names if units[name].active == "failed"]
    found = {n: early[n][1] for n in names if n in early and early[n][0] == units[n]}
    up = sorted({*names} - {*down, *failed, *found})
    found.update(await manager.properties(up, LOOKED_AT) if up else {})
    found.update(await manager.properties(down, OF_THOSE_DOWN) if down else {})
    known = {n: replace(detail, active_state=units[n].active) for n, detail in found.items()}
    return known | (await manager.details(failed) if failed else {})


def _is_as_it_was(action: Action, detail: UnitDetail) -> bool:
    """Tell whether a restart found its unit down: no new run began, nor was refused."""
    down = detail.active_state in {"inactive", "deactivating"} and detail.condition_result
    return down and detail.invocation_id in {"", action.invocation}


def _judge(
    action: Action, detail: UnitDetail, unit_dir: Path, progress: Progress, *, is_ours: bool
) -> None:
    result = progress.results[action].result
    if result is Result.BUSY:
        return
    if result is Result.FAILED or detail.active_state == "failed":
        if detail.active_state == "failed":
            progress.fail(action, Result.FAILED, failure_text(detail))
        return
    if detail.active_state == "inactive" and detail.condition_timestamp:
        if not detail.condition_result:
            progress.note(action, result, "skipped: a condition of it does not hold")
        return
    if is_ours and detail.fragment_path not in {"", str(unit_dir / action.unit)}:
        progress.fail(action, Result.FAILED, f"shadowed by {detail.fragment_path}")


async def _given_up(
    overtaken: frozenset[str], units: Mapping[str, UnitStatus], manager: Manager
) -> frozenset[str]:
    """Return the units that somebody asked down while they were to be started or restarted.

    Their open intent would undo that: what is open is finished by the next pass (V8).
    """
    down = sorted(
        name
        for name in overtaken & units.keys()
        if units[name].active not in UP or units[name].job_type == "stop"
    )
    details = await manager.details(down) if down else {}
    return frozenset(
        name for name, detail in details.items() if was_asked_down(units[name], detail)
    )
