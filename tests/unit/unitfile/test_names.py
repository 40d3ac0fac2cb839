"""Names of units and drop-ins."""

import subprocess

import pytest

from unitward.unitfile.errors import BadNameError
from unitward.unitfile.names import (
    SUFFIXES,
    UnitName,
    escape,
    is_dropin,
    is_unit_name,
    object_path,
    parse_dropin,
    parse_name,
    unescape,
    with_suffix,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("api.service", UnitName("api", None, ".service")),
        ("worker@.service", UnitName("worker", "", ".service")),
        ("worker@mail.service", UnitName("worker", "mail", ".service")),
        ("worker@a@b.c.timer", UnitName("worker", "a@b.c", ".timer")),
        (r"home-a\x2db.mount", UnitName(r"home-a\x2db", None, ".mount")),
        ("-.slice", UnitName("-", None, ".slice")),
        ("foo.bar.service", UnitName("foo.bar", None, ".service")),
    ],
)
def test_takes_names_apart(text: str, expected: UnitName) -> None:
    """A name is split at its first @ and its last dot."""
    actual = parse_name(text)

    assert expected == actual
    assert text == str(actual)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api",
        ".service",
        "@.service",
        "@x.service",
        "api.servic",
        "a b.service",
        "a/b.service",
        "ü.service",
        "api.service\n",
        "a" * 248 + ".service",
    ],
)
def test_refuses_what_is_no_name(text: str) -> None:
    """What systemd would not take as a unit name is refused with a hint."""
    with pytest.raises(BadNameError) as caught:
        parse_name(text)

    assert caught.value.hint
    assert not is_unit_name(text)


def test_longest_name_is_accepted() -> None:
    """A name of 255 bytes is a name."""
    assert is_unit_name("a" * 247 + ".service")


def test_hint_shows_the_escaped_form() -> None:
    """The hint for a bad character is a name that works."""
    with pytest.raises(BadNameError) as caught:
        parse_name("worker@a b/ü.service")

    assert r"worker@a\x20b-\xc3\xbc.service" in caught.value.hint
    assert is_unit_name(r"worker@a\x20b-\xc3\xbc.service")


def test_kinds_of_names() -> None:
    """Plain units, templates and instances are told apart."""
    plain, template, instance = map(parse_name, ("a.service", "a@.service", "a@b.service"))

    expected = [
        (False, False, "", "a"),
        (True, False, "", "a@"),
        (False, True, "a@.service", "a@b"),
    ]
    actual = [
        (name.is_template, name.is_instance, name.template, name.stem)
        for name in (plain, template, instance)
    ]
    assert expected == actual


def test_there_are_eleven_unit_types() -> None:
    """Every unit type of systemd has its suffix, once."""
    assert 11 == len(set(SUFFIXES)) == len(SUFFIXES)


def test_with_suffix_keeps_the_stem() -> None:
    """A timer or socket gets the stem of its service, template or not."""
    assert with_suffix("echo@.service", ".socket") == "echo@.socket"
    assert with_suffix("a.b.service", ".timer") == "a.b.timer"
    with pytest.raises(BadNameError):
        with_suffix("a.service", ".nothing")


@pytest.mark.parametrize(
    ("path", "unit", "suffix", "type_wide", "prefix"),
    [
        ("x.service.d/50-a.conf", "x.service", ".service", False, False),
        ("x@.service.d/a.conf", "x@.service", ".service", False, False),
        ("service.d/50 a.conf", "service", ".service", True, False),
        ("foo-.timer.d/a.conf", "foo-.timer", ".timer", False, True),
    ],
)
def test_takes_dropins_apart(
    path: str,
    unit: str,
    suffix: str,
    type_wide: bool,
    prefix: bool,
) -> None:
    """A drop-in's path tells what it reaches: a unit, a type, or a family of names."""
    actual = parse_dropin(path)

    assert (unit, suffix, type_wide, prefix) == (
        actual.unit,
        actual.suffix,
        actual.is_type_wide,
        actual.is_prefix,
    )
    assert path == str(actual)


@pytest.mark.parametrize(
    "path",
    [
        "x.service",
        "x.service.d",
        "x.service.d/",
        "x.service.d/a",
        "x.service.d/.conf",
        "x.service.d/.a.conf",
        "x.service.d/a/b.conf",
        "x.service/a.conf",
        "nothing.d/a.conf",
        ".d/a.conf",
        "x.service.d/a\nb.conf",
        "x.service.d/\udcff.conf",
    ],
)
def test_refuses_what_is_no_dropin(path: str) -> None:
    """A path that systemd would not read as a drop-in is refused with a hint."""
    with pytest.raises(BadNameError) as caught:
        parse_dropin(path)

    assert caught.value.hint
    assert not is_dropin(path)


@pytest.mark.parametrize("text", ["a b", ".hidden", "a.b", "/x/y-z", "ü@\\", "%", "~:_"])
def test_escapes_as_systemd_escape_does(text: str) -> None:
    """The installed systemd-escape gives the same form, and takes ours back."""
    expected = subprocess.run(
        ["systemd-escape", "--", text],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.removesuffix("\n")

    assert expected == escape(text)
    assert text == unescape(expected)


def test_refuses_to_unescape_a_lone_backslash() -> None:
    """A backslash that escapes nothing is an error, not a character."""
    with pytest.raises(BadNameError):
        unescape(r"a\b")


def test_object_path() -> None:
    """A unit's D-Bus path escapes all but letters, and digits after the first character."""
    root = "/org/freedesktop/systemd1/unit/"

    assert root + "a1_2dfoo_40b_2eservice" == object_path("a1-foo@b.service")
    assert root + "_31a_2eservice" == object_path("1a.service")
    assert root + "_" == object_path("")
