"""Unit files are compared by what they mean."""

import pytest

from unitward.unitfile.compare import changed_keys, meanings, merged
from unitward.unitfile.syntax import parse


def changed(old: str, new: str, *, dropin: bool = False) -> set[str]:
    """Return the changed keys as `Section.Key`."""
    keys = changed_keys(parse(old.encode()).text, parse(new.encode()).text, dropin=dropin)
    return {".".join(key) for key in keys}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[Unit]\nDescription=a", "# c\n\n[Unit]\n; d\n  Description = a\n"),
        ("[A]\nx=1\n[B]\ny=2\n", "[B]\ny=2\n[A]\nx=1\n"),
        ("[A]\nx=1\ny=2\n", "[A]\ny=2\nx=1\n"),
        ("[A]\nX-Note=1\n[X-B]\nc=d\n[A]\nx=1", "[A]\nx=1"),
        ("[Service]\nExecStart=\nExecStart=/a", "[Service]\nExecStart=/a"),
        ("[Service]\nExecStart=/b\nExecStart=\nExecStart=/a", "[Service]\nExecStart=/a"),
        ("[Service]\nEnvironment=", ""),
        ("[Unit]\nAfter=a b\nAfter=c", "[Unit]\nAfter=c b a b"),
        ("[Unit]\nWants=a\nWants=\n", "[Unit]\nWants=a"),
        ("[Install]\nWantedBy=a b", "[Install]\nWantedBy=b\nWantedBy=a"),
        ("[Timer]\nOnCalendar=daily\nOnBootSec=\nOnBootSec=1", "[Timer]\nOnBootSec=1"),
        ("[Service]\nk=a\\\n b", "[Service]\nk=a  b"),
    ],
)
def test_equal_meanings(old: str, new: str) -> None:
    """C0: looks, order and X- change nothing; resets count for what they empty."""
    assert set() == changed(old, new)
    assert set() == changed(new, old)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[A]\nx=1", "[A]\nx=2", {"A.x"}),
        ("[A]\nx=1", "[B]\nx=1", {"A.x", "B.x"}),
        ("[A]\nx=1\nx=2", "[A]\nx=2\nx=1", {"A.x"}),
        ("[A]\nx=1", "", {"A.x"}),
        ("[Unit]\nAfter=a", "[Unit]\nAfter=a b", {"Unit.After"}),
        ("[Install]\nWantedBy=a", "[Install]\nWantedBy=a\nWantedBy=\n", {"Install.WantedBy"}),
        (
            "[Socket]\nListenStream=1\nListenDatagram=2",
            "[Socket]\nListenDatagram=2\nListenStream=1",
            {"Socket.ListenStream", "Socket.ListenDatagram"},
        ),
        (
            "[Timer]\nOnCalendar=daily\nOnBootSec=1",
            "[Timer]\nOnCalendar=daily\nOnBootSec=\nOnBootSec=1",
            {"Timer.OnCalendar"},
        ),
    ],
)
def test_different_meanings(old: str, new: str, expected: set[str]) -> None:
    """What systemd would take differently is named, and nothing else."""
    assert expected == changed(old, new)
    assert expected == changed(new, old)


def test_a_reset_counts_in_a_dropin() -> None:
    """In a drop-in a reset empties what the unit itself says."""
    old, new = "[Service]\nExecStart=/a", "[Service]\nExecStart=\nExecStart=/a"

    assert {"Service.ExecStart"} == changed(old, new, dropin=True)
    assert {"Service.Environment"} == changed("", "[Service]\nEnvironment=", dropin=True)
    assert set() == changed(new, new, dropin=True)
    assert set() == changed("", "[Unit]\nAfter=", dropin=True)


def test_merging_applies_dropins() -> None:
    """A definition put together from fragment and drop-ins has the drop-ins' resets in force."""
    fragment = parse(b"[Service]\nExecStart=/a\nEnvironment=A=1\n").text
    dropin = parse(b"[Service]\nExecStart=\nExecStart=/b\nEnvironment=B=2\n").text

    assert meanings(merged(fragment, dropin)) == {
        ("Service", "ExecStart"): ("/b",),
        ("Service", "Environment"): ("A=1", "B=2"),
    }
