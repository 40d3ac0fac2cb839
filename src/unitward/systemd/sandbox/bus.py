"""A sandbox without a bus, as on a server that has no dbus-user-session."""

import os
from pathlib import Path
from typing import Final

_UNITS: Final = ("dbus.socket", "dbus.service")


def withhold_bus(runtime_dir: Path, *, uid: int = -1, gid: int = -1) -> None:
    """Mask the bus for the manager that will boot with this runtime folder.

    The masks are runtime ones: `systemctl --user unmask --runtime dbus.socket dbus.service` takes
    them away. What is made belongs to uid and gid, by default to whoever runs this. Raises OSError.
    """
    folder = runtime_dir
    for name in ("systemd", "user"):
        folder /= name
        if not folder.is_dir():
            folder.mkdir(mode=0o755)
            os.chown(folder, uid, gid)
    for unit in _UNITS:
        mask = folder / unit
        if not mask.is_symlink():
            mask.symlink_to(os.devnull)
            os.chown(mask, uid, gid, follow_symlinks=False)
