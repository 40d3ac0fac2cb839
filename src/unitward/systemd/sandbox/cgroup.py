"""The cgroup of a sandbox that root makes: one slice at the top, removed with all that is in it.

The folders have the names systemd gives them on a booted system, because journald derives a
message's user unit from them (systemd source: src/basic/cgroup-util.c, cg_path_get_user_unit).
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unitward.errors import SandboxError
from unitward.systemd.sandbox.claims import claimed, taken_over

_PREFIX: Final = "unitward-sandbox-"
_EMPTY_LIMIT_S: Final = 5.0
_POLL_S: Final = 0.01


@dataclass(frozen=True)
class Slice:
    """A sandbox's cgroup: `path` is where cgroup2 is mounted for whoever looks."""

    path: Path

    def seen_at(self, mount_point: Path) -> "Slice":
        """Return the same cgroup as seen through another mount of cgroup2."""
        return Slice(mount_point / self.path.name)

    @property
    def supervisor(self) -> Path:
        """The cgroup of process 1 and of journald."""
        return self.path / "init.scope"

    def manager(self, uid: int) -> Path:
        """Return the cgroup that is delegated to the user manager."""
        return self.path / f"user@{uid}.service"

    def command(self, uid: int) -> Path:
        """Return the cgroup of the command.

        It lies below the manager's, because an unprivileged manager can only take processes over
        (`systemd-run --scope`) from within its own tree (cgroups(7)).
        """
        return self.manager(uid) / "command.scope"


def delegate(folder: Path, uid: int, gid: int) -> None:
    """Make a cgroup that the user may divide further (systemd source: cg_set_access)."""
    folder.mkdir()
    for path in (
        folder,
        folder / "cgroup.procs",
        folder / "cgroup.subtree_control",
        folder / "cgroup.threads",
    ):
        os.chown(path, uid, gid)


@contextmanager
def own_slice() -> Iterator[Slice]:
    """Make a cgroup for the length of the block; at its end kill what is in it and remove it.

    What killed sandboxes left is removed first. Raises SandboxError when no cgroup2 is mounted, or
    not for writing.
    """
    top = _mount_point()
    for left_over in top.glob(f"{_PREFIX}*.slice"):
        with taken_over(left_over) as abandoned:
            if abandoned:
                _remove(left_over)

    def make() -> Path:
        folder = top / f"{_PREFIX}{secrets.token_hex(4)}.slice"
        try:
            folder.mkdir()
        except OSError as error:
            raise SandboxError(
                f"cannot make a cgroup: {error}",
                hint="run it where cgroup2 is mounted for writing (docker run --privileged)",
            ) from error
        return folder

    with claimed(make) as folder:
        try:
            yield Slice(folder)
        finally:
            _remove(folder)


def _mount_point() -> Path:
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields, _, rest = line.partition(" - ")
        path = Path(fields.split(" ")[4])
        is_visible = (path / "cgroup.procs").exists()  # another mount may cover it
        if rest.split(" ", 1)[0] == "cgroup2" and is_visible:
            return path
    raise SandboxError(
        "a sandbox needs cgroup2, which is not mounted on this system",
        hint="mount -t cgroup2 cgroup2 /sys/fs/cgroup",
    )


def _remove(folder: Path) -> None:
    give_up_at = time.monotonic() + _EMPTY_LIMIT_S
    with suppress(OSError):
        (folder / "cgroup.kill").write_text("1", encoding="ascii")
    while folder.exists():
        for path, _, _ in os.walk(folder, topdown=False):
            with suppress(OSError):
                Path(path).rmdir()
        if time.monotonic() >= give_up_at:
            return
        time.sleep(_POLL_S)
