"""The environments of unitward itself, as they lie on disk."""

import os
import time
from pathlib import Path

import pytest

from unitward.setup.doctor.facts import Account, LastUpgrade
from unitward.setup.doctor.gather.account import look_at_account
from unitward.setup.doctor.gather.program import look_at_program
from unitward.setup.upgrade.environment import mark_complete
from unitward.setup.upgrade.record import Phase, Upgrade, record_path, write_upgrade
from unitward.store.lock import hold_lock


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """Give an account of which nothing exists yet."""
    return look_at_account({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, os.getuid())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give the folder of two versions, of which 0.1.0 is in use."""
    folder = tmp_path / ".local/share/unitward"
    for version in ("0.0.9", "0.1.0"):
        programs = folder / "versions" / version / "bin"
        programs.mkdir(parents=True)
        (programs / "python").symlink_to("/bin/sh")
        program = programs / "unitward"
        program.write_text(f"#!{programs}/python\necho unitward {version}\n")
        program.chmod(0o755)
        mark_complete(programs.parent)
    (folder / "current").symlink_to("versions/0.1.0")
    return folder


def test_installed_in_another_way(account: Account) -> None:
    """Without the link nothing is claimed."""
    found = look_at_program(account)
    assert ("", "", (), None) == (found.current, found.broken, found.others, found.upgrade)


def test_a_program_that_runs(account: Account, root: Path) -> None:
    """What is in use is tried, and what lies whole beside it is named."""
    found = look_at_program(account)
    expected = (str(root), "0.1.0", "", ("0.0.9",))
    assert expected == (found.root, found.current, found.broken, found.others)


def test_current_leads_nowhere(account: Account, root: Path) -> None:
    """A version that is gone is named by its path."""
    (root / "current").unlink()
    (root / "current").symlink_to("versions/0.3.0")
    found = look_at_program(account)
    missing = f"{root}/current leads to {root}/versions/0.3.0, which does not exist"
    assert ("0.3.0", missing) == (found.current, found.broken)


def test_its_python_is_gone(account: Account, root: Path) -> None:
    """The Python of an environment goes when the distribution replaces it."""
    python = root / "versions/0.1.0/bin/python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.0")
    found = look_at_program(account)
    assert f"{python} does not exist (it leads to /usr/bin/python3.0)" == found.broken


def test_its_program_fails(account: Account, root: Path) -> None:
    """The last line of what it complains about is told."""
    program = root / "versions/0.1.0/bin/unitward"
    program.write_text("#!/bin/sh\necho 'No module named click' >&2\nexit 1\n")
    found = look_at_program(account)
    assert f"{root}/current/bin/unitward does not run: No module named click" == found.broken


def test_its_program_is_gone(account: Account, root: Path) -> None:
    """A program that is missing, or whose interpreter is, cannot be run."""
    (root / "versions/0.1.0/bin/unitward").unlink()
    found = look_at_program(account)
    assert f"{root}/current/bin/unitward cannot be run: No such file or directory" == found.broken


def test_upgrades(account: Account, root: Path) -> None:
    """The record tells what became of the last one; its lock, that another is prepared."""
    assert root.exists()
    record = record_path(account.folders)
    last = Upgrade("0.2.0", "0.1.0", Phase.UNDONE, time.time(), reason="no pass")
    write_upgrade(record, last)
    expected = LastUpgrade("0.2.0", "undone", last.summary, last.at)
    assert expected == look_at_program(account).upgrade

    (record.parent / "upgrade").mkdir()
    (record.parent / "upgrade/undoing").touch()
    write_upgrade(record, last.now(Phase.SWITCHING))
    with hold_lock(record.parent / "upgrade.lock", "an upgrade"):
        found = look_at_program(account).upgrade
    assert found is not None
    assert ("switching", 180.0, os.getpid(), True) == (
        found.phase,
        found.limit,
        found.preparing,
        found.goes_back,
    )
