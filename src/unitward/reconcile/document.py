"""Plans and reports as documents: what `-o json` prints and what the ledger publishes. Pure.

The shapes are promises to scripts; docs/output.md lists them.
"""

from collections.abc import Sequence
from typing import Any

from unitward.model.plan import Action, Held, Plan, Verdict
from unitward.model.report import Outcome, Report, UnitReport
from unitward.model.source import Problem

PLAN_SCHEMA = "unitward/plan/v1"
STATUS_SCHEMA = "unitward/status/v1"
VALIDATE_SCHEMA = "unitward/validate/v1"

Document = dict[str, Any]


def plan_document(plan: Plan, problems: Sequence[Problem]) -> Document:
    """Return the document of a plan."""
    return {
        "schema": PLAN_SCHEMA,
        "revision": str(plan.revision),
        "digest": plan.digest,
        "actions": [action_document(action) for action in plan.actions],
        "units": [{"name": name, **_verdict(verdict)} for name, verdict in plan.verdicts.items()],
        "held": [_held(held) for held in plan.held],
        "notes": list(plan.notes),
        "problems": [problem_document(problem) for problem in problems],
    }


def action_document(action: Action) -> Document:
    """Return the document of one action."""
    return {
        "action": action.verb.value,
        "unit": action.unit,
        "path": action.path,
        "reason": action.reason,
        "source": _source(action),
        "summary": action.summary,
    }


def _source(action: Action) -> str:
    if action.place is None:
        return ""
    return f"{action.place.file}:{action.place.line}" if action.place.line else action.place.file


def report_document(report: Report, trigger: str = "") -> Document:
    """Return the document of a finished pass, or of a look at the account."""
    return {
        "schema": STATUS_SCHEMA,
        "revision": str(report.revision),
        "trigger": trigger,
        "finished_at": report.finished_at,
        "next_at": report.wake_at,
        "unavailable": report.unavailable,
        "units": [unit_document(unit) for unit in report.units],
        "actions": [outcome_document(outcome) for outcome in report.outcomes],
        "held": [_held(held) for held in report.held],
        "notes": list(report.notes),
        "problems": [problem_document(problem) for problem in report.problems],
    }


def unit_document(unit: UnitReport) -> Document:
    """Return the document of one unit after a pass."""
    return {
        "name": unit.name,
        **_verdict(unit.verdict),
        "active": unit.active,
        "sub": unit.sub,
        "enabled": unit.enabled,
        "source": str(unit.place) if unit.place else "",
    }


def outcome_document(outcome: Outcome) -> Document:
    """Return the document of one action and how it ended."""
    return {
        **action_document(outcome.action),
        "result": outcome.result.value,
        "detail": outcome.detail,
    }


def problem_document(problem: Problem) -> Document:
    """Return the document of one problem of the source."""
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        "unit": problem.unit,
        "lint": problem.lint,
        "snippet": problem.snippet,
    }


def validate_document(problems: Sequence[Problem]) -> Document:
    """Return the document of a validation."""
    return {
        "schema": VALIDATE_SCHEMA,
        "problems": [problem_document(problem) for problem in problems],
    }


def _verdict(verdict: Verdict) -> Document:
    return {"sync": verdict.sync.value, "reason": verdict.reason, "until": verdict.until}


def _held(held: Held) -> Document:
    return {"reason": held.reason, "units": list(held.units), "digest": held.digest}
