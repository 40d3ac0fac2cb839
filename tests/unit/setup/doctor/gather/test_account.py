"""Whose account it is, with and without an environment."""

import os
import pwd

from unitward.setup.doctor.gather.account import look_at_account

NOBODY_HAS = 4_294_000_000


def test_an_empty_environment() -> None:
    """Home comes from the account database, the runtime folder and PATH from custom."""
    entry = pwd.getpwuid(os.getuid())

    account = look_at_account({}, os.getuid())

    assert ("passwd", entry.pw_dir) == (account.home_from, str(account.folders.home))
    assert entry.pw_name == account.user
    assert f"/run/user/{os.getuid()}" == account.env["XDG_RUNTIME_DIR"]
    assert "/usr/bin" in account.env["PATH"].split(":")
    assert {} == account.given


def test_what_is_given_counts() -> None:
    """A variable that is set is taken; an empty one is as good as none."""
    given = {"HOME": "/h", "XDG_RUNTIME_DIR": "/r", "XDG_CONFIG_HOME": ""}

    account = look_at_account(given, os.getuid())

    assert ("HOME", "/r") == (account.home_from, str(account.folders.runtime))
    assert "/h/.config/systemd/user" == str(account.folders.unit_dir)


def test_a_uid_that_nobody_knows() -> None:
    """A container may run with a uid of no account: told by number, never an exception."""
    account = look_at_account({}, NOBODY_HAS)

    assert (False, "", str(NOBODY_HAS)) == (account.known, account.home_from, account.user)
