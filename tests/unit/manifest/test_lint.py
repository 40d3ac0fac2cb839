"""Mistakes that systemd accepts."""

from collections.abc import Callable

import pytest

from unitward.manifest.lint import LINTS, VERIFY
from unitward.manifest.raw import decode_raw
from unitward.model.declared import Manifest
from unitward.model.source import Severity
from unitward.model.unittext import DirectiveTable

FOLDER, HOME = "/srv/desired", "/home/ada"
Read = Callable[..., Manifest]

FOUND = [
    ("wanted-by-multi-user", "a.service", "[Install]\nWantedBy=multi-user.target", 2),
    ("wanted-by-multi-user", "a.service", "[Install]\nRequiredBy=x.target graphical.target", 2),
    ("after-network-online", "a.service", "[Unit]\nAfter=a.service network-online.target", 2),
    ("user-key", "a.service", "[Service]\nUser=nobody", 2),
    ("user-key", "a.service", "[Service]\nDynamicUser=yes", 2),
    ("on-active-sec", "a.timer", "[Timer]\nOnActiveSec=5m", 2),
    ("on-unit-only", "a.timer", "[Timer]\nOnUnitActiveSec=5m\nOnUnitInactiveSec=5m", 2),
    ("persistent-without-calendar", "a.timer", "[Timer]\nOnBootSec=5m\nPersistent=true", 3),
    ("inline-comment", "a.service", "[Service]\nRestart=no # never", 2),
    ("inline-comment", "a.service", "[Service]\nExecStart=/bin/a 'b' # c", 2),
    ("relative-exec", "a.service", "[Service]\nExecStart=./run", 2),
    ("relative-exec", "a.service", "[Service]\nExecStartPre=-bin/run x", 2),
    ("relative-exec", "a.service", "[Service]\nExecStart=~/bin/run", 2),
    ("relative-exec", "a.service", "[Service]\nExecStart=$HOME/bin/run", 2),
    ("tilde-path", "a.service", "[Service]\nWorkingDirectory=~/app", 2),
    ("tilde-path", "a.service", "[Service]\nEnvironmentFile=-~/env", 2),
    ("secret-in-env", "a.service", '[Service]\nEnvironment=A=b "DB_PASSWORD=hunter 2"', 2),
    ("secret-in-env", "a.service", "[Service]\nEnvironment=GITHUB_TOKEN=ghp_x", 2),
    ("dollar-in-env", "a.service", "[Service]\nEnvironment=PATH=/x:$PATH", 2),
]

SILENT = [
    ("a.service", "[Install]\nWantedBy=default.target graphical-session.target"),
    ("a.service", "[Service]\nDynamicUser=no"),
    ("a.service", "[Service]\nUser="),
    ("a.timer", "[Timer]\nOnStartupSec=1m\nOnUnitActiveSec=5m"),
    ("a.timer", "[Timer]\nOnCalendar=daily\nPersistent=true"),
    ("a.service", "[Service]\nExecStart=/bin/sh -c 'a # b'"),
    ("a.service", "[Unit]\nDescription=Number # 1"),
    ("a.service", "[X-Site]\nNote=a # b"),
    ("a.service", "[Service]\nExecStart=-sleep 5 ./x"),
    ("a.service", "[Service]\nExecStart=@%h/bin/x y"),
    ("a.service", "[Service]\nWorkingDirectory=~"),
    ("a.service", "[Service]\nEnvironment=TOKEN_FILE=x PASSWORD=%d/x SECRET=/run/x TOKEN="),
    ("a.service", "[Service]\nEnvironment=PRICE=5$"),
    ("a.service", "[Service]\nEnvironment='TOKEN=x"),
]


@pytest.mark.parametrize(("lint", "path", "content", "line"), FOUND)
def test_a_mistake_is_a_warning_with_its_line(
    table: DirectiveTable,
    lint: str,
    path: str,
    content: str,
    line: int,
) -> None:
    """It names the lint, says why, and what to write; the unit is declared all the same."""
    manifest = decode_raw(path, content.encode(), table, folder=FOLDER, home=HOME)

    assert [(lint, line, Severity.WARNING, path)] == [
        (problem.lint, problem.place.line, problem.severity, problem.unit)
        for problem in manifest.problems
    ]
    assert manifest.problems[0].hint
    assert 1 == len(manifest.declarations)


@pytest.mark.parametrize(("path", "content"), SILENT)
def test_what_is_right_is_left_in_peace(table: DirectiveTable, path: str, content: str) -> None:
    """No lint cries wolf over its neighbours."""
    assert () == decode_raw(path, content.encode(), table, folder=FOLDER, home=HOME).problems


def test_every_lint_is_tried_here() -> None:
    """A lint without an example is a lint nobody knows to work."""
    assert set(LINTS) - {VERIFY} == {lint for lint, *_ in FOUND}


@pytest.mark.parametrize(("lint", "path", "content", "line"), FOUND)
def test_every_lint_can_be_silenced(
    read: Read,
    lint: str,
    path: str,
    content: str,
    line: int,
) -> None:
    """`allow:` with the name of the lint silences it for the unit, and only that."""
    section, *assignments = content.splitlines()
    directives = "\n".join(
        f"    {key}: '{value.replace(chr(39), chr(39) * 2)}'"
        for key, _, value in (assignment.partition("=") for assignment in assignments)
    )
    body = f"{path}:\n  {section.strip('[]')}:\n{directives}"

    loud = read(units=body)
    assert [(lint, line + 3)] == [(problem.lint, problem.place.line) for problem in loud.problems]
    assert () == read(units=f"{body}\n  allow: [{lint}]").problems


def test_a_secret_in_env_is_found_where_it_is_written(read: Read) -> None:
    """Sugar is linted by what it becomes, at the line of the manifest."""
    manifest = read(units="a.service:\n  env:\n    A: b\n    API_KEY: xyz\n  Service: {Nice: 1}")

    assert [("secret-in-env", 6)] == [
        (problem.lint, problem.place.line) for problem in manifest.problems
    ]
