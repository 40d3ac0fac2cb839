"""The account as anybody can see it: its files, its links, and what systemctl says of its units."""

import subprocess
from pathlib import Path

LIMIT_S = 30.0


class Machine:
    """The account in which the walk-through takes place, with unitward's folders at their defaults.

    It is looked at and changed without unitward, by systemctl(1) and on disk.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.unit_dir = home / ".config/systemd/user"
        self.desired = home / ".config/unitward/desired"
        self.config_file = home / ".config/unitward/config.yaml"
        self.edited = home / ".local/state/unitward/edited"
        self.demo = home / "demo"

    def systemctl(self, *arguments: str) -> str:
        """Return what `systemctl --user` prints. Raises CalledProcessError when it fails."""
        return subprocess.run(
            ("systemctl", "--user", "--no-pager", *arguments),
            check=True,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        ).stdout

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit."""
        return self.systemctl("show", f"--property={name}", "--value", "--", unit).strip()

    def invocation(self, unit: str) -> str:
        """Return the InvocationID of a unit, which is a new one after every start."""
        return self.show(unit, "InvocationID")

    def environment_of(self, unit: str) -> set[str]:
        """Return the variables of a service's main process, as NAME=VALUE (proc(5))."""
        try:
            raw = Path("/proc", self.show(unit, "MainPID"), "environ").read_bytes()
        except OSError:
            return set()
        return {entry.decode(errors="replace") for entry in raw.split(b"\0") if entry}
