"""Unit files are read as systemd 252 was measured to read them."""

import pytest

from unitward.model.unittext import Entry
from unitward.unitfile.syntax import parse


def entries(content: bytes) -> list[tuple[int, str, str, str]]:
    """Return what a file without problems says."""
    parsed = parse(content)
    assert parsed.problems == ()
    return [(e.line, e.section, e.key, e.value) for e in parsed.text.entries]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[S]\nk=v", [(2, "k", "v")]),
        (b"[S]\n  k \t= v  \n", [(2, "k", "v")]),
        (b"[S]\nk=\n", [(2, "k", "")]),
        (b"[S]\nk=a=b\n", [(2, "k", "a=b")]),
        (b"[S]\nk=v # no comment\n", [(2, "k", "v # no comment")]),
        (b"[S]\n# c\n\t; c\nk=v\n", [(4, "k", "v")]),
        (b"[S]\nk=a\\\n   b\n", [(2, "k", "a    b")]),
        (b"[S]\nk=a\\\\\nj=b\n", [(2, "k", "a\\\\"), (3, "j", "b")]),
        (b"[S]\nk=a\\\\\\\nb\n", [(2, "k", "a\\\\ b")]),
        (b"[S]\nk=a\\ \nj=b\n", [(2, "k", "a\\"), (3, "j", "b")]),
        (b"[S]\nk=a\\\n# c\n;d\\\nb\nj=c\n", [(2, "k", "a b"), (6, "j", "c")]),
        (b"[S]\nk=a\\\n\nj=b\n", [(2, "k", "a"), (4, "j", "b")]),
        (b"[S]\nk=a\\", [(2, "k", "a")]),
        (b"[S]\nk\\\n=a\n", [(2, "k", "a")]),
        (b"[S]\n\\\n \\\nk=a\n", [(4, "k", "a")]),
        (b"[S]\r\nk=a\\\r\nb\r\n", [(2, "k", "a b")]),
        (b"[S]\rk=a\0j=b\n\rl=c", [(2, "k", "a"), (3, "j", "b"), (4, "l", "c")]),
        (b"[S]\n\n\0\rk=a", [(4, "k", "a")]),
        (b"\xef\xbb\xbf[S]\nk=v\n", [(2, "k", "v")]),
        (b"\n\xef\xbb\xbf[S]\nk=v\n", [(3, "k", "v")]),
        (b"[S]\n# \xff\xfe\nk=v\n", [(3, "k", "v")]),
        ("[S]\nk=\u00a0\x0bv\x0c\n".encode(), [(2, "k", "\u00a0\x0bv\x0c")]),
    ],
)
def test_grammar(content: bytes, expected: list[tuple[int, str, str]]) -> None:
    """Continuations, comments, line ends and blanks mean what they mean to systemd."""
    assert [(line, "S", key, value) for line, key, value in expected] == entries(content)


def test_sections_may_come_back() -> None:
    """A section that is opened twice is one section."""
    actual = entries(b"[A]\nk=1\n[B]\nk=2\n[A]\nk=3\n")

    assert actual == [(2, "A", "k", "1"), (4, "B", "k", "2"), (6, "A", "k", "3")]


@pytest.mark.parametrize(
    "line",
    [
        b"[Service",
        b"[",
        b"[Service] # c",
        b'[a"b]',
        b"[a\\b]",
        b"[a\tb]",
        b"k=\xff",
        "k=\uffff".encode(),
        "[X-a]\nk=\ufdd0".encode(),
        b"k=" + b"a" * ((1 << 20) - 2),
        b"#" + b"a" * ((1 << 20) - 1),
        b"k=" + (b"a" * 1000 + b"\\\n") * 1100,
    ],
)
def test_fatal_problems_void_the_file(line: bytes) -> None:
    """What makes systemd refuse a file leaves nothing of it."""
    parsed = parse(b"[Unit]\nDescription=x\n" + line + b"\n")

    assert parsed.fatal
    assert parsed.text.entries == ()
    assert 3 <= parsed.problems[0].line <= 4


def test_the_longest_line_is_read() -> None:
    """A line one byte below 1 MiB is fine."""
    value = "a" * ((1 << 20) - 3)

    assert (Entry("S", "k", value),) == parse(f"[S]\nk={value}\n".encode()).text.entries


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"k=v\n[S]\n", 1),
        (b"[S]\nnothing\n", 2),
        (b"[S]\n=v\n", 2),
        (b"[S]\na\\\nb\n", 2),
        (b"[]\nk=v\n", 1),
        (b"\xef\xbb\xbf# c\n", 1),
    ],
)
def test_ignored_lines_are_warned_about(content: bytes, line: int) -> None:
    """A line that systemd drops is reported where it stands and spoils nothing else."""
    parsed = parse(content + b"[T]\nk=v\n")

    assert [line] == [problem.line for problem in parsed.problems]
    assert not parsed.fatal
    assert (Entry("T", "k", "v"),) == parsed.text.entries


def test_extension_sections_are_not_judged() -> None:
    """In sections that systemd ignores, a line without = is nobody's problem."""
    assert parse(b"[X-Notes]\nanything goes\n").problems == ()


def test_all_problems_are_reported_at_once() -> None:
    """Reading goes on behind a fatal problem, so that a person sees all of them."""
    actual = parse(b"[S]\na\nk=\xff\n[T\nb\n").problems

    assert [(p.line, p.fatal) for p in actual] == [(2, False), (3, True), (4, True), (5, False)]
    assert all(problem.message for problem in actual)
