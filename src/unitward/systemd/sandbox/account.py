"""Whom a sandbox made by root runs as: the person behind sudo, or a throw-away account.

Services of a manager that runs as root silently get empty credentials, and what is tested as root
proves nothing about permissions.
"""

import grp
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

JOURNAL_GROUP: Final = "systemd-journal"

_NAME: Final = "unitward-sandbox"
_HIGHEST_ID: Final = 59_999  # the highest that Debian gives to people (Debian policy 9.2.2)
_LOWEST_ID: Final = 50_000


@dataclass(frozen=True)
class Account:
    """An unprivileged identity."""

    name: str
    uid: int
    gid: int

    def passwd_line(self, home: Path) -> str:
        """Return the account's line of passwd(5)."""
        return f"{self.name}:x:{self.uid}:{self.gid}::{home}:/bin/sh"

    def become(self, groups: Sequence[int]) -> list[str]:
        """Return the beginning of a command line that becomes this account without privileges.

        `groups` are in addition to its own.
        """
        return [
            "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            f"--groups={','.join(str(group) for group in (self.gid, *groups))}",
            "--inh-caps=-all",
            "--ambient-caps=-all",
            "--",
        ]


def choose_account(environment: Mapping[str, str]) -> Account:
    """Return the account named by `SUDO_UID`, else one that nobody has."""
    uid = environment.get("SUDO_UID", "")
    if uid.isdecimal() and int(uid) != 0:
        try:
            known = pwd.getpwuid(int(uid))
        except KeyError:
            pass
        else:
            return Account(known.pw_name, known.pw_uid, known.pw_gid)
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    free = next(number for number in range(_HIGHEST_ID, _LOWEST_ID, -1) if number not in taken)
    return Account(_NAME, free, free)


def account_files(account: Account, home: Path) -> dict[Path, str]:
    """Return what /etc/passwd and /etc/group say inside: the account, with its throw-away home.

    The group of those who may read the journal is added where it is missing.
    """
    passwd = [
        line
        for line in _lines(Path("/etc/passwd"))
        if line.split(":")[0] != account.name and line.split(":")[2:3] != [str(account.uid)]
    ]
    groups = _lines(Path("/etc/group"))
    if account.gid not in {entry.gr_gid for entry in grp.getgrall()}:
        groups.append(f"{account.name}:x:{account.gid}:")
    if not any(line.startswith(f"{JOURNAL_GROUP}:") for line in groups):
        free = next(number for number in range(999, 100, -1) if not _has_gid(groups, number))
        groups.append(f"{JOURNAL_GROUP}:x:{free}:")
    return {
        Path("/etc/passwd"): "\n".join([*passwd, account.passwd_line(home), ""]),
        Path("/etc/group"): "\n".join([*groups, ""]),
    }


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def _has_gid(groups: Sequence[str], gid: int) -> bool:
    return any(line.split(":")[2:3] == [str(gid)] for line in groups)
