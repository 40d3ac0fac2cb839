"""Whether an action still rests on what its plan saw."""

from dataclasses import replace
from pathlib import Path

import pytest

from unitward.model.observed import ManagerFacts, Observed
from unitward.model.plan import Action, Phase, Verb
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.apply.meanwhile import (
    Now,
    stale_because,
    stopped_together,
    taken_down,
    was_asked_down,
)

UNIT_DIR = Path("/home/u/.config/systemd/user")
A = "a.service"
RUNS = UnitStatus(A, "loaded", "active", "running")
DOWN = UnitStatus(A, "loaded", "inactive", "dead")
NEW = UnitStatus(A, "not-found", "inactive", "dead")
OURS = UnitDetail(A, invocation_id="1", fragment_path=str(UNIT_DIR / A))


def action(verb: Verb, phase: Phase = Phase.RUN) -> Action:
    """Return an action on the unit."""
    return Action(phase, verb, A, "changed")


def why(
    verb: Verb,
    before: UnitStatus,
    status: UnitStatus,
    *,
    old: UnitDetail | None = OURS,
    detail: UnitDetail = OURS,
    ours: frozenset[str] = frozenset(),
) -> str:
    """Return why the action is stale when the unit was `before` and is `status`."""
    planned = Observed(
        ManagerFacts(252, "running", "life", 0),
        0.0,
        0,
        units={A: before},
        details={A: old} if old else {},
    )
    now = Now({A: status}, {A: detail}, UNIT_DIR)
    return stale_because(action(verb), planned, now, ours)


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.RESTART, Verb.RELOAD])
def test_same_run(verb: Verb) -> None:
    """What runs as the plan saw it is acted on."""
    assert "" == why(verb, RUNS, RUNS)


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.RESTART, Verb.RELOAD])
def test_another_run(verb: Verb) -> None:
    """A new InvocationID is a person's restart, unless systemd counted one of its own."""
    again = replace(OURS, invocation_id="2")
    assert "somebody restarted it" in why(verb, RUNS, RUNS, detail=again)
    assert "" == why(verb, RUNS, RUNS, detail=replace(again, n_restarts=1))


def test_went_down() -> None:
    """A unit that is down now is not restarted, unless our own stop took it down."""
    assert "stopped it, or it ended" in why(Verb.RESTART, RUNS, DOWN)
    assert "" == why(Verb.RESTART, RUNS, DOWN, ours=frozenset({A}))


def test_started() -> None:
    """A start of what somebody started first is dropped; a new unit of ours is no stranger."""
    detail = replace(OURS, invocation_id="2")
    assert "somebody started it" in why(Verb.START, DOWN, RUNS, detail=detail)
    assert "" == why(Verb.START, NEW, RUNS, old=None, detail=detail)


@pytest.mark.parametrize(
    ("verb", "job", "dropped"),
    [
        (Verb.START, "start", False),
        (Verb.START, "stop", True),
        (Verb.RESTART, "restart", True),
        (Verb.STOP, "reload", True),
    ],
)
def test_foreign_job(verb: Verb, job: str, *, dropped: bool) -> None:
    """A job that is queued by now is somebody else's; only a start merges with a start."""
    before = DOWN if verb is Verb.START else RUNS
    queued = replace(before, job_id=7, job_type=job)
    assert dropped == (f"a {job} job" in why(verb, before, queued))
    assert "" == why(verb, queued, queued)


def test_name_is_taken() -> None:
    """Another file behind the name drops the action, the files of the plan do not."""
    theirs = replace(OURS, fragment_path="/run/user/1/systemd/transient/a.service")
    assert "took its name" in why(Verb.START, NEW, NEW, old=None, detail=theirs)
    assert "took its name" in why(Verb.RESTART, RUNS, RUNS, detail=theirs)
    assert "" == why(Verb.RESTART, RUNS, RUNS, old=theirs, detail=OURS)
    assert "somebody masked it" in why(Verb.START, DOWN, replace(DOWN, load="masked"))


def test_what_a_stop_takes_down() -> None:
    """The units that need a stopped one go down with it, and those that need them."""
    status = {name: replace(RUNS, name=name) for name in ("a", "b", "c", "d")}
    details = {
        "a": UnitDetail("a", required_by=("b",)),
        "b": UnitDetail("b", consists_of=("c",)),
    }
    planned = Observed(
        ManagerFacts(252, "running", "life", 0), 0.0, 0, units=status, details=details
    )
    assert {"a", "b", "c"} == taken_down(["a"], planned)


def test_stops_that_belong_together() -> None:
    """Stops that name each other as neighbours are one group, others stand alone."""
    stops = [
        Action(Phase.STOP, Verb.STOP, "k.socket", "", neighbours=("k.service",)),
        Action(Phase.STOP, Verb.STOP, "k.service", "", neighbours=("k.socket", "above.service")),
        Action(Phase.STOP, Verb.STOP, A, ""),
    ]
    assert {frozenset({"k.socket", "k.service"}), frozenset({A})} == set(stopped_together(stops))


def test_stops_joined_by_one_that_comes_later() -> None:
    """Two groups become one by a stop that names a unit of each."""
    stops = [
        Action(Phase.STOP, Verb.STOP, "a.socket", "", neighbours=("a.service",)),
        Action(Phase.STOP, Verb.STOP, "a.service", ""),
        Action(Phase.STOP, Verb.STOP, "b.socket", "", neighbours=("b.service",)),
        Action(Phase.STOP, Verb.STOP, "b.service", ""),
        Action(Phase.STOP, Verb.STOP, "c.service", "", neighbours=("a.service", "b.socket")),
    ]
    assert [frozenset(stop.unit for stop in stops)] == stopped_together(stops)


def test_asked_down() -> None:
    """A stop is told from an end of the unit's own by which came first."""
    asked = replace(
        OURS,
        inactive_exit_timestamp=1,
        active_enter_timestamp=2,
        exec_main_start_timestamp=2,
        active_exit_timestamp=5,
        exec_main_exit_timestamp=6,
    )
    assert was_asked_down(DOWN, asked)
    ended = replace(asked, exec_main_exit_timestamp=4, exec_main_code=1)
    assert not was_asked_down(DOWN, ended)
    assert not was_asked_down(RUNS, asked)
    assert was_asked_down(replace(RUNS, job_id=1, job_type="stop"), asked)
    assert not was_asked_down(DOWN, replace(asked, result="timeout"))
