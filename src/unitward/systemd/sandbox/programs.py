"""The programs a sandbox is made of, and the Debian packages they come from."""

import shutil
from pathlib import Path
from typing import Final

from unitward.errors import SandboxError

_MANAGERS: Final = (Path("/usr/lib/systemd/systemd"), Path("/lib/systemd/systemd"))
_JOURNALS: Final = (
    Path("/usr/lib/systemd/systemd-journald"),
    Path("/lib/systemd/systemd-journald"),
)
_BUS_SOCKETS: Final = (
    Path("/usr/lib/systemd/user/dbus.socket"),
    Path("/lib/systemd/user/dbus.socket"),
    Path("/etc/systemd/user/dbus.socket"),
)
_OF_THE_BUS: Final = frozenset({"dbus", "dbus-user-session"})


def manager_program() -> Path:
    """Return the systemd program. Call `check_programs` first."""
    return next(path for path in _MANAGERS if path.exists())


def journal_program() -> Path | None:
    """Return the systemd-journald program, if it is installed."""
    return next((path for path in _JOURNALS if path.exists()), None)


def check_programs(*, has_bus: bool) -> None:
    """Raise SandboxError naming every Debian package that is missing.

    Without a bus, its packages are not needed.
    """
    needed = _packages() if has_bus else [p for p in _packages() if p[0] not in _OF_THE_BUS]
    missing = [package for package, found in needed if not found]
    if missing:
        names = " ".join(missing)
        raise SandboxError(
            f"a sandbox needs programs of packages that are not installed: {names}",
            hint=f"sudo apt install {names}",
        )


def _packages() -> tuple[tuple[str, bool], ...]:
    return (
        (
            "systemd",
            any(path.exists() for path in _MANAGERS)
            and shutil.which("systemctl") is not None
            and shutil.which("systemd-run") is not None,
        ),
        ("dbus", any(shutil.which(name) for name in ("dbus-daemon", "dbus-broker"))),
        ("dbus-user-session", any(path.exists() for path in _BUS_SOCKETS)),
        ("util-linux", shutil.which("setpriv") is not None),
    )
