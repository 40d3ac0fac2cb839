"""Plans and reports as documents: what `-o json` prints and what the ledger publishes. Pure.

The shapes are promises to scripts; docs/output.md explains them, docs/schemas/ checks them.
"""

from collections.abc import Sequence
from typing import TypedDict

from unitward.model.plan import Action, Held, Plan, Verdict
from unitward.model.report import Outcome, Report, UnitReport
from unitward.model.source import Place, Problem
from unitward.reconcile.problem_document import ProblemDocument, problem_document

PLAN_SCHEMA = "unitward/plan/v1"
STATUS_SCHEMA = "unitward/status/v1"


class ActionDocument(TypedDict):
    """One action of a plan."""

    action: str
    unit: str
    path: str
    reason: str
    source: str
    summary: str


class OutcomeDocument(ActionDocument):
    """One action of a pass, and how it ended."""

    result: str
    detail: str


class VerdictDocument(TypedDict):
    """How one unit stands; `until` is wall-clock seconds, 0 for a verdict without an end."""

    name: str
    sync: str
    reason: str
    until: float


class UnitDocument(VerdictDocument):
    """How one unit stands, and what the manager says of it."""

    active: str
    sub: str
    enabled: bool
    source: str


class HeldDocument(TypedDict):
    """What waits for `unitward approve DIGEST`."""

    reason: str
    units: list[str]
    digest: str


class PlanDocument(TypedDict):
    """What `unitward plan -o json` prints."""

    schema: str
    revision: str
    digest: str
    unavailable: str
    actions: list[ActionDocument]
    units: list[VerdictDocument]
    held: list[HeldDocument]
    notes: list[str]
    problems: list[ProblemDocument]


class FailingDocument(TypedDict):
    """The daemon's passes fail, the first of them `since`; reason and hint are of the last."""

    since: float
    reason: str
    hint: str


class StatusDocument(TypedDict):
    """What `unitward status -o json` prints; times are wall-clock seconds, 0 for none.

    daemon: process id of the daemon, 0 when none runs; failing: None while its passes end
    well. Only the command knows these two.
    """

    schema: str
    revision: str
    trigger: str
    finished_at: float
    next_at: float
    daemon: int
    failing: FailingDocument | None
    unavailable: str
    units: list[UnitDocument]
    actions: list[OutcomeDocument]
    held: list[HeldDocument]
    notes: list[str]
    problems: list[ProblemDocument]


def plan_document(plan: Plan, problems: Sequence[Problem], unavailable: str = "") -> PlanDocument:
    """Return the document of a plan; `unavailable` says why the source could not be read."""
    return {
        "schema": PLAN_SCHEMA,
        "revision": str(plan.revision),
        "digest": plan.digest,
        "unavailable": unavailable,
        "actions": [action_document(action) for action in plan.actions],
        "units": [_verdict(name, verdict) for name, verdict in plan.verdicts.items()],
        "held": [_held(held) for held in plan.held],
        "notes": list(plan.notes),
        "problems": [problem_document(problem) for problem in problems],
    }


def action_document(action: Action) -> ActionDocument:
    """Return the document of one action."""
    return {
        "action": action.verb.value,
        "unit": action.unit,
        "path": action.path,
        "reason": action.reason,
        "source": source(action.place),
        "summary": action.summary,
    }


def report_document(report: Report, trigger: str = "") -> StatusDocument:
    """Return the document of a finished pass, or of a look at the account."""
    return {
        "schema": STATUS_SCHEMA,
        "revision": str(report.revision),
        "trigger": trigger,
        "finished_at": report.finished_at,
        "next_at": report.wake_at,
        "daemon": 0,
        "failing": None,
        "unavailable": report.unavailable,
        "units": [unit_document(unit) for unit in report.units],
        "actions": [outcome_document(outcome) for outcome in report.outcomes],
        "held": [_held(held) for held in report.held],
        "notes": list(report.notes),
        "problems": [problem_document(problem) for problem in report.problems],
    }


def unit_document(unit: UnitReport) -> UnitDocument:
    """Return the document of one unit after a pass."""
    return {
        **_verdict(unit.name, unit.verdict),
        "active": unit.active,
        "sub": unit.sub,
        "enabled": unit.enabled,
        "source": source(unit.place),
    }


def outcome_document(outcome: Outcome) -> OutcomeDocument:
    """Return the document of one action and how it ended."""
    return {
        **action_document(outcome.action),
        "result": outcome.result.value,
        "detail": outcome.detail,
    }


def _verdict(name: str, verdict: Verdict) -> VerdictDocument:
    return {
        "name": name,
        "sync": verdict.sync.value,
        "reason": verdict.reason,
        "until": verdict.until,
    }


def _held(held: Held) -> HeldDocument:
    return {"reason": held.reason, "units": list(held.units), "digest": held.digest}


def source(place: Place | None) -> str:
    """Return `file:line`, the file alone where no line is known."""
    if place is None:
        return ""
    return f"{place.file}:{place.line}" if place.line else place.file
