"""A disk of a few pages that really fills up, and that can become read-only."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PAGE = 4096
_HOLDER = """
mount -t tmpfs -o size="$2",mode=0700 none "$1" && echo ready
while read -r how; do mount -o "remount,bind,$how" "$1" && echo done; done
"""


class SmallDisk:
    """A tmpfs in a mount namespace of its own, that everybody reaches through /proc (proc(5)).

    root: where it is, for the manager and unitward alike: a process that holds it need not be
    theirs, and no privilege but a user namespace is needed.
    """

    def __init__(self, process: "subprocess.Popen[str]", mount_point: Path) -> None:
        self._process = process
        self.pid = process.pid
        self.root = Path(f"/proc/{process.pid}/root{mount_point}")
        self._filler = self.root / ".filler"

    def fill(self, leave_pages: int = 0) -> None:
        """Leave so many pages free; a file or folder takes one at least."""
        with self._filler.open("wb") as file:
            free = os.statvfs(self.root)
            file.truncate(0)
            file.write(bytes((free.f_bfree - leave_pages) * PAGE))

    def free(self) -> None:
        """Take back what fills it."""
        self._filler.unlink()

    def become(self, how: str) -> None:
        """Become `ro` or `rw`."""
        self._say(f"{how}\n")

    def _say(self, text: str) -> None:
        written, answered = self._process.stdin, self._process.stdout
        assert written is not None
        assert answered is not None
        written.write(text)
        written.flush()
        _expect(answered, "done\n")


def _expect(pipe: IO[str], answer: str) -> None:
    said = pipe.readline()
    assert answer == said, said


@contextmanager
def small_disk(account: Any, mount_point: Path, size: int) -> Iterator[SmallDisk]:
    """Mount a disk of some bytes while the context lasts.

    At the mount point itself only those see it who look beside its `pid`.
    """
    mount_point.mkdir(parents=True)
    namespaces = ("unshare", "--user", "--map-root-user", "--mount")
    process = subprocess.Popen(
        (*namespaces, "/bin/sh", "-c", _HOLDER, "holder", str(mount_point), str(size)),
        env=account.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        _expect(process.stdout, "ready\n")
        yield SmallDisk(process, mount_point)
    finally:
        process.communicate("", timeout=10)
