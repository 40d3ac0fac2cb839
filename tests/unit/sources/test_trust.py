"""Whose files may say what runs."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from unitward.sources.trust import check_overlap, distrust


def test_own_and_roots_files_are_trusted(tmp_path: Path) -> None:
    """What only the account or root can write is trusted."""
    file = tmp_path / "a.yaml"
    file.touch(0o644)

    assert distrust(file.stat(), "a.yaml", os.getuid()) is None
    assert distrust(os.stat("/usr"), "/usr", 12345) is None  # noqa: PTH116 - a status is wanted


@pytest.mark.parametrize("mode", [0o646, 0o666, 0o777])
def test_files_writable_by_everybody_are_not(tmp_path: Path, mode: int) -> None:
    """What everybody can write is refused, with the command that mends it."""
    file = tmp_path / "a.yaml"
    file.touch()
    file.chmod(mode)
    why = distrust(file.stat(), str(file), os.getuid())

    assert why is not None
    assert f"{file} can be written by everybody" == why.reason
    assert f"chmod go-w {file}" == why.hint


def test_another_accounts_files_are_not(tmp_path: Path) -> None:
    """What belongs to another account than the reader's and root is refused."""
    file = tmp_path / "a.yaml"
    file.touch()
    real = file.stat()
    foreign = os.stat_result((*real[:4], 4242, *real[5:]))
    why = distrust(foreign, str(file), os.getuid())

    assert why is not None
    assert "belongs to another account (uid 4242)" in why.reason


def test_only_a_private_group_may_write(tmp_path: Path) -> None:
    """Group-writable is fine for the account's own group, and for no other."""
    file = tmp_path / "a.yaml"
    file.touch()
    file.chmod(0o664)
    real, account = file.stat(), pwd.getpwuid(os.getuid())
    private = next(
        (
            group.gr_gid
            for group in grp.getgrall()
            if (group.gr_gid, group.gr_name) == (account.pw_gid, account.pw_name)
            and not set(group.gr_mem) - {account.pw_name}
        ),
        None,
    )
    shared = next(group for group in grp.getgrall() if group.gr_gid != account.pw_gid)
    of_shared = os.stat_result((*real[:5], shared.gr_gid, *real[6:]))
    why = distrust(of_shared, str(file), os.getuid())

    assert why is not None
    assert f"{file} can be written by the group {shared.gr_name}" == why.reason
    if private is not None:
        of_private = os.stat_result((*real[:5], private, *real[6:]))
        assert distrust(of_private, str(file), os.getuid()) is None


def test_overlap_is_refused(tmp_path: Path) -> None:
    """The source may not be, hold or lie in the unit folder, through links either."""
    units = tmp_path / "config" / "systemd" / "user"
    units.mkdir(parents=True)
    (tmp_path / "link").symlink_to(units)
    apart = tmp_path / "config" / "unitward" / "desired"

    assert check_overlap(apart, units) is None
    assert check_overlap(tmp_path / "config" / "systemd" / "user2", units) is None
    for source in (units, units / "sub", tmp_path / "config", tmp_path / "link"):
        refused = check_overlap(source, units)
        assert refused is not None
        assert "overlap" in refused.reason
