"""When a pass is due: a table of times, no clock."""

import pytest

from unitward.daemon.triggers import STATE_PAUSE, Triggers
from unitward.sources.settle import Settle


def triggers(resync: float = 600.0) -> Triggers:
    """Return triggers after a first pass at the time 0."""
    made = Triggers(Settle(0.1, 2.0), resync)
    made.ask("start", 0.0)
    assert made.take(0.0) is not None
    return made


def test_resync() -> None:
    """Without any event the next pass is due after `resync`."""
    due = triggers(600.0)
    assert 600.0 == due.wait(0.0)
    assert due.take(599.9) is None
    taken = due.take(600.0)
    assert taken is not None
    assert ("resync",) == taken.reasons


def test_source_has_to_become_quiet() -> None:
    """A change of the source is read once it was quiet for the settling time, and once only."""
    due = triggers()
    due.source_changed(10.0)
    due.source_changed(10.05)
    assert due.take(10.1) is None
    taken = due.take(10.16)
    assert taken is not None
    assert taken.settled
    assert ("the source changed",) == taken.reasons
    assert due.take(10.3) is None


def test_one_look_ahead_for_each_pass() -> None:
    """Once the source rests it may be looked at before its pass, once if it stays as it is."""
    due = triggers()
    assert due.until_look_ahead(9.0) is None
    due.source_changed(10.0)
    due.source_changed(10.005)
    assert 0.003 == pytest.approx(due.until_look_ahead(10.005))
    assert 0.0 == due.until_look_ahead(10.02)
    due.looks_ahead(10.02)
    due.source_changed(10.01)
    assert due.until_look_ahead(10.05) is None
    assert due.take(10.14) is not None
    assert due.until_look_ahead(10.2) is None
    due.source_changed(11.0)
    assert due.until_look_ahead(11.0) is not None


def test_one_more_look_ahead_at_what_came_during_the_first() -> None:
    """A source that changed while it was looked at is looked at again once it rests, and no more.

    That one needs more quiet: what is written to all the time is not read all the time.
    """
    due = triggers()
    due.source_changed(10.0)
    due.looks_ahead(10.004)
    due.source_changed(10.006)
    assert 0.011 == pytest.approx(due.until_look_ahead(10.01))
    due.source_changed(10.03)
    assert 0.0 == due.until_look_ahead(10.06)
    due.looks_ahead(10.06)
    due.source_changed(10.07)
    assert due.until_look_ahead(10.1) is None
    assert due.take(10.171) is not None


def test_a_change_counts_from_when_it_was_heard() -> None:
    """T: a change that is told late is read when it was quiet since it was heard."""
    due = triggers()
    due.source_changed(10.01)
    due.source_changed(10.0)
    assert 0.01 == pytest.approx(due.wait(10.1))
    taken = due.take(10.12)
    assert taken is not None
    assert taken.settled


def test_a_look_ahead_stands_for_a_pass_of_the_source_alone() -> None:
    """Whatever else is due, or waits for its turn, has the pass look for itself."""

    def is_alone(due: Triggers) -> bool:
        due.source_changed(10.0)
        taken = due.take(10.2)
        assert taken is not None
        return taken.alone

    assert is_alone(triggers())
    heard, asked, late, alarmed = triggers(), triggers(), triggers(10.1), triggers()
    heard.unit_changed("a.service", 10.19)
    asked.ask("connected again", 10.0, 30.0)
    alarmed.set_alarm(10.1)
    for due in (heard, asked, late, alarmed):
        assert not is_alone(due)
    written = triggers()
    for step in range(201):
        written.source_changed(10.0 + step / 100)
    forced = written.take(12.0)
    assert forced is not None
    assert not forced.settled
    assert not forced.alone


def test_constant_writes_end_at_the_cap() -> None:
    """Under constant writes a pass is made at the cap, and knows that it is not settled."""
    due = triggers()
    for step in range(201):
        due.source_changed(10.0 + step / 100)
    taken = due.take(12.0)
    assert taken is not None
    assert not taken.settled


def test_a_reading_cut_short_is_followed_by_a_settled_one() -> None:
    """R2: after a pass at the cap one more is due when the source became quiet, and no third."""
    due = triggers()
    for step in range(201):
        due.source_changed(10.0 + step / 100)
    assert due.take(12.0) is not None
    assert due.take(12.05) is None
    taken = due.take(12.11)
    assert taken is not None
    assert taken.settled
    assert due.take(13.0) is None


def test_nothing_is_read_while_the_source_settles() -> None:
    """What else becomes due waits for the source, so that one save is one pass."""
    due = triggers()
    due.source_changed(10.0)
    due.ask("asked for", 10.0)
    assert due.take(10.05) is None
    taken = due.take(10.2)
    assert taken is not None
    assert ("asked for", "the source changed") == taken.reasons


def test_one_state_pass_in_five_seconds() -> None:
    """A unit that flaps causes one pass in five seconds; another unit is not held up by it."""
    due = triggers()
    due.unit_changed("a.service", 10.0)
    assert due.take(10.1) is not None
    due.unit_changed("a.service", 10.2)
    assert due.take(11.0) is None
    due.unit_changed("b.service", 11.0)
    taken = due.take(11.1)
    assert taken is not None
    assert ("b.service changed",) == taken.reasons
    assert due.take(10.1 + STATE_PAUSE) is not None


def test_alarm_rings_once() -> None:
    """A moment that the last pass named makes one pass."""
    due = triggers()
    due.set_alarm(20.0)
    assert due.take(19.9) is None
    assert due.take(20.0) is not None
    assert due.take(20.1) is None


def test_earlier_asking_wins() -> None:
    """Asking again for later does not put off a pass that is due sooner."""
    due = triggers()
    due.ask("again", 10.0, delay=1.0)
    due.ask("again", 10.0, delay=30.0)
    assert due.take(11.0) is not None


def test_new_settings_keep_an_unread_change() -> None:
    """New settings do not forget that the source changed."""
    due = triggers()
    due.source_changed(10.0)
    due.use(Settle(1.0, 2.0), 60.0)
    assert due.take(10.5) is None
    taken = due.take(11.0)
    assert taken is not None
    assert ("the source changed",) == taken.reasons
