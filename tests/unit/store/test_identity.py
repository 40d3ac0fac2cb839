"""Whom an account stands for: USER@HOST."""

import os
import pwd
from pathlib import Path

import pytest

from unitward.store.identity import own_name

USER = pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize(
    ("content", "host"),
    [
        ("alpha\n", "alpha"),
        ("# of the rack\n\n  alpha.example.org  \n", "alpha.example.org"),
        ("", "localhost"),
        ("# nothing else\n", "localhost"),
    ],
)
def test_static_host_name(tmp_path: Path, content: str, host: str) -> None:
    """The host is what hostname(5) says, not what a network calls the machine."""
    file = tmp_path / "hostname"
    file.write_text(content, "utf-8")
    assert f"{USER}@{host}" == own_name(os.getuid(), file)


def test_machine_without_a_name(tmp_path: Path) -> None:
    """A machine that has no static host name is localhost."""
    assert f"{USER}@localhost" == own_name(os.getuid(), tmp_path / "missing")


def test_account_without_an_entry(tmp_path: Path) -> None:
    """A uid that the account database does not know stands for itself."""
    assert "2147483000@localhost" == own_name(2_147_483_000, tmp_path / "missing")
