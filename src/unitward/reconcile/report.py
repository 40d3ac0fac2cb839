"""Plan + Outcomes -> Report. Pure."""

from unitward.model.desired import Desired
from unitward.model.observed import Observed
from unitward.model.plan import Plan, Sync, Verb, Verdict
from unitward.model.recorded import Recorded
from unitward.model.report import Outcome, Outcomes, Report, Result, UnitReport
from unitward.model.unitstate import UnitStatus

NOTHING = Outcomes()
OVER_PRIVATE_SOCKET = (
    "this account has no bus: unitward works over the private socket of its manager"
)
# What the disk no longer fitted is planned anew at once; the pause is for one who keeps writing.
PAUSES = {Result.FAILED: 30.0, Result.STALE: 0.1}
FAILED_PAUSE = 1.0


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
        action = outcome.action
        # A drop-in for many units at once stands for itself.
        subject = action.unit if action.unit in plan.verdicts else action.path
        by_unit.setdefault(subject or action.unit, []).append(outcome)
    enabled = {link.unit for link in recorded.links.values() if link.path in observed.links}
    enabled |= {
        o.action.unit
        for o in outcomes.outcomes
        if o.action.verb is Verb.ENABLE and o.result is Result.DONE
    }
    gone = {
        o.action.unit
        for o in outcomes.outcomes
        if o.action.verb is Verb.REMOVE and o.result is Result.DONE
    }
    units = tuple(
        _unit_report(
            name, verdict, by_unit.get(name, []), observed, outcomes, plan, name in enabled
        )
        for name, verdict in plan.verdicts.items()
        if name not in gone
    )
    wakes = [plan.wake_at] if plan.wake_at else []
    pauses = [PAUSES[o.result] for o in outcomes.outcomes if o.result in PAUSES]
    # Units that failed have pauses of their own (V), which the next plan names.
    pauses += [FAILED_PAUSE] if outcomes.failures else []
    # Up and down again within the pass: the next one has to tell what happened to it (V).
    pauses += [PAUSES[Result.STALE] for _ in _down_again(plan, outcomes)]
    wakes += [finished_at + pause for pause in pauses if finished_at]
    return Report(
        revision=desired.revision,
        units=units,
        outcomes=outcomes.outcomes,
        problems=desired.problems,
        held=plan.held,
        notes=(*plan.notes, OVER_PRIVATE_SOCKET) if observed.manager.private else plan.notes,
        unavailable=desired.unavailable.reason if desired.unavailable else "",
        wake_at=min(wakes, default=0.0),
        finished_at=finished_at,
    )


def _down_again(plan: Plan, outcomes: Outcomes) -> list[str]:
    """Return units that were started to keep running and are down already, without a failure."""
    started = {
        o.action.unit
        for o in outcomes.outcomes
        if o.action.verb in {Verb.START, Verb.RESTART} and o.result is Result.DONE
    }
    return [
        name
        for name in sorted(started & plan.records.keys() & outcomes.after.keys())
        if plan.records[name].wish == "running" and outcomes.after[name].active == "inactive"
    ]


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
    undone = [o for o in outcomes if o.result is not Result.DONE]
    # What was skipped only follows from what went wrong.
    worst = min(undone, key=lambda o: o.result is Result.SKIPPED, default=None)
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
        Verb.LINK: "link put back",
        Verb.RELEASE: "mark taken off",
        Verb.ENABLE: "enabled",
        Verb.START: "started",
        Verb.STOP: "stopped",
        Verb.RESTART: "restarted",
        Verb.RELOAD: "reloaded",
    }.get(verb, verb.value)
