"""The account's session: its runtime folder, whether it lingers, why no manager answers."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

LINGER_FOLDER = Path("/var/lib/systemd/linger")
LOGIND_FOLDER = Path("/run/systemd/users")

_STALE_ADDRESS = "; if DBUS_SESSION_BUS_ADDRESS is an old session's, unset it"


def linger_enabled(
    user: str, *, folder: Path = LINGER_FOLDER, logind: Path = LOGIND_FOLDER
) -> bool | None:
    """Tell whether the user manager of `user` starts at boot (loginctl(1), enable-linger).

    None where logind does not run or its record cannot be read. logind makes the folder
    when the first user is made to linger.
    """
    try:
        return any(entry.name == user for entry in folder.iterdir())
    except FileNotFoundError:
        return False if logind.is_dir() else None
    except OSError:
        return None


def default_runtime_dir(uid: int) -> Path:
    """Return the XDG_RUNTIME_DIR that pam_systemd(8) gives to a user."""
    return Path(f"/run/user/{uid}")


def explain_unreachable(env: Mapping[str, str]) -> tuple[str, str]:
    """Say what is missing on the way to the user manager: (what happened, what to do)."""
    uid = os.getuid()
    usual = default_runtime_dir(uid)
    linger = f"loginctl enable-linger {_user_name(uid)}"
    runtime = env.get("XDG_RUNTIME_DIR", "")
    if not runtime:
        message = "no user manager found: XDG_RUNTIME_DIR is not set"
        export = f"export XDG_RUNTIME_DIR={usual}"
        return message, export if usual.is_dir() else f"{linger}, then {export}"
    folder = Path(runtime)
    if not folder.is_dir():
        message = f"no user manager found: XDG_RUNTIME_DIR={runtime} does not exist"
        return message, f"log in, or have the manager started at boot: {linger}"
    owner = folder.stat().st_uid
    if owner != uid:
        message = f"XDG_RUNTIME_DIR={runtime} belongs to another user (uid {owner})"
        return message, f"su and sudo keep the first user's value: export XDG_RUNTIME_DIR={usual}"
    if not (folder / "systemd" / "private").exists():
        message = f"no user manager runs in {runtime}"
        return message, f"is user@{uid}.service running? To start it, now and at boot: {linger}"
    message = "the user manager answers neither through a bus nor on its private socket"
    stale = "" if env.get("DBUS_SESSION_BUS_ADDRESS") is None else _STALE_ADDRESS
    return message, f"does it run? See: systemctl --user status, systemctl status user@{uid}{stale}"


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
