"""Values that need quotes are all found, each with the quoted form."""

import pytest

from unitward.manifest import tree
from unitward.manifest.nodes import Node, Pairs, Scalar


@pytest.mark.parametrize(
    ("value", "column", "message", "hint"),
    [
        ("%h/x", 8, "a value cannot begin with %", '"%h/x"'),
        ("@/x", 8, "a value cannot begin with @", '"@/x"'),
        ("`x`", 8, "a value cannot begin with `", '"`x`"'),
        ("*:0/15", 8, "a value that begins with * is an alias", '"*:0/15"'),
        ("*-*-* 04:00:00", 8, "a value that begins with * is an alias", '"*-*-* 04:00:00"'),
        ("[::1]:80", 8, "a value that begins with [ is a list", '"[::1]:80"'),
        ("{a}/b", 8, "a value that begins with { is a map", '"{a}/b"'),
        ("|/x", 8, "a value that begins with | is a block", '"|/x"'),
        (">/dev/null", 8, "a value that begins with > is a block", '">/dev/null"'),
        ("&& x", 8, "a value that begins with & is an anchor", '"&& x"'),
        ("/bin/echo a: b", 8, "': ' inside of a value", '"/bin/echo a: b"'),
        ("/bin/echo a:", 8, "': ' inside of a value", '"/bin/echo a:"'),
        ('"/bin/x y" -a', 8, "text follows the closing quote", "'\"/bin/x y\" -a'"),
        ("[a, %h/x, b]", 12, "a value cannot begin with %", '"%h/x"'),
        ("{b: %h/x}", 12, "a value cannot begin with %", '"%h/x"'),
        ("{b: *:0/15, c: d}", 12, "a value cannot begin with *", '"*:0/15"'),
        ("{b: !no}", 12, "a value cannot begin with !", '"!no"'),
        ("%h/x # why", 8, "a value cannot begin with %", '"%h/x"'),
    ],
)
@pytest.mark.parametrize("key", ["  key: ", "  - k: ", '  "k": '])
def test_a_value_that_needs_quotes_is_found(
    key: str,
    value: str,
    column: int,
    message: str,
    hint: str,
) -> None:
    """The place of the value, why it fails, and how it must be written."""
    found = tree.read("a.yaml", f"top:\n{key}{value}\n".encode())

    assert found.broken
    assert 1 == len(found.problems), found.problems
    problem = found.problems[0]
    shift = len(key) - len("  key: ")
    assert (2, column + shift) == (problem.place.line, problem.place.column)
    assert problem.message.startswith(message)
    assert f"quote this value: {hint}" == problem.hint


def _text_of(node: Node | None, *keys: str) -> str:
    for key in keys:
        assert isinstance(node, Pairs)
        node = node.get(key)
    assert isinstance(node, Scalar)
    return node.text


def test_what_follows_a_mistake_is_still_read() -> None:
    """Mended lines give the tree that was meant, so that later mistakes are found too."""
    text = "a: %h/x\nb: [::1]:80\nc:\n  d: ok\ne: x: y\n"
    found = tree.read("a.yaml", text.encode())

    assert [1, 2, 5] == [problem.place.line for problem in found.problems]
    assert "%h/x" == _text_of(found.root, "a")
    assert "[::1]:80" == _text_of(found.root, "b")
    assert "ok" == _text_of(found.root, "c", "d")
    assert "x: y" == _text_of(found.root, "e")


def test_a_tab_is_named_and_mended() -> None:
    """A tab as indentation is one error, and what it indents is read."""
    found = tree.read("a.yaml", b"a:\n  b: c\n\td: e\n")

    assert ["a tab indents this line"] == [problem.message for problem in found.problems]
    assert "e" == _text_of(found.root, "a", "d")


def test_text_in_a_block_is_no_mistake() -> None:
    """Lines of a literal block are free text, also below a broken line."""
    text = "a: %h\nb: |\n  %h: @x\n  *:0/15\nc: %i\n"
    found = tree.read("a.yaml", text.encode())

    assert [1, 5] == [problem.place.line for problem in found.problems]


def test_lines_that_yaml_accepts_are_never_accused() -> None:
    """Only lines from the first fault on are suspected."""
    text = "a: 'x\n  b: c: d'\nb: %h\n"
    found = tree.read("a.yaml", text.encode())

    assert [2 + 1] == [problem.place.line for problem in found.problems]


def test_a_fault_without_a_known_cause_is_told_in_general() -> None:
    """A mistake that is no trap is still an error at its line."""
    found = tree.read("a.yaml", b"a:\n  - b\n c: d\n")

    assert found.broken
    assert 1 == len(found.problems)
    assert found.problems[0].message.startswith("YAML cannot read this: ")
    assert 3 == found.problems[0].place.line
