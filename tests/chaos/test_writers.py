"""Writers that outrun everybody."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.chaos.mixture import counted
from tests.integration.chaos.overload import CAP_S, outrun, paced
from tests.integration.semantics.declare import manifest, service

WITHOUT_PAUSE_S = 30.0
QUEUE = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


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
    loop.start()
    passes = loop.settled()
    gone = loop.invocation("gone.service")
    (account.desired / "gone.yaml").unlink()
    count = int(WITHOUT_PAUSE_S / 0.02)
    seen: list[str] = []
    for number in paced(count, WITHOUT_PAUSE_S):
        name = "abc"[number % 3]
        account.write(f"{name}.yaml", manifest(service(name, counted(name, number + 1))))
        if number % 100 == 0:
            seen.append(loop.invocation("gone.service"))
    assert {gone} == {*seen}
    made = loop.passes - passes
    for number in (count - 2, count - 1, count):
        _until_last(account, loop, "abc"[(number - 1) % 3], number)
    loop.until(lambda: not loop.is_active("gone.service"), "removed once it is quiet")
    tell(f"{count} saves in {WITHOUT_PAUSE_S:g} s without a pause: {made} passes")
    assert 2 <= made <= 2 * WITHOUT_PAUSE_S / CAP_S + 3
    assert all(loop.is_active(f"{name}.service") for name in "abc")


def test_lost_notices(account: Any, loop: Any) -> None:
    """When the kernel's queue overflows, the folder is read anew: nothing is missed."""
    account.write("a.yaml", manifest(service("a")))
    account.write("still.yaml", manifest(service("still")))
    loop.start()
    loop.settled()
    loop.signal(signal.SIGSTOP)
    scratch = [account.desired / f"{number}.yaml~" for number in range(2)]
    for _ in range(QUEUE // 4 + 100):
        for path in scratch:
            path.touch()
            path.unlink()
    account.write("b.yaml", manifest(service("b")))
    (account.desired / "a.yaml").unlink()
    loop.signal(signal.SIGCONT)
    loop.until(lambda: loop.is_active("b.service"), "what came while nobody was told")
    loop.until(lambda: not loop.is_active("a.service"), "what went")
    passes = loop.settled()
    account.write("c.yaml", manifest(service("c")))
    loop.until(lambda: loop.is_active("c.service"), "changes are seen as before")
    assert loop.settled() <= passes + 2


def _until_last(account: Any, loop: Any, name: str, number: int) -> None:
    """Wait until a service runs what was saved last."""
    ran = account.home / "runs" / name
    last = f"{number} "
    loop.until(lambda: ran.read_text().splitlines()[-1].startswith(last), f"{name} runs {number}")
