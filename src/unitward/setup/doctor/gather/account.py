"""Whose account this is, also where the environment says nothing."""

import os
import pwd
from collections.abc import Mapping

from unitward.model.folders import folders_from
from unitward.setup.doctor.facts import Account

# What login(1) gives to an account; enough for git and systemd's programs.
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def look_at_account(given: Mapping[str, str], uid: int) -> Account:
    """Return the account, its environment completed from the account database.

    A shell that ssh, cron, su or a container gave may lack HOME, PATH and XDG_RUNTIME_DIR.
    """
    try:
        return _account(given, uid, pwd.getpwuid(uid))
    except KeyError:
        return account_by_environment(given, uid)


def account_by_environment(given: Mapping[str, str], uid: int) -> Account:
    """Return what is known of the account without the account database."""
    return _account(given, uid, None)


def _account(given: Mapping[str, str], uid: int, entry: pwd.struct_passwd | None) -> Account:
    home, home_from = given.get("HOME", ""), "HOME"
    if not home.startswith("/"):
        home, home_from = (entry.pw_dir, "passwd") if entry else ("", "")
    if not home.startswith("/"):
        home, home_from = "/", ""
    env = {"PATH": USUAL_PATH, **{key: value for key, value in given.items() if value}}
    env["HOME"] = home
    folders = folders_from(env, uid)
    env["XDG_RUNTIME_DIR"] = str(folders.runtime)
    return Account(
        uid=uid,
        user=entry.pw_name if entry else str(uid),
        known=entry is not None,
        home_from=home_from,
        given=dict(given),
        env=env,
        folders=folders,
    )


def own_account() -> Account:
    """Return the account that runs this process."""
    return look_at_account(os.environ, os.getuid())
