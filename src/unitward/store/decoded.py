"""What the commands that only look decoded the last time, for the next one to start from."""

import marshal
from pathlib import Path
from typing import Any

from unitward.store.vouched import read_vouched, write_vouched

Kept = dict[str, tuple[str, tuple[Any, ...]]]
"""Path in the desired-state folder -> sha256 of the file that was decoded, and its plain form."""


def read_decoded(path: Path, key: bytes) -> Kept:
    """Return what was kept under the same key; empty where it is not this account's alone.

    key: 32 bytes that differ wherever something else than the files has a say in decoding.
    """
    payload = read_vouched(path, key)
    if payload is None:
        return {}
    # What the digest vouches for, marshal wrote; pickle takes five times as long.
    kept: Kept = marshal.loads(payload)  # noqa: S302 - checked above: own file, own digest
    return kept


def write_decoded(path: Path, key: bytes, kept: Kept) -> None:
    """Replace what was kept, at once. Where that cannot be done, nothing is kept."""
    write_vouched(path, key, marshal.dumps(kept))
