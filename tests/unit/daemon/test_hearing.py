"""What the daemon takes for its own doing, and what asks for another pass."""

from unitward.daemon.hearing import Hearing, left_behind
from unitward.model.plan import Action, Phase, Sync, Verb, Verdict
from unitward.model.report import Outcome, Report, Result, UnitReport
from unitward.model.source import Revision
from unitward.model.unitstate import UnitStatus

UNIT = "a.service"
UP = {UNIT: UnitStatus(UNIT, "loaded", "active", "running")}


def report(verb: Verb, active: str, *, of: str = UNIT, neighbours: tuple[str, ...] = ()) -> Report:
    """Return the report of a pass with one action, after which the unit has that state."""
    action = Action(Phase.WRITE, verb, of, "", neighbours=neighbours)
    unit = UnitReport(UNIT, Verdict(Sync.IN_SYNC), active, "", enabled=True, place=None)
    return Report(Revision("0" * 64), (unit,), (Outcome(action, Result.DONE),))


def heard_in_a_pass(state: str, done: Report) -> list[str]:
    """Return the units that ask for another pass after one in which a state was heard."""
    hearing = Hearing()
    hearing.pass_begins()
    hearing.look_begins()
    hearing.unit_changed(UNIT, state)
    hearing.pass_looked(left_behind(UP, done), done)
    units, _ = hearing.pass_ends()
    return units


def test_what_the_pass_stopped_is_its_own_doing() -> None:
    """A unit that the pass itself stopped, or took down with another, asks for nothing."""
    assert [] == heard_in_a_pass("inactive", report(Verb.STOP, "inactive"))
    with_another = report(Verb.STOP, "inactive", of="b.service", neighbours=(UNIT,))
    assert [] == heard_in_a_pass("inactive", with_another)


def test_a_stop_by_hand_while_the_pass_enables() -> None:
    """A unit that somebody stopped while the pass did something else to it is looked at again."""
    assert [UNIT] == heard_in_a_pass("inactive", report(Verb.ENABLE, "inactive"))


def test_a_unit_that_came_back() -> None:
    """One that went down and is up again when the pass ends is as it was."""
    assert [] == heard_in_a_pass("active", report(Verb.ENABLE, "active"))
