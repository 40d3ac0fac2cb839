"""Which intents stay open after a pass."""

import pytest

from unitward.model.plan import Action, Phase, Plan, Verb
from unitward.model.recorded import Intent, IntentKind, Recorded
from unitward.model.report import Outcome, Result
from unitward.model.source import Revision
from unitward.reconcile.apply.intents import closed_by, intent_of

WRITE = Action(Phase.WRITE, Verb.UPDATE, "a.service", "changed", path="a.service", digest="d")
RESTART = Action(Phase.RUN, Verb.RESTART, "a.service", "changed", run_digest="r", invocation="1")
INSTANCE = Action(Phase.RUN, Verb.RESTART, "w@x.service", "changed", run_digest="r")
TEMPLATE = Action(Phase.WRITE, Verb.UPDATE, "w@.service", "changed", path="w@.service")


def is_open(
    of: Action, *outcomes: Outcome, old: tuple[Intent, ...] = (), given_up: tuple[str, ...] = ()
) -> bool:
    """Tell whether the intent of an action is open after a pass with these outcomes."""
    actions = tuple(dict.fromkeys((*(o.action for o in outcomes), of)))
    intent = intent_of(of)
    assert intent is not None
    closed = closed_by(
        Plan(Revision("r"), actions=actions),
        Recorded("here", intents=old),
        {o.action: o for o in outcomes},
        {intent: 7},
        undone=(),
        given_up=given_up,
    )
    return 7 not in closed


@pytest.mark.parametrize(
    ("result", "stays"),
    [(Result.DONE, False), (Result.FAILED, False), (Result.PENDING, True), (Result.BUSY, True)],
)
def test_after_its_job(result: Result, *, stays: bool) -> None:
    """What ended is over, well or badly; what is under way is still owed."""
    assert stays == is_open(RESTART, Outcome(WRITE, Result.DONE), Outcome(RESTART, result))


def test_never_begun() -> None:
    """A restart before which nothing was changed is not owed."""
    assert not is_open(RESTART, Outcome(WRITE, Result.STALE), Outcome(RESTART, Result.SKIPPED))
    assert is_open(RESTART, Outcome(WRITE, Result.DONE), Outcome(RESTART, Result.SKIPPED))


def test_cut_short() -> None:
    """A pass that ends in the middle of an action owes what would have come after it."""
    assert is_open(RESTART)


def test_owed_from_before() -> None:
    """What an interrupted pass owes stays owed when this one does not come to it."""
    skipped = (Outcome(WRITE, Result.SKIPPED), Outcome(RESTART, Result.SKIPPED))
    own = Intent(3, "a.service", IntentKind.RUN)
    stop = Intent(3, "b.service", IntentKind.STOP, neighbours=("a.service",))
    assert is_open(RESTART, *skipped, old=(own,))
    assert is_open(RESTART, *skipped, old=(stop,))
    assert not is_open(RESTART, *skipped)


def test_written_template() -> None:
    """An instance is owed its restart once its template is written."""
    assert is_open(INSTANCE, Outcome(TEMPLATE, Result.DONE), Outcome(INSTANCE, Result.STALE))
    assert not is_open(INSTANCE, Outcome(TEMPLATE, Result.STALE), Outcome(INSTANCE, Result.SKIPPED))


def test_given_up() -> None:
    """What a person stopped meanwhile is not owed a start, whatever was written."""
    outcomes = (Outcome(WRITE, Result.DONE), Outcome(RESTART, Result.BUSY))
    assert not is_open(RESTART, *outcomes, given_up=("a.service",))
