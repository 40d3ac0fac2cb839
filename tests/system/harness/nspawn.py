"""systemd-nspawn, on machines that were not booted with systemd themselves as well."""

from pathlib import Path
from typing import Final

_JOIN: Final = 'echo 0 >"$0" && exec "$@"'
"""A shell script that moves itself to a cgroup and becomes its arguments."""

_ENTER: Final = (
    "mount -t tmpfs tmpfs /run && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec systemd-nspawn "
    '"$@"'
)
"""A shell script for a private mount namespace: nspawn writes to /run, and takes over the layout of
cgroups that it sees."""


def joined(cgroup: Path, *command: str) -> tuple[str, ...]:
    """Return the command line that runs a command in a cgroup."""
    return ("sh", "-c", _JOIN, str(cgroup / "cgroup.procs"), *command)


def nspawn(root: Path, *arguments: str) -> tuple[str, ...]:
    """Return the command line of systemd-nspawn on a root folder, without a network.

    It, and everything in it, ends with the process that starts it, also when that is killed.
    """
    return (
        *("setpriv", "--pdeathsig=KILL"),
        *("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"),
        *("sh", "-c", _ENTER, "sh"),
        f"--directory={root}",
        "--register=no",
        "--keep-unit",
        "--private-network",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--settings=no",
        "--quiet",
        *arguments,
    )


def leader_of(cgroup: Path) -> int | None:
    """Return process 1 of the machine that nspawn runs in a cgroup, once systemd is that."""
    procs = cgroup / "payload/init.scope/cgroup.procs"
    try:
        pids = [int(line) for line in procs.read_text(encoding="ascii").split()]
    except OSError:
        return None
    return next((pid for pid in pids if _number_inside(pid) == 1), None)


def _number_inside(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return None
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid:"))
    return int(numbers.split()[-1])
