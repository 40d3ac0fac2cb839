"""What a unit says by itself is read once, and anew for every other unit."""

from dataclasses import replace

from unitward.model.declared import Policy, State
from unitward.model.desired import DesiredFile, DesiredUnit
from unitward.model.source import Place
from unitward.reconcile.traits import traits_of
from unitward.unitfile.syntax import parse

PLACE = Place("a.yaml", 1)


def declared(name: str, body: str) -> DesiredUnit:
    """Return a unit with a file of its own."""
    text = parse(body.encode()).text
    return DesiredUnit(name, PLACE, text, fragment=DesiredFile(name, b"", "", PLACE, text))


def test_what_a_unit_says() -> None:
    """W, C6: what pulls a unit in is expanded; resets count; a oneshot that stays does not end."""
    body = (
        "[Unit]\nConflicts=b.service\nRefuseManualStart=yes\n"
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/a\n"
        "[Install]\nWantedBy=gone.target\nWantedBy=\nWantedBy=%i.target x.target\n"
    )
    traits = traits_of(declared("a@b.service", body))
    assert ("b.target", "x.target") == traits.installs_into
    assert traits.enabling
    assert traits.is_oneshot
    assert not traits.ends
    assert traits.refuses_start
    assert ("b.service",) == traits.conflicts


def test_units_without_keys_to_read() -> None:
    """A unit that says nothing of itself wants no links, starts nothing and conflicts with none."""
    traits = traits_of(declared("a.service", "[Service]\nExecStart=/bin/a\n"))
    assert traits.enabling is None
    assert () == traits.installs_into == traits.conflicts
    assert "" == traits.starts
    assert "a.service" == traits_of(declared("a.timer", "[Timer]\nOnBootSec=1\n")).starts


def test_another_unit_is_read_anew() -> None:
    """What was read is kept with the unit, and neither compared nor handed to what replaces it."""
    unit = declared("a.service", "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=x.target\n")
    before = traits_of(unit)
    assert before is traits_of(unit)
    stopped = replace(unit, policy=Policy(state=State.STOPPED))
    assert before.enabling
    assert traits_of(stopped).enabling is None
    assert unit == replace(unit)
    assert repr(unit) == repr(replace(unit))
