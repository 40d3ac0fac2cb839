"""Files in the cache folder that only this account, and only this content, can have written.

Losing one costs time, nothing else: whatever is not as it was written counts as nothing.
"""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

_DIGEST_BYTES = 32


def read_vouched(path: Path, key: bytes) -> memoryview | None:
    """Return what was written under the same key; None where it is not this account's alone.

    key: 32 bytes that differ wherever the content would not hold.
    """
    try:
        content = _own_bytes(path)
    except OSError:
        return None
    digest = content[_DIGEST_BYTES : 2 * _DIGEST_BYTES]
    payload = memoryview(content)[2 * _DIGEST_BYTES :]
    if content[:_DIGEST_BYTES] != key or hashlib.sha256(payload).digest() != digest:
        return None
    return payload


def write_vouched(path: Path, key: bytes, payload: bytes) -> None:
    """Replace the file, at once. Where that cannot be done, nothing is kept."""
    import tempfile  # noqa: PLC0415 - 3 ms of CPU, for what few commands do

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
