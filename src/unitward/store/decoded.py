"""What the commands that only look decoded the last time, for the next one to start from.

Losing it costs time, nothing else: whatever is not as this version wrote it counts as nothing.
"""

import contextlib
import hashlib
import marshal
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

_DIGEST_BYTES = 32

Kept = dict[str, tuple[str, tuple[Any, ...]]]
"""Path in the desired-state folder -> sha256 of the file that was decoded, and its plain form."""


def read_decoded(path: Path, key: bytes) -> Kept:
    """Return what was kept under the same key; empty where it is not this account's alone.

    key: 32 bytes that differ wherever something else than the files has a say in decoding.
    """
    try:
        content = _own_bytes(path)
    except OSError:
        return {}
    digest = content[_DIGEST_BYTES : 2 * _DIGEST_BYTES]
    payload = memoryview(content)[2 * _DIGEST_BYTES :]
    if content[:_DIGEST_BYTES] != key or hashlib.sha256(payload).digest() != digest:
        return {}
    # What the digest vouches for, marshal wrote; pickle takes five times as long.
    kept: Kept = marshal.loads(payload)  # noqa: S302 - checked above: own file, own digest
    return kept


def write_decoded(path: Path, key: bytes, kept: Kept) -> None:
    """Replace what was kept, at once. Where that cannot be done, nothing is kept."""
    payload = marshal.dumps(kept)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f"{path.name}.", delete=False
        ) as file:
            file.write(key + hashlib.sha256(payload).digest() + payload)
        Path(file.name).replace(path)


def _own_bytes(path: Path) -> bytes:
    """Read a file that nobody else can have written. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        status = os.fstat(descriptor)
        shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if status.st_uid != os.getuid() or shared or not stat.S_ISREG(status.st_mode):
            raise PermissionError
        return file.read()
