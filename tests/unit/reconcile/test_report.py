"""What is said of every unit after a pass."""

from typing import Any

import pytest

from unitward.model.desired import Desired
from unitward.model.observed import ManagerFacts, Observed
from unitward.model.plan import Action, Phase, Plan, Sync, Verb, Verdict
from unitward.model.recorded import Recorded, RecordedUnit
from unitward.model.report import Outcome, Outcomes, Report, Result
from unitward.model.source import Place, Revision
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.report import make_report
from unitward.reconcile.words import failure_text

REVISION = Revision("r")
OBSERVED = Observed(ManagerFacts(252, "running", "life", 0), 0.0, 0)
START = Action(Phase.RUN, Verb.START, "a.service", "wanted")
UPDATE = Action(Phase.WRITE, Verb.UPDATE, "a.service", "[Service] Nice changed", path="a.service")


def told(verdict: Verdict, *outcomes: Outcome, wish: str = "running", **facts: Any) -> Report:
    """Return the report on one unit."""
    record = RecordedUnit("a.service", Place("a.yaml"), wish=wish)
    plan = Plan(
        REVISION,
        verdicts={"a.service": verdict},
        records={"a.service": record},
        wake_at=50.0,
    )
    return make_report(
        Desired(REVISION),
        Recorded("here"),
        OBSERVED,
        plan,
        Outcomes(outcomes, **facts),
        finished_at=10.0,
    )


@pytest.mark.parametrize(
    ("outcome", "sync", "text"),
    [
        (Outcome(START, Result.DONE), Sync.IN_SYNC, "started: wanted"),
        (Outcome(START, Result.FAILED, "no such file"), Sync.FAILED, "start: no such file"),
        (Outcome(START, Result.PENDING, "still starting"), Sync.STARTING, "start: still starting"),
        (Outcome(START, Result.BUSY, "busy"), Sync.STARTING, "start: busy"),
        (Outcome(UPDATE, Result.STALE, "changed"), Sync.PENDING, "update: changed"),
    ],
)
def test_a_unit_is_what_became_of_its_actions(outcome: Outcome, sync: Sync, text: str) -> None:
    """The worst outcome speaks; success is said in the past tense."""
    (unit,) = told(Verdict(Sync.PENDING, "wanted"), outcome).units
    assert (sync, text) == (unit.verdict.sync, unit.verdict.reason)


def test_done_does_not_mean_running() -> None:
    """O8: a unit that failed right after its start has failed."""
    (unit,) = told(
        Verdict(Sync.PENDING, "wanted"), Outcome(START, Result.DONE), failures={"a.service": "exit"}
    ).units
    assert Verdict(Sync.FAILED, "exit") == unit.verdict


def test_what_no_action_settled_stays_pending() -> None:
    """C16, C17: a written file does not hide that the process waits for the next login."""
    waits = Verdict(Sync.PENDING, "protected: takes effect at next login")
    (unit,) = told(waits, Outcome(UPDATE, Result.DONE)).units
    assert waits == unit.verdict


def test_a_unit_on_its_way_up_is_starting() -> None:
    """O, Waits: done or not, an activating unit is said to be starting."""
    after = {"a.service": UnitStatus("a.service", "loaded", "activating", "start")}
    (unit,) = told(Verdict(Sync.PENDING, "wanted"), Outcome(START, Result.DONE), after=after).units
    assert (Sync.STARTING, "activating") == (unit.verdict.sync, unit.active)


def test_a_removed_unit_is_gone() -> None:
    """R4: what was removed is reported no more."""
    removal = Action(Phase.FORGET, Verb.REMOVE, "a.service", "no longer declared")
    report = told(Verdict(Sync.PENDING, "removed"), Outcome(removal, Result.DONE))
    assert () == report.units


@pytest.mark.parametrize(
    ("result", "wake"), [(Result.FAILED, 40.0), (Result.STALE, 10.1), (Result.DONE, 50.0)]
)
def test_a_failure_wakes_the_loop_earlier(result: Result, wake: float) -> None:
    """What failed is tried again after half a minute, what no longer fits the disk at once."""
    report = told(Verdict(Sync.PENDING, "wanted"), Outcome(START, result))
    assert wake == report.wake_at
    assert (result is Result.FAILED) == report.failed


@pytest.mark.parametrize(("wish", "wake"), [("running", 10.1), ("ran", 50.0)])
def test_a_unit_down_again_is_looked_at_soon(wish: str, wake: float) -> None:
    """V10: what stops a unit within the pass that started it is told by the next, at once."""
    down = UnitStatus("a.service", "loaded", "inactive", "dead")
    report = told(
        Verdict(Sync.PENDING, "wanted"),
        Outcome(START, Result.DONE),
        wish=wish,
        after={"a.service": down},
    )
    assert wake == report.wake_at


def test_a_failed_unit_is_planned_again_soon() -> None:
    """V13: a start that left its unit failed begins a pause, which the next pass names."""
    report = told(
        Verdict(Sync.PENDING, "wanted"),
        Outcome(START, Result.FAILED),
        failures={"a.service": "exit status 1"},
    )
    assert 11.0 == report.wake_at


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"load_error": ("name", "bad line")}, "bad line"),
        ({"result": "exit-code", "exec_main_code": 1, "exec_main_status": 203}, "exit status 203"),
        ({"result": "signal", "exec_main_status": 9}, "killed by signal 9"),
        ({"result": "timeout"}, "timeout"),
    ],
)
def test_a_failure_in_words(facts: dict[str, Any], text: str) -> None:
    """Why a unit failed, the same words in every stage."""
    assert text == failure_text(UnitDetail("a.service", **facts))


def test_a_drop_in_for_many_units_is_settled_by_its_own_action() -> None:
    """C12: a type-wide drop-in that was written is pending no more."""
    path = "service.d/10-all.conf"
    write = Action(Phase.WRITE, Verb.CREATE, "service", "new", path=path)
    plan = Plan(REVISION, verdicts={path: Verdict(Sync.PENDING, "new")})
    outcomes = Outcomes((Outcome(write, Result.DONE),))
    (found,) = make_report(Desired(REVISION), Recorded("here"), OBSERVED, plan, outcomes).units
    assert Verdict(Sync.IN_SYNC, "created: new") == found.verdict


def test_a_unit_that_was_given_up_is_still_told_of() -> None:
    """N4: a forgotten unit that is declared keeps its verdict, which says what to do."""
    forget = Action(Phase.FORGET, Verb.FORGET, "a.service", "forgotten")
    verdict = Verdict(Sync.BLOCKED, "forgotten; take it out of a.yaml:3")
    (found,) = told(verdict, Outcome(forget, Result.DONE)).units
    assert verdict == found.verdict
