"""Percent specifiers."""

import pytest

from unitward.unitfile.names import parse_name
from unitward.unitfile.specifiers import expand, expand_name_specifiers, stray_percent


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        ("%h/%i and 100%%", None),
        ("%%%h", None),
        ("100%", 3),
        ("50% done", 2),
        ("%%%", 2),
        ("%h %z", 3),
        ("%\n", 0),
        ("%ü", 0),
    ],
)
def test_stray_percent(value: str, expected: int | None) -> None:
    """A percent sign that begins no specifier is found where it stands."""
    assert expected == stray_percent(value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            r"a-b\x2dc@y\x20z.service",
            r"y\x20z|y z|b\x2dc|b-c|a-b\x2dc@y\x20z.service|a-b\x2dc@y\x20z|a-b\x2dc|a/b-c|%",
        ),
        ("api.timer", "||api|api|api.timer|api|api|api|%"),
        ("api@.service", "||api|api|api@.service|api@|api|api|%"),
    ],
)
def test_name_specifiers(name: str, expected: str) -> None:
    """What the name alone answers is expanded as systemd.unit(5) says."""
    actual = expand_name_specifiers("%i|%I|%j|%J|%n|%N|%p|%P|%%", parse_name(name))

    assert expected == actual


@pytest.mark.parametrize("value", ["%h/x", "a%", "%z", "%%%t"])
def test_other_specifiers_are_not_guessed(value: str) -> None:
    """A specifier that the name does not answer yields nothing rather than a wrong path."""
    assert expand_name_specifiers(value, parse_name("a@b.service")) is None


def test_a_table_answers_further_specifiers() -> None:
    """Paths are expanded with the letters that the caller knows."""
    name = parse_name("a@b.service")

    assert expand("%h/%i/%%/x", name, {"h": "/home/u"}) == "/home/u/b/%/x"
    assert expand("%h/%t", name, {"h": "/home/u"}) is None
    assert expand("%h", name, {"h": "/%i"}) == "/%i"
