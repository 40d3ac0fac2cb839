"""What systemd found nothing about, for the next `validate` to pass over."""

import marshal
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from unitward.model.records import dataclass
from unitward.store.vouched import read_vouched, write_vouched

DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Verified:
    """What is kept of the answers of systemd-analyze.

    good: digests of DIGEST_BYTES of what it found good, the last one first.
    search_paths: digest of all that each answer depends on -> its search path.
    """

    good: tuple[bytes, ...] = ()
    search_paths: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)


def read_verified(path: Path, key: bytes) -> Verified:
    """Return what was kept under the same key; nothing where it is not this account's alone."""
    payload = read_vouched(path, key)
    if payload is None:
        return Verified()
    good, search_paths = marshal.loads(payload)  # noqa: S302 - own file, own digest (vouched.py)
    parts = range(0, len(good), DIGEST_BYTES)
    return Verified(tuple([good[at : at + DIGEST_BYTES] for at in parts]), search_paths)


def write_verified(path: Path, key: bytes, verified: Verified) -> None:
    """Replace what was kept, at once. Where that cannot be done, nothing is kept."""
    plain = (b"".join(verified.good), dict(verified.search_paths))
    write_vouched(path, key, marshal.dumps(plain))
