"""Waiting until git is through with a checkout."""

import asyncio
import time
from pathlib import Path

from unitward.sources.git import Checkout

_POLL = 0.05


async def wait_for_index_lock(checkout: Checkout, limit: float = 60.0) -> bool:
    """Wait until no git command holds the index; looks every 50 ms.

    Returns False when the lock is still there after `limit` seconds, at once when it is
    older than that: a crashed git left it, and it is not waited for again.
    """
    end = time.monotonic() + limit
    while checkout.index_locked():
        if time.monotonic() >= end or _age(checkout.git_dir / "index.lock") > limit:
            return False
        await asyncio.sleep(_POLL)
    return True


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
