"""Broken surroundings: each ends in a message that says what to do, never in a traceback."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMANDS = ("status", "plan", "diff", "apply")


def _said(account: Any, command: str, code: int, **env: str) -> str:
    ended = account.run("unitward", command, env=env)
    assert code == ended.returncode, (command, ended)
    assert ended.stderr.startswith("unitward: "), ended.stderr
    assert "Traceback" not in ended.stderr
    said: str = ended.stderr
    return said


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_manager_it_names_the_way_on(account: Any, command: str) -> None:
    """A dead manager, and a runtime folder that is not there, are 5 with what to do."""
    account.stop_manager()
    assert "systemctl --user status" in _said(account, command, 5)
    bus = "unix:path=/run/user/nobody/bus"
    away = {"XDG_RUNTIME_DIR": "/run/user/nobody", "DBUS_SESSION_BUS_ADDRESS": bus}
    missing = _said(account, command, 5, **away)
    assert "XDG_RUNTIME_DIR=/run/user/nobody does not exist" in missing
    assert "loginctl enable-linger" in missing


def test_relative_xdg_values_are_ignored(account: Any, api: str) -> None:
    """Relative and empty XDG values mean the defaults, as their specification says."""
    account.write("api.yaml", api)
    odd = {"XDG_CONFIG_HOME": "somewhere", "XDG_STATE_HOME": "", "XDG_CACHE_HOME": "../x"}
    ended = account.run("unitward", "plan", env=odd)
    assert 0 == ended.returncode
    assert "api.service" in ended.stdout


def _garbage(ledger: Path) -> None:
    ledger.write_bytes(b"not a database at all" * 500)


def _truncated(ledger: Path) -> None:
    for path in ledger.parent.glob("ledger.sqlite-*"):
        path.unlink()
    ledger.write_bytes(ledger.read_bytes()[:5000])


def _folder(ledger: Path) -> None:
    ledger.unlink()
    ledger.mkdir()


def _newer(ledger: Path) -> None:
    with sqlite3.connect(ledger) as database:
        database.execute("PRAGMA user_version=9999")
    database.close()


def _unreadable(ledger: Path) -> None:
    ledger.chmod(0)


@pytest.mark.parametrize("damage", [_garbage, _truncated, _folder, _newer, _unreadable])
def test_a_damaged_ledger_is_named(account: Any, api: str, damage: Callable[[Path], None]) -> None:
    """A ledger that cannot be used stops every command with its path, and nothing is changed."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    ledger = account.state_home / "unitward/ledger.sqlite"
    damage(ledger)
    account.write("api.yaml", api.replace("infinity", "1000"))
    for command in COMMANDS:
        assert str(ledger) in _said(account, command, 1)
    assert "infinity" in (account.unit_dir / "api.service").read_text()


def test_a_ledger_of_another_machine_is_refused(account: Any, api: str) -> None:
    """A copied home changes nothing: apply says that the ledger is another machine's."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    ledger = account.state_home / "unitward/ledger.sqlite"
    database = sqlite3.connect(ledger)
    with database:
        database.execute("UPDATE facts SET value='elsewhere-1' WHERE name='identity'")
    database.close()
    account.write("api.yaml", api.replace("infinity", "1000"))
    assert "another machine or account" in _said(account, "apply", 1)
    assert "infinity" in (account.unit_dir / "api.service").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_cannot_be_read_is_named(account: Any, command: str) -> None:
    """A state or configuration folder without permissions is told with its path."""
    for folder in (account.state_home, account.home / ".config/unitward"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0)
        ended = account.run("unitward", command)
        folder.chmod(0o700)
        assert "Traceback" not in ended.stderr
        assert str(folder) in ended.stdout + ended.stderr


def test_a_source_that_is_a_file_is_told(account: Any) -> None:
    """A desired-state folder that is no folder is told by every command."""
    shutil.rmtree(account.desired)
    account.desired.write_text("hello")
    for command in ("plan", "render"):
        assert "is not a folder" in _said(account, command, 1)
