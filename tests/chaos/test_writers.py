"""Writers that outrun everybody."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.chaos.mixture import counted
from tests.integration.chaos.overload import CAP_S, check_last, outrun, paced
from tests.integration.semantics.declare import manifest, service

WITHOUT_PAUSE_S = 30.0
SETTLE = "stop_grace: 0s\nprune_after: 0s\nsettle: 500ms\n"
"""Longer than this process may have to wait between two saves."""


@pytest.mark.timeout(180)
def test_two_thousand_saves(account: Any, loop: Any, tell: Callable[[str], None]) -> None:
    """2,000 saves in 10 s are a few passes; the last one runs, and no start limit is hit."""
    made, took = outrun(account, loop, 2000, 10.0)
    tell(f"2000 saves in {took:.1f} s: {made} passes")


@pytest.mark.timeout(240)
def test_writer_that_never_pauses(account: Any, loop: Any, tell: Callable[[str], None]) -> None:
    """A folder that never settles is read every 2 s, and nothing is removed by such a reading."""
    (account.home / "runs").mkdir()
    account.write("gone.yaml", manifest(service("gone")))
    for name in "abc":
        account.write(f"{name}.yaml", manifest(service(name, counted(name, 0))))
    loop.configure(SETTLE)
    loop.start()
    passes = loop.settled()
    (account.desired / "gone.yaml").unlink()
    process = Path("/proc", account.show("gone.service", "MainPID")["MainPID"])
    count = int(WITHOUT_PAUSE_S / 0.02)
    pauses, last = [0.0], time.monotonic()
    for number in paced(count, WITHOUT_PAUSE_S):
        name = "abc"[number % 3]
        account.write(f"{name}.yaml", manifest(service(name, counted(name, number + 1))))
        pauses.append(time.monotonic() - last)
        last += pauses[-1]
        assert process.exists(), f"stopped, after pauses of {max(pauses):.2f} s at most"
    made = loop.passes - passes
    for number in (count - 2, count - 1, count):
        _until_last(account, loop, "abc"[(number - 1) % 3], number)
    loop.until(lambda: not loop.is_active("gone.service"), "removed once it is quiet")
    tell(f"{count} saves in {WITHOUT_PAUSE_S:g} s without a pause: {made} passes")
    assert 2 <= made <= 2 * WITHOUT_PAUSE_S / CAP_S + 3
    loop.settled()
    for number in (count - 2, count - 1, count):
        check_last(account, loop, "abc"[(number - 1) % 3], number)


def _until_last(account: Any, loop: Any, name: str, number: int) -> None:
    """Wait until a service runs what was saved last."""
    ran = account.home / "runs" / name
    last = f"{number} "
    loop.until(lambda: ran.read_text().splitlines()[-1].startswith(last), f"{name} runs {number}")
