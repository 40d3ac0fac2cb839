"""The README's commands, typed one block after the other by somebody who has only the README."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from unitward.cli import COMMANDS
from unitward.errors import Exit

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text("utf-8")
REFERENCE = (PROJECT / "docs/output.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

# A checkout or a package index are needed for these; the rest is typed.
ELSEWHERE = {"make", "pipx", "uv", "pip"}

TYPED = [
    block for block in BLOCKS if not set(re.findall(r"^\w+", block, re.MULTILINE)) <= ELSEWHERE
]


def type_block(account: Any, number: int) -> str:
    """Type a block of the README into a shell that stops at the first failure.

    Nobody answers questions there, and no account of this machine is made to linger.
    """
    env = {
        "PATH": f"{Path(sys.executable).parent}:{account.env['PATH']}",
        "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus",
    }
    typed = TYPED[number].replace("unitward install\n", "unitward install --yes\n")
    ended = account.run("bash", "-euo", "pipefail", "-c", typed, env=env)
    assert ended.returncode == 0, f"{TYPED[number]}\n{ended.stdout}{ended.stderr}"
    return str(ended.stdout)


def environment(account: Any, unit: str) -> set[str]:
    """Return the variables of a unit's main process; none before it runs its program."""
    pid = account.show(unit, "MainPID")["MainPID"]
    try:
        return set(Path("/proc", pid, "environ").read_text("utf-8").split("\0"))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return set()


def test_commands_of_the_readme_do_what_it_says(account: Any) -> None:
    """A newcomer who types everything has a running unit, a changed one, and the daemon."""
    assert 4 == len(TYPED)
    account.desired.rmdir()
    file = account.unit_dir / "hello.service"

    type_block(account, 0)
    assert not file.exists()

    shown = type_block(account, 1)
    assert "create" in shown
    assert "active" == account.show("hello.service", "ActiveState")["ActiveState"]
    assert (account.unit_dir / "default.target.wants/hello.service").resolve() == file
    account.wait_for(lambda: "NAME=world" in environment(account, "hello.service"), "NAME=world")

    shown = type_block(account, 2)
    assert "+Environment=NAME=everybody" in shown.splitlines()
    account.wait_for(
        lambda: "NAME=everybody" in environment(account, "hello.service"), "NAME=everybody"
    )

    shown = type_block(account, 3)
    own = account.show("unitward.service", "ActiveState", "SubState", "MainPID")
    assert ("active", "running") == (own["ActiveState"], own["SubState"])
    assert f"daemon running (process {own['MainPID']})" in shown
    assert re.search(r"^hello\.service +in-sync", shown, re.MULTILINE)


def test_daemon_of_the_readme_keeps_the_folder_true(account: Any) -> None:
    """The unit that the README makes for the daemon converges by itself from then on."""
    for number in range(len(TYPED)):
        type_block(account, number)

    manifest = account.desired / "hello.yaml"
    manifest.write_text(manifest.read_text("utf-8").replace("everybody", "you"), "utf-8")

    account.wait_for(
        lambda: "NAME=you" in environment(account, "hello.service"), "a restart with the new name"
    )


@pytest.mark.parametrize("program", sorted(ELSEWHERE))
def test_only_what_is_shown_is_left_out(program: str) -> None:
    """What is not typed here is in the README."""
    assert any(re.search(rf"^{program} ", block, re.MULTILINE) for block in BLOCKS)


def test_exit_codes_are_those_of_the_code() -> None:
    """The README lists every exit code that there is, as the reference of the output does."""
    in_readme, in_reference = (
        {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
        for text in (README, REFERENCE)
        for table in [text.partition("## Exit codes")[2].partition("\n## ")[0]]
    )
    assert in_reference == in_readme
    assert {int(code) for code in Exit} <= in_readme


def test_commands_are_those_of_the_program() -> None:
    """The README names every command that there is."""
    table = README.partition("## Commands")[2].partition("\n## ")[0]
    assert set(COMMANDS) <= set(re.findall(r"[a-z]+", table))
