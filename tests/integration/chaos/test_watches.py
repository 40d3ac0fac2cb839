"""A kernel that does not tell of changes."""

import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.chaos.namespaces import with_watches
from tests.integration.semantics.declare import manifest, service

QUEUE = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


@pytest.mark.parametrize("watches", [0, 2])
def test_no_watches_left(account: Any, loop: Any, watches: int) -> None:
    """Without watches it says so and why, looks again every 30 s, and when asked."""
    for name in "abcd":
        account.write(f"{name}/{name}.yaml", manifest(service(name)))
    loop.spawn(command=with_watches(watches, [sys.executable, "-m", "unitward", "run"]))
    loop.until(lambda: loop.passes > 0, "the first pass ends")
    loop.until(lambda: "max_user_watches" in loop.log, "it is said")
    assert "unitward looks every 30 s" in loop.log
    assert any("max_user_watches" in note for note in loop.report["notes"])
    assert all(loop.is_active(f"{name}.service") for name in "abcd")
    account.write("d/d.yaml", manifest(service("d", "/bin/sleep 1000")))
    loop.sync()
    assert "sleep 1000" in (account.unit_dir / "d.service").read_text()


def test_lost_notices(account: Any, loop: Any) -> None:
    """When the kernel's queue overflows, that is said and all is read anew: nothing is missed."""
    account.write("a.yaml", manifest(service("a")))
    account.write("still.yaml", manifest(service("still")))
    loop.start()
    loop.settled()
    before = loop.invocation("still.service")
    loop.signal(signal.SIGSTOP)
    scratch = [account.desired / f"{number}.yaml~" for number in range(2)]
    for _ in range(QUEUE // 4 + 100):
        for path in scratch:
            path.touch()
            path.unlink()
    account.write("b.yaml", manifest(service("b")))
    (account.desired / "a.yaml").unlink()
    (account.unit_dir / "still.service").unlink()
    loop.signal(signal.SIGCONT)
    loop.until(lambda: loop.is_active("b.service"), "what came while nobody was told")
    loop.until(lambda: not loop.is_active("a.service"), "what went")
    loop.until((account.unit_dir / "still.service").exists, "what was taken away by hand")
    passes = loop.settled()
    assert 1 == loop.log.count("max_queued_events")
    assert before == loop.invocation("still.service")
    account.write("c.yaml", manifest(service("c")))
    loop.until(lambda: loop.is_active("c.service"), "changes are seen as before")
    assert loop.settled() <= passes + 2
