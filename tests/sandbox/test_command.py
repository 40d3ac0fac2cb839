"""What the command sees, and what becomes of its exit code, its output and its signals."""

import os
import signal
from typing import Any

import pytest


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)],
)
def test_exit_code_is_the_commands(probe: Any, script: str, code: int, depth: int) -> None:
    """The exit code is the command's, and 128 + n when signal n ended it."""
    assert code == probe.run(script, depth=depth).returncode


def test_streams_are_passed_through(probe: Any) -> None:
    """The command reads our input and writes our output and our error output."""
    ended = probe.run('read line; echo "out $line"; echo "err $line" >&2', typed="hello\n")

    assert ("out hello\n", "err hello\n") == (ended.stdout, ended.stderr)


def test_options_of_the_command_are_its_own(sandbox_line: list[str], run_program: Any) -> None:
    """What follows the command is not taken for an option of the sandbox."""
    *program, _ = sandbox_line

    ended = run_program([*program, "echo", "--help", "-x", "--", "y"])

    assert "--help -x -- y\n" == ended.stdout


def test_unknown_command_is_127(sandbox_line: list[str], run_program: Any) -> None:
    """A command that does not exist ends with 127, as in a shell, and says so."""
    ended = run_program([*sandbox_line, "no-such-program-anywhere"])

    assert 127 == ended.returncode
    assert "no-such-program-anywhere" in ended.stderr


def test_environment_is_clean_but_for_terminal_tests_and_ours(probe: Any) -> None:
    """Of the caller's environment only what terminal, test runs and unitward need gets in."""
    wanted = {
        "BENCH_OUT": "bench.json",
        "CI": "true",
        "COVERAGE_FILE": ".coverage.1",
        "HYPOTHESIS_STORAGE_DIRECTORY": "/nonexistent",
        "LC_TIME": "C",
        "NO_COLOR": "1",
        "PYTEST_ADDOPTS": "-q",
        "UNITWARD_HOLD": "y z",
    }
    unwanted = {"SECRET": "x", "XDG_CONFIG_HOME": "/nonexistent"}
    outer = {**os.environ, **wanted, **unwanted}

    inside = dict(
        line.split("=", 1) for line in probe.run("env", env=outer).stdout.splitlines() if line
    )

    assert wanted.items() <= inside.items()
    assert not unwanted.keys() & inside.keys()
    assert f"unix:path={inside['XDG_RUNTIME_DIR']}/bus" == inside["DBUS_SESSION_BUS_ADDRESS"]


def test_working_directory_is_kept(probe: Any) -> None:
    """The command starts where the caller is."""
    assert "/usr/share" == probe.run("pwd", cwd="/usr/share").stdout.strip()


def test_ctrl_c_reaches_the_command(probe: Any, type_on_terminal: Any) -> None:
    """Ctrl-C on the terminal goes to the command, once, and its exit code counts."""
    code, output = type_on_terminal(
        probe.command("trap 'echo caught; exit 3' INT; echo ready; sleep $MARK & wait"),
        prompt="ready",
        keys="\x03",
    )

    assert (3, 1) == (code, output.count("caught"))


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_to_the_sandbox_end_the_command(
    probe: Any, sent: signal.Signals, depth: int
) -> None:
    """Whoever ends the sandbox program by a signal ends the command with SIGTERM."""
    running = probe.start(
        "trap 'echo told; exit 4' TERM; echo ready; sleep $MARK & wait", depth=depth
    )
    assert "ready\n" == running.stdout.readline()

    running.send_signal(sent)
    output, _ = running.communicate(timeout=60)

    assert (4, "told\n") == (running.returncode, output)


def test_deaf_command_is_killed(probe: Any) -> None:
    """A command that ignores SIGTERM is killed after a while."""
    running = probe.start("trap '' TERM; echo ready; while :; do sleep 1; done # $MARK")
    assert "ready\n" == running.stdout.readline()

    running.terminate()
    running.communicate(timeout=60)

    assert 137 == running.returncode


def test_without_root_and_manager_it_says_what_to_do(probe: Any, sandbox_line: list[str]) -> None:
    """Without root and without a manager to nest under, the exit code is 5 and a way is named."""
    line = " ".join(sandbox_line)

    ended = probe.run(f"XDG_RUNTIME_DIR=/nonexistent {line} true")

    assert 5 == ended.returncode
    assert "enable-linger" in ended.stderr
