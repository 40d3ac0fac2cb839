"""What a folder asks for, as far as a doctor needs it."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from unitward.setup.doctor.facts import Account
from unitward.setup.doctor.gather.account import look_at_account
from unitward.setup.doctor.gather.source import look_at_source

MANIFEST = """\
version: 1
units:
  api.service:
    Service: {ExecStart: /bin/true, IOWeight: 10, MemoryMax: 1G}
  tool.service:
    Service: {ExecStart: /bin/true, PrivateTmp: yes, MemoryMax: 1G}
"""


@pytest.fixture
def home(tmp_path: Path) -> Account:
    """Give an account with an empty desired-state folder."""
    account = look_at_account({"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, os.getuid())
    account.folders.desired.mkdir(parents=True, mode=0o700)
    account.folders.unit_dir.mkdir(parents=True, mode=0o700)
    return account


def test_what_units_need(home: Account) -> None:
    """Units are counted, and those that need controllers or namespaces are named."""
    (home.folders.desired / "a.yaml").write_text(MANIFEST)
    (home.folders.desired / "b.yaml").write_text(
        "version: 1\nunits:\n  x.service: {Nonsense: {}}\n"
    )
    (home.folders.desired / "below").mkdir(mode=0o755)

    found = look_at_source(home)

    assert (2, True, True) == (found.units, found.is_default, found.exists)
    assert {
        "io": ("api.service",),
        "memory": ("api.service", "tool.service"),
    } == found.controller_users
    assert ("tool.service",) == found.namespace_users
    assert any(error.startswith("b.yaml:") for error in found.errors)
    assert found.folders >= 3
    assert found.checkout is None


def test_what_stands_in_the_way(home: Account) -> None:
    """Files of others under declared names are found: files, masks, drop-ins."""
    (home.folders.desired / "a.yaml").write_text(
        MANIFEST + "  other.service.d/50-x.conf:\n    Service: {Nice: 5}\n"
    )
    units = home.folders.unit_dir
    (units / "api.service").write_text("[Service]\nExecStart=/bin/false\n")
    (units / "tool.service").symlink_to("/dev/null")
    (units / "other.service.d").mkdir()
    (units / "other.service.d/50-x.conf").write_text("[Service]\nNice=1\n")
    (units / "free.service").write_text("[Service]\nExecStart=/bin/false\n")

    found = {each.path: each for each in look_at_source(home).in_the_way}

    names = {"api.service", "tool.service", "other.service.d/50-x.conf"}
    assert {str(units / name) for name in names} == found.keys()
    assert "masked" in found[str(units / "tool.service")].reason
    assert "other.service" == found[str(units / "other.service.d/50-x.conf")].unit


def test_files_that_are_not_read(home: Account) -> None:
    """A file that everybody may write is told with its path and the command."""
    file = home.folders.desired / "a.yaml"
    file.write_text(MANIFEST)
    file.chmod(0o666)

    [(path, reason, hint)] = look_at_source(home).unreadable

    assert str(file) == path
    assert "everybody" in reason
    assert "chmod go-w" in hint


def test_a_folder_that_is_not_there(home: Account) -> None:
    """A missing folder is unavailable, and nothing else is claimed of it."""
    home.folders.desired.rmdir()

    found = look_at_source(home)

    assert (False, 0, ()) == (found.exists, found.units, found.in_the_way)
    assert found.unavailable is not None


def test_a_checkout(home: Account) -> None:
    """A checkout shows its git, and how old a lock is that a crash left."""
    folder = home.folders.desired
    subprocess.run(["git", "init", "-q", folder], env=dict(home.env), check=True)
    checkout = look_at_source(home).checkout
    assert checkout is not None
    assert (str(folder), None) == (checkout.top, checkout.lock_age)
    assert checkout.git.startswith("git version")

    lock = folder / ".git/index.lock"
    lock.touch()
    os.utime(lock, (time.time() - 7200,) * 2)

    checkout = look_at_source(home).checkout
    assert checkout is not None
    assert checkout.lock_age is not None
    assert 7000 < checkout.lock_age < 8000
