"""What was read of units holds while nothing is heard."""

from unitward.model.unitstate import UnitDetail
from unitward.systemd.readings import Readings

A, B = UnitDetail("a.service", invocation_id="ab" * 16), UnitDetail("b.service")
RUN, FILE = "invocation_id", "fragment_path"


def test_a_reading_holds_until_something_is_heard() -> None:
    """What was read is known again, for the units asked about, until the news grow."""
    readings = Readings()
    readings.take({"a.service": A, "b.service": B}, [RUN, FILE], 7)
    assert {"a.service": A} == readings.still(["a.service", "c.service"], [RUN], 7)
    assert {} == readings.still(["a.service"], [RUN], 8)
    assert {} == readings.still(["a.service"], [RUN], 7)


def test_a_field_that_was_not_read_is_not_known() -> None:
    """Fewer fields than were read are known; one more makes the unit unknown."""
    readings = Readings()
    readings.take({"a.service": A}, [RUN], 1)
    assert {"a.service": A} == readings.still(["a.service"], [RUN], 1)
    assert {} == readings.still(["a.service"], [RUN, FILE], 1)


def test_readings_of_one_moment_are_kept_together() -> None:
    """A further reading adds to those before it, and ends them where something was heard."""
    readings = Readings()
    readings.take({"a.service": A}, [RUN], 1)
    readings.take({"b.service": B}, [FILE], 1)
    assert {"a.service": A} == readings.still(["a.service", "b.service"], [RUN], 1)
    readings.take({"b.service": B}, [RUN], 2)
    assert {"b.service": B} == readings.still(["a.service", "b.service"], [RUN], 2)


def test_what_was_heard_while_it_was_asked_makes_a_reading_worth_nothing() -> None:
    """An answer may be older or newer than what was heard meanwhile: it is asked for again."""
    readings = Readings()
    readings.take({"a.service": A}, [RUN], 1)
    assert {} == readings.still(["a.service"], [RUN], 2)
