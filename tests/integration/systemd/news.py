"""Somebody else restarts units while what was read of them is taken over."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unitward.systemd.manager import Manager

WANTED = ("invocation_id", "n_restarts")
PATIENCE_S = 120.0


async def demand_newest_runs(
    manager: Manager, account: Any, unit: Callable[..., str], *, times: int
) -> None:
    """Look at units again and again while another process restarts them; demand the newest runs.

    Each run writes its InvocationID down. A look that begins after that must not show an earlier
    one, taken over or not.
    """
    runs = Path(account.home) / "runs"
    runs.mkdir()
    script = f"echo $$INVOCATION_ID >> {runs}/%n; exec sleep 1000"
    text = (
        "[Unit]\nStartLimitIntervalSec=0\n[Service]\n"
        f"ExecStart=/bin/sh -c '{script}'\nExecStop=/bin/sleep 0.01\n"
    )
    names = [unit(text) for _ in range(4)]
    account.systemctl("start", *names)
    turns = f"for n in $(seq {times}); do systemctl --user restart {' '.join(names)}; done"
    other = account.spawn("sh", "-c", turns)
    seen: set[str] = set()
    taken_over = 0
    before: dict[str, Any] = {}
    give_up_at = time.monotonic() + PATIENCE_S
    while other.poll() is None:
        assert time.monotonic() < give_up_at
        written = {name: _lines(runs / name) for name in names}
        units = await manager.list_units(names)
        active = [name for name in names if units[name].active == "active"]
        found = await manager.properties(active, WANTED, active=active)
        for name in active:
            run = found[name].invocation_id
            assert run not in written[name][:-1], f"{name}: {run} was known still"
            taken_over += found[name] is before.get(name)
            seen.add(run)
        before = found
        await asyncio.sleep(0)
    assert 0 == other.returncode
    assert len(seen) > times
    assert taken_over > times


def _lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []
