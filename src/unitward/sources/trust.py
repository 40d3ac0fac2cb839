"""Whose files may say what this account runs."""

import grp
import os
import pwd
import stat
from functools import lru_cache
from pathlib import Path

from unitward.model.source import Unavailable, Unreadable


def distrust(status: os.stat_result, path: str, uid: int | None) -> Unreadable | None:
    """Tell why the content of a file or folder could come from somebody else, else None.

    It must belong to `uid` or root, and be writable by nobody else. The account's private
    group (its primary group, of the account's name, without other members) is nobody else.
    `uid` None trusts everybody: for a reading of which nothing is ever run.
    """
    if uid is None:
        return None
    if not owned(status, uid):
        return Unreadable(
            f"{path} belongs to another account (uid {status.st_uid})",
            f"chown {uid} {path}, if what it says is meant",
        )
    if status.st_mode & stat.S_IWOTH:
        return Unreadable(f"{path} can be written by everybody", f"chmod go-w {path}")
    if status.st_mode & stat.S_IWGRP and not _private_group(status.st_gid, uid):
        return Unreadable(
            f"{path} can be written by the group {_group_name(status.st_gid)}",
            f"chmod go-w {path}",
        )
    return None


def owned(status: os.stat_result, uid: int | None) -> bool:
    """Tell whether a file belongs to the account or to root; to anybody when uid is None."""
    return uid is None or status.st_uid in {uid, 0}


def check_overlap(source: Path, unit_dir: Path) -> Unavailable | None:
    """Refuse a source that is, holds or lies in the unit folder, links resolved."""
    real_source, real_units = (Path(os.path.realpath(path)) for path in (source, unit_dir))
    if real_source.is_relative_to(real_units) or real_units.is_relative_to(real_source):
        return Unavailable(
            f"the desired-state folder {source} and the unit folder {unit_dir} overlap:"
            " what unitward writes would be read as wishes",
            "move the desired-state folder, and name it with `source:` in config.yaml",
        )
    return None


# Account data changes rarely, is asked for each group-writable file, and may come from a network.
@lru_cache(maxsize=64)
def _private_group(gid: int, uid: int) -> bool:
    try:
        account, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return (
        account.pw_gid == gid
        and group.gr_name == account.pw_name
        and set(group.gr_mem) <= {account.pw_name}
    )


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
