"""Words of values: split, quoted, and commands of Exec lines."""

import pytest

from unitward.unitfile.errors import BadQuotingError, UnrenderableError
from unitward.unitfile.words import (
    ExecCommand,
    exec_commands,
    quote_argument,
    quote_environment,
    split,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        (" \t", []),
        ("a  b\tc\n", ["a", "b", "c"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ("a'b c'\"d\"e", ["ab cde"]),
        ("\"\" ''", ["", ""]),
        (r'"\a\b\f\n\r\t\v\\\"' + r"\'\s" + '"', ["\a\b\f\n\r\t\v\\\"' "]),
        (r"\x41\101\u00e9\U0001F600\xc3\xa9", ["AAé😀é"]),
        (r"'\n'", ["\n"]),
        (
            r"\x00 \000 \777 \u0000 \U00110000",
            [r"\x00", r"\000", r"\777", r"\u0000", r"\U00110000"],
        ),
        (r"\q \x4 end" + "\\", [r"\q", r"\x4", "end\\"]),
        (r"a\ b", [r"a\ b"]),
        (r"\xff", ["\udcff"]),
        ("a\u00a0b", ["a\u00a0b"]),
    ],
)
def test_split(value: str, expected: list[str]) -> None:
    """Quotes, escapes and blanks mean what they mean to systemd."""
    assert expected == split(value)


@pytest.mark.parametrize("value", ['"a', "a'b", "\"a'", '"a\\', "it's"])
def test_open_quotes_are_errors(value: str) -> None:
    """A quote that is never closed is an error with a hint."""
    with pytest.raises(BadQuotingError) as caught:
        split(value)

    assert caught.value.hint


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("/bin/a b", [ExecCommand("", ("/bin/a", "b"))]),
        (
            "-/bin/a ; @/bin/b c d",
            [ExecCommand("-", ("/bin/a",)), ExecCommand("@", ("/bin/b", "c", "d"))],
        ),
        ("!!:/bin/a", [ExecCommand("!!:", ("/bin/a",))]),
        ("+-@/bin/a b", [ExecCommand("+-@", ("/bin/a", "b"))]),
        ("--/bin/a", [ExecCommand("-", ("-/bin/a",))]),
        ("!!!/bin/a", [ExecCommand("!!", ("!/bin/a",))]),
        ("+!/bin/a", [ExecCommand("+", ("!/bin/a",))]),
        (r'/bin/a \; ";" b; ;c', [ExecCommand("", ("/bin/a", ";", ";", "b;", ";c"))]),
        ("; /bin/a ;", [ExecCommand("", ("/bin/a",))]),
        ("/bin/a ; ; /bin/b", [ExecCommand("", ("/bin/a",)), ExecCommand("", ("/bin/b",))]),
        ("/bin/a $$x %%h", [ExecCommand("", ("/bin/a", "$$x", "%%h"))]),
    ],
)
def test_exec_commands(value: str, expected: list[ExecCommand]) -> None:
    """A lone unquoted ; separates commands; prefixes belong to the program."""
    assert expected == exec_commands(value)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("plain-1.0/a_b", "plain-1.0/a_b"),
        ("", '""'),
        ("a b", '"a b"'),
        (";", '";"'),
        ("100%", "100%%"),
        ("$HOME", "$$HOME"),
        ("'", '"\'"'),
        ('\\"\n\x01\x7f', r'"\\\"\n\x01\x7f"'),
        ("\uffff", r'"\xef\xbf\xbf"'),
        ("\udcff", r'"\xff"'),
        ("é", '"é"'),
    ],
)
def test_quote_argument(argument: str, expected: str) -> None:
    """An argument is written so that nothing in it is expanded, split or lost."""
    assert expected == quote_argument(argument)


@pytest.mark.parametrize("argument", ["a\0b", "\ud800"])
def test_refuses_impossible_arguments(argument: str) -> None:
    """What no command line can hold is an error with a hint."""
    with pytest.raises(UnrenderableError) as caught:
        quote_argument(argument)

    assert caught.value.hint


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("production", "A=production"),
        ("%h/.cache", "A=%h/.cache"),
        ("$HOME", "A=$HOME"),
        ("", "A="),
        ('a "b" \\', r'"A=a \"b\" \\"'),
        ("a\n\tb\x1b", r'"A=a\n\tb\x1b"'),
    ],
)
def test_quote_environment(value: str, expected: str) -> None:
    """A variable keeps its specifiers, and $ stands for itself."""
    assert expected == quote_environment("A", value)
    assert [f"A={value}"] == split(expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("1A", "x"), ("A B", "x"), ("A=", "x"), ("Ä", "x"), ("A\n", "x")]
    + [("A", value) for value in ("\0", "\uffff", "\udcff", "\ud800")],
)
def test_refuses_impossible_variables(name: str, value: str) -> None:
    """What systemd would drop from the environment is an error with a hint."""
    with pytest.raises(UnrenderableError) as caught:
        quote_environment(name, value)

    assert caught.value.hint
