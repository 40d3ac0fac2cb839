"""Meaning is written so that it reads back the same."""

import pytest

from unitward.model.unittext import Entry, UnitText
from unitward.unitfile.errors import UnrenderableError
from unitward.unitfile.render import render, render_with_lines
from unitward.unitfile.syntax import parse


def test_layout() -> None:
    """Sections stand in the order of appearance, a blank line between, resets included."""
    text = UnitText(
        (
            Entry("Unit", "Description", "A  b"),
            Entry("Service", "ExecStart", ""),
            Entry("Service", "ExecStart", "/bin/a"),
            Entry("Unit", "After", "x.service"),
        ),
    )

    content, lines = render_with_lines(text)

    assert (
        content
        == b"[Unit]\nDescription=A  b\nAfter=x.service\n\n[Service]\nExecStart=\nExecStart=/bin/a\n"
    )
    assert lines == (2, 6, 7, 3)
    assert content == render(text)


def test_an_empty_text_is_an_empty_file() -> None:
    """Nothing is written for nothing."""
    assert render_with_lines(UnitText()) == (b"", ())


@pytest.mark.parametrize("value", ["a\\", "\\", "a\\\\", "a\\\\\\", "#a", "[x]", "=", "a\tb"])
def test_awkward_values_survive(value: str) -> None:
    """A value that looks like syntax is still a value, and does not swallow the next line."""
    text = UnitText((Entry("S", "k", value), Entry("S", "j", "next")))

    parsed = parse(render(text))

    assert text == parsed.text
    assert parsed.problems == ()


@pytest.mark.parametrize(
    "entry",
    [
        Entry("S", "k", "a\nb"),
        Entry("S", "k", "a\rb"),
        Entry("S", "k", "a\0b"),
        Entry("S", "k", " a"),
        Entry("S", "k", "a\t"),
        Entry("S", "k", "\uffff"),
        Entry("S", "k", "\ud800"),
        Entry("S", "k", "a" * (1 << 20)),
        Entry("S", "", "v"),
        Entry("S", "a=b", "v"),
        Entry("S", " a", "v"),
        Entry("S", "#a", "v"),
        Entry("S", ";a", "v"),
        Entry("S", "[a", "v"),
        Entry("S", "\ufeffa", "v"),
        Entry("S", "a\nb", "v"),
        Entry("", "k", "v"),
        Entry("a\nb", "k", "v"),
        Entry("a'b", "k", "v"),
        Entry("\uffff", "k", "v"),
    ],
)
def test_refuses_what_would_not_survive(entry: Entry) -> None:
    """What systemd could not read back is an error with a hint, never a different unit."""
    with pytest.raises(UnrenderableError) as caught:
        render(UnitText((entry,)))

    assert caught.value.hint
