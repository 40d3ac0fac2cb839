"""`make run`: what it shows comes true, and it notices when it does not."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from unitward import __version__

if TYPE_CHECKING:
    from subprocess import CompletedProcess

PROJECT = Path(__file__).parents[2]
STEPS = ["first", "edit", "stop", "drift", "remove", "broken"]
SPOILT = {
    "first": "heartbeat.service is active, and enabled in default.target",
    "edit": "my-worker.service says Environment=PORT=9090",
    "stop": "heartbeat.service was started anew",
    "drift": "heartbeat.service is byte for byte what it was before the edit",
    "remove": "spool.path is gone",
    "broken": "my-worker.service is byte for byte what it was before",
}


@pytest.fixture
def walk(sandbox_line: list[str], run_program: Any) -> Callable[[str], "CompletedProcess[str]"]:
    """Give a function that walks through without a terminal, with the named step sabotaged."""

    def walk(sabotaged: str) -> "CompletedProcess[str]":
        env = {**os.environ, "UNITWARD_SABOTAGE": sabotaged}
        command = [*sandbox_line, sys.executable, "-m", "deploy.walkthrough"]
        ended: CompletedProcess[str] = run_program(command, env=env, cwd=str(PROJECT))
        return ended

    return walk


def headlines(output: str) -> list[str]:
    """Return the names of the steps that were begun."""
    lines = [line.partition(":")[0] for line in output.splitlines()]
    return [line.split()[1] for line in lines if line[:1].isdigit() and "/" in line]


def test_every_step_comes_true(walk: Any) -> None:
    """Without a terminal all steps are walked through, checked, and the exit code is 0."""
    ended = walk("")

    assert (0, STEPS) == (ended.returncode, headlines(ended.stdout)), ended.stdout
    assert "✗" not in ended.stdout


@pytest.mark.parametrize("step", STEPS)
def test_sabotaged_step_is_noticed(walk: Any, step: str) -> None:
    """An effect that is undone behind unitward's back ends the walk and is named."""
    ended = walk(step)

    reached = STEPS[: STEPS.index(step) + 1]
    assert (1, reached) == (ended.returncode, headlines(ended.stdout)), ended.stdout
    last = ended.stdout.rstrip().splitlines()[-1]
    assert last.startswith(f"  ✗ {SPOILT[step]}")


def test_unknown_step_is_named(walk: Any) -> None:
    """A misspelt step is an error that lists the steps, not a walk without sabotage."""
    ended = walk("frist")

    assert (64, "") == (ended.returncode, ended.stdout)
    assert ", ".join(STEPS) in ended.stderr


def test_account_in_use_is_left_alone(sandbox_line: list[str], run_program: Any) -> None:
    """Where there are unit files already the walk does not begin."""
    script = f"""
    mkdir -p ~/.config/systemd/user && echo '[Unit]' >~/.config/systemd/user/mine.service
    {sys.executable} -m deploy.walkthrough; echo "code $?"; ls ~/.config
    """
    ended = run_program([*sandbox_line, "sh", "-c", script], cwd=str(PROJECT))

    assert ["code 64", "systemd"] == ended.stdout.splitlines()[-2:]


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("\x03", "The end"),
        ("\n\x04", "daemon running"),
        ("ls; unitward --version\n\x04", f"worker.yaml\nunitward {__version__}"),
    ],
)
def test_person_takes_over_and_ends_it(
    sandbox_line: list[str], type_on_terminal: Any, keys: str, shown: str
) -> None:
    """On a terminal the prompt waits for a person after the first step, until Ctrl-C or Ctrl-D."""
    command = [
        "env",
        f"PYTHONPATH={PROJECT}",
        "NO_COLOR=1",
        sys.executable,
        "-m",
        "deploy.walkthrough",
    ]
    code, output = type_on_terminal([*sandbox_line, *command], "Ctrl-C ends everything", keys)

    assert (0, ["first"]) == (code, headlines(output)), output
    assert shown in output.partition("Ctrl-C ends everything")[2]
