"""A problem as people read it."""

from unitward.manifest.show import format_problem
from unitward.model.source import Place, Problem, Severity


def test_a_problem_shows_its_line_with_a_caret_and_a_hint() -> None:
    """Where, what, the source line, and below the spot what to do."""
    problem = Problem(
        Place("bad.yaml", 5, 7),
        Severity.ERROR,
        "[Service] has no ExecStrat=",
        hint="did you mean ExecStart?",
        snippet="      ExecStrat: /usr/bin/x",
        unit="a.service",
    )

    assert """\
bad.yaml:5:7: error: [Service] has no ExecStrat=
    5 |       ExecStrat: /usr/bin/x
      |       ^ hint: did you mean ExecStart?""" == format_problem(problem)


def test_a_problem_of_a_whole_file_has_no_caret() -> None:
    """The hint stands alone below the message."""
    problem = Problem(Place("a.yaml"), Severity.ERROR, "too large", hint="split it")

    assert "a.yaml: error: too large\n      hint: split it" == format_problem(problem)
    assert "a.yaml: error: x" == format_problem(Problem(Place("a.yaml"), Severity.ERROR, "x"))


def test_a_lint_is_named_so_that_it_can_be_allowed() -> None:
    """The name for `allow:` is on the screen."""
    problem = Problem(
        Place("a.service", 2),
        Severity.WARNING,
        "User= cannot work",
        hint="remove it",
        snippet="User=x",
        lint="user-key",
    )

    assert (
        "a.service:2: warning: User= cannot work [user-key]\n"
        "    2 | User=x\n"
        "      | hint: remove it"
    ) == format_problem(problem)


def test_the_caret_stands_below_its_character() -> None:
    """Tabs are one column and wide characters two, as the terminal has them."""
    problem = Problem(Place("a", 1, 5), Severity.ERROR, "x", snippet="\t日é: %h")

    assert "a:1:5: error: x\n    1 |  日é: %h\n      |      ^" == format_problem(problem)


def test_a_long_line_is_cut_around_the_place() -> None:
    """A megabyte on one line shows a hundred characters of it."""
    snippet = "a" * 500_000 + "%" + "b" * 500_000
    shown = format_problem(
        Problem(Place("a", 1, 500_001), Severity.ERROR, "x", snippet=snippet),
    ).splitlines()

    assert max(map(len, shown)) < 120
    assert "%" == shown[1][shown[2].index("^")]


def test_no_control_character_reaches_the_terminal() -> None:
    """A file cannot write escape sequences onto the screen of who validates it."""
    problem = Problem(
        Place("a\x1b[2J.yaml", 1, 1),
        Severity.ERROR,
        "x\x1b]0;y\x07",
        hint="\x1b[31m",
        snippet="\x1b[2Ja\u202eb",
    )

    assert not set("\x1b\x07\u202e") & set(format_problem(problem))
