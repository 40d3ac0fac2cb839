"""Plan + Outcomes -> Report. Pure."""

from unitward.model.desired import Desired
from unitward.model.observed import Observed
from unitward.model.plan import Plan, Sync, Verb, Verdict
from unitward.model.recorded import Recorded
from unitward.model.report import Outcome, Outcomes, Report, Result, UnitReport
from unitward.model.unitstate import UnitStatus

NOTHING = Outcomes()
RETRY_SECONDS = 30.0


def make_report(
    desired: Desired,
    recorded: Recorded,
    observed: Observed,
    plan: Plan,
    outcomes: Outcomes = NOTHING,
    *,
    finished_at: float = 0.0,
) -> Report:
    """Say how every unit stands after the pass.

    Without outcomes (a plan that was not carried out) units keep the plan's verdicts.
    """
    by_unit: dict[str, list[Outcome]] = {}
    for outcome in outcomes.outcomes:
        by_unit.setdefault(outcome.action.unit, []).append(outcome)
    enabled = {link.unit for link in recorded.links.values() if link.path in observed.links}
    enabled |= {
        o.action.unit
        for o in outcomes.outcomes
        if o.action.verb is Verb.ENABLE and o.result is Result.DONE
    }
    gone = {
        o.action.unit
        for o in outcomes.outcomes
        if o.action.verb is Verb.FORGET and o.result is Result.DONE
    }
    units = tuple(
        _unit_report(
            name, verdict, by_unit.get(name, []), observed, outcomes, plan, name in enabled
        )
        for name, verdict in plan.verdicts.items()
        if name not in gone
    )
    retry = any(o.result in {Result.FAILED, Result.STALE} for o in outcomes.outcomes)
    wakes = [plan.wake_at] if plan.wake_at else []
    wakes += [finished_at + RETRY_SECONDS] if retry and finished_at else []
    return Report(
        revision=desired.revision,
        units=units,
        outcomes=outcomes.outcomes,
        problems=desired.problems,
        held=plan.held,
        notes=plan.notes,
        unavailable=desired.unavailable.reason if desired.unavailable else "",
        wake_at=min(wakes, default=0.0),
        finished_at=finished_at,
    )


def _unit_report(
    name: str,
    verdict: Verdict,
    outcomes: list[Outcome],
    observed: Observed,
    all_outcomes: Outcomes,
    plan: Plan,
    enabled: bool,
) -> UnitReport:
    status = all_outcomes.after.get(name) or observed.units.get(name)
    return UnitReport(
        name=name,
        verdict=_after(verdict, outcomes, status, all_outcomes.failures.get(name, "")),
        active=status.active if status else "inactive",
        sub=status.sub if status else "dead",
        enabled=enabled,
        place=plan.places.get(name),
    )


def _after(
    verdict: Verdict, outcomes: list[Outcome], status: UnitStatus | None, failure: str
) -> Verdict:
    """Return the verdict once the unit's actions ended."""
    if not outcomes:
        return verdict
    worst = next((o for o in outcomes if o.result is not Result.DONE), None)
    if worst is not None:
        text = f"{worst.action.verb}: {worst.detail or worst.result.value}"
        match worst.result:
            case Result.FAILED:
                return Verdict(Sync.FAILED, text)
            case Result.PENDING if worst.action.verb is Verb.STOP:
                return Verdict(Sync.STOPPING, text)
            case Result.PENDING | Result.BUSY if worst.action.verb in {Verb.START, Verb.RESTART}:
                return Verdict(Sync.STARTING, text)
            case _:
                return Verdict(Sync.PENDING, text)
    if failure:
        return Verdict(Sync.FAILED, failure)
    skipped = next((o.detail for o in outcomes if o.detail), "")
    if skipped:
        return Verdict(Sync.SKIPPED, skipped)
    if status is not None and status.active == "activating":
        return Verdict(Sync.STARTING, "on its way up")
    last = outcomes[-1].action
    if verdict.sync is Sync.PENDING and verdict.reason in {o.action.reason for o in outcomes}:
        return Verdict(Sync.IN_SYNC, f"{_past(last.verb)}: {last.reason}")
    return verdict


def _past(verb: Verb) -> str:
    return {
        Verb.CREATE: "created",
        Verb.UPDATE: "updated",
        Verb.RESTORE: "put back",
        Verb.DELETE: "file removed",
        Verb.UNLINK: "link removed",
        Verb.ENABLE: "enabled",
        Verb.START: "started",
        Verb.STOP: "stopped",
        Verb.RESTART: "restarted",
        Verb.RELOAD: "reloaded",
    }.get(verb, verb.value)
