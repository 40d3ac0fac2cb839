"""What YAML accepts and a manifest does not, with bounded work."""

import time

import pytest

from unitward.manifest import tree
from unitward.manifest.compose import MAX_DEPTH, MAX_NODES
from unitward.manifest.nodes import Items, Pairs, Scalar, has_open_quote, quoted


def _root(text: str) -> Pairs:
    root = tree.read("a.yaml", text.encode()).root
    assert isinstance(root, Pairs)
    return root


def _messages(text: str | bytes) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    problems = tree.read("a.yaml", content).problems
    return [
        f"{problem.place.line}:{problem.place.column}: {problem.message}" for problem in problems
    ]


@pytest.mark.parametrize(
    "written",
    ["on", "no", "yes", "0755", "1:30", "10:00:00", "~", "1.10", "2024-01-01", "null", "0x10"],
)
def test_a_value_stays_as_written(written: str) -> None:
    """YAML types nothing: what stands in the file is what the unit gets."""
    value = _root(f"key: {written}\n").get("key")

    assert isinstance(value, Scalar)
    assert written == value.text


def test_positions_count_from_one() -> None:
    """Lines and columns are those an editor shows."""
    value = _root("a:\n  - x\n  - é: y\n").get("a")

    assert isinstance(value, Items)
    inner = value.items[1]
    assert isinstance(inner, Pairs)
    key, found = inner.pairs[0]
    assert (3, 5) == (key.line, key.column)
    assert (3, 8) == (found.line, found.column)


def test_a_missing_value_is_not_an_empty_one() -> None:
    """`key:` and `key: ""` are told apart."""
    root = _root('a:\nb: ""\n')
    missing, empty = root.get("a"), root.get("b")

    assert isinstance(missing, Scalar)
    assert isinstance(empty, Scalar)
    assert (True, False) == (missing.missing, empty.missing)


def test_merge_keys_give_way_to_own_keys() -> None:
    """`<<` fills in what the map does not say itself, the first source before the second."""
    root = _root("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], a: 0}\n")
    merged = root.get("z")

    assert isinstance(merged, Pairs)
    texts = {key.text: value.text for key, value in merged.pairs if isinstance(value, Scalar)}
    assert {"a": "0", "b": "1", "c": "2"} == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1: a is written twice: in line 1 and in line 3"),
        ("a: !/etc/foo\n", "1:4: !/etc/foo is a YAML tag, and YAML would drop it"),
        ("a: !!int 3\n", "1:4: !!int is a YAML tag, and YAML would drop it"),
        ("a: ! b\n", "1:4: ! is a YAML tag, and YAML would drop it"),
        ("a: !x [b]\n", "1:4: !x is a YAML tag, and YAML would drop it"),
        ("a: b\n---\nc: d\n", "2:1: a second document begins here"),
        ("{a: b}: c\n", "1:1: a key must be a text"),
        ("a: *b\n", "1:4: *b refers to no anchor"),
        ("a: &b [*b]\n", "1:8: *b contains itself"),
        ("<<: text\n", "1:5: << needs a map, or a list of maps"),
        ("a: /bin/sh -c 'echo a # b'\n", "1:23: ' #' begins a comment here and cuts the value"),
        ("a: ${{ vars.x }}\n", "1:4: ${{ … }} is not supported yet"),
        ("a: b\0c\n", "1:5: a control character (U+0000) cannot stand in a text file"),
        (b"a: b\nc: \xff\n", "2:4: this is not UTF-8"),
        (b"\xff\xfea\0", "1:1: this is not UTF-8"),
        ("a: 'b\nc: d\n", "1:4: this quote is never closed"),
    ],
)
def test_what_a_manifest_cannot_hold_is_named_with_its_place(
    text: str | bytes,
    expected: str,
) -> None:
    """Each mistake that YAML would swallow is an error with line and column."""
    messages = _messages(text)

    assert 1 == len(messages), messages
    assert messages[0].startswith(expected), messages


def test_a_comment_after_balanced_quotes_is_only_a_comment() -> None:
    """A trailing comment is fine, and so is an apostrophe within a word."""
    assert [] == _messages("a: don't # really\nb: /bin/sh -c 'x' # y\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_with_any_line_end(newline: str) -> None:
    """The place is right in files from any editor, with or without a byte order mark."""
    text = newline.join(["\ufeffa: 1", "b: 2", "a: 3", ""])

    assert ["3:1: a is written twice: in line 1 and in line 3"] == _messages(text)


def _laughs(depth: int) -> str:
    lines = ["x-0: &a0 [ha, ha]"]
    lines += [f"x-{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(depth)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("laughs", _laughs(60)),
        (
            "merges",
            "x: &x {"
            + ", ".join(f"k{n}: v" for n in range(2000))
            + "}\n"
            + "".join(f"m{n}: {{<<: *x}}\n" for n in range(20_000)),
        ),
        ("list of aliases", "x: &x {a: b}\ny: [" + "*x," * MAX_NODES + "]\n"),
    ],
)
def test_anchors_that_explode_are_refused_fast(name: str, text: str) -> None:
    """A few hundred bytes never become gigabytes: the expansion is counted, not made."""
    begin = time.process_time()
    found = tree.read("a.yaml", text.encode())
    spent = time.process_time() - begin

    assert found.root is None, name
    assert ["expands to more than" in problem.message for problem in found.problems] == [True]
    assert spent < 2.0


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_without_recursion(opening: str) -> None:
    """Half a megabyte of brackets is one error, not a crash."""
    messages = _messages(opening * (500_000 // len(opening)))

    assert 1 == len(messages)
    assert f"nested more than {MAX_DEPTH} deep" in messages[0] or "cannot read" in messages[0]


def test_a_large_file_is_refused_by_its_size() -> None:
    """More than a mebibyte is no manifest; the message says how much it is."""
    messages = _messages(b"# \n" * 400_000)

    assert ["0:0: the file is too large: 1200000 bytes, at most 1048576 are read"] == messages


@pytest.mark.parametrize(
    ("text", "is_open"),
    [("'a", True), ("a 'b", True), ("don't", False), ('x="a', True), ("'a' \"b\"", False)],
)
def test_an_open_quote_begins_a_word(text: str, is_open: bool) -> None:
    """Only a quote that begins a word can be left open."""
    assert is_open == has_open_quote(text)


@pytest.mark.parametrize("text", ["%h/x", 'a "b" c', 'it\'s "x"', "a\\b", "[::1]:80"])
def test_the_quotes_that_a_hint_proposes_are_right(text: str) -> None:
    """Whoever follows the hint gets the value that was meant."""
    value = _root(f"a: {quoted(text)}\n").get("a")

    assert isinstance(value, Scalar)
    assert text == value.text
