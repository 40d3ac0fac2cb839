"""`validate` once more over files of which few changed: fast, and right."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

TWO = """\
version: 1
units:
  api.service: {Service: {ExecStart: "%h/bin/api"}}
  other.service: {Service: {ExecStart: /bin/sleep infinity}}
"""


@pytest.fixture
def asked(account: Any) -> Callable[[], set[str]]:
    """Give a function that tells the units systemd-analyze was asked about since the last call."""
    notes = account.home / "asked"
    program = account.home / "bin/systemd-analyze"
    program.parent.mkdir(exist_ok=True)
    real = shutil.which("systemd-analyze")
    program.write_text(f'#!/bin/sh\necho "$@" >>{notes}\nexec {real} "$@"\n')
    program.chmod(0o755)

    def since() -> set[str]:
        words = notes.read_text().split() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return {word.removeprefix("./") for word in words if word.startswith("./")}

    return since


def validate(account: Any) -> tuple[int, str, str]:
    """Run the command with the noting systemd-analyze before the real one."""
    path = f"{account.home}/bin:{account.env['PATH']}"
    ended = account.run("unitward", "validate", "-v", env={"PATH": path})
    return ended.returncode, ended.stdout, ended.stderr


def test_systemd_is_asked_what_it_was_not_asked(
    account: Any, asked: Callable[[], set[str]]
) -> None:
    """F4 F2: a second `validate` asks nothing, tells the same, and still tells what went wrong."""
    program = account.home / "bin/api"
    program.parent.mkdir(exist_ok=True)
    shutil.copy("/bin/true", program)
    account.write("two.yaml", TWO)

    assert (0, "2 valid units\n", "") == validate(account)
    assert {"api.service", "other.service"} == asked()
    assert (0, "2 valid units\n", "") == validate(account)
    assert set() == asked()

    account.write("two.yaml", TWO.replace("infinity", "1000"))
    assert (0, "2 valid units\n", "") == validate(account)
    assert {"other.service"} == asked()

    program.unlink()
    code, _, errors = validate(account)
    assert 0 == code
    assert f"Command {program} is not executable" in errors
    assert {"api.service"} <= asked()

    account.write("two.yaml", TWO.replace("ExecStart: /bin", "Restart: sometimes, ExecStart: /bin"))
    code, _, errors = validate(account)
    assert 1 == code
    assert "two.yaml:4" in errors


def test_apply_asks_for_itself(account: Any, asked: Callable[[], set[str]]) -> None:
    """What is carried out is judged anew, whatever `validate` found before."""
    account.write("two.yaml", TWO)
    validate(account)
    validate(account)
    asked()

    path = f"{account.home}/bin:{account.env['PATH']}"
    assert 0 == account.run("unitward", "apply", env={"PATH": path}).returncode

    assert {"api.service", "other.service"} == asked()
