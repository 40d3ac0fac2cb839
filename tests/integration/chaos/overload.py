"""More changes than anybody makes."""

import re
import time
from collections.abc import Iterator
from typing import Any

from tests.integration.chaos.mixture import counted
from tests.integration.semantics.declare import manifest, service

CAP_S, QUIET_S = 2.0, 0.1


def save(account: Any, number: int) -> None:
    """Save a manifest as editors do; a fresh program each time, so that each pass restarts it."""
    draft = account.home / "tmp/draft"
    draft.write_text(manifest(service("a", counted("a", number)), service("b")))
    draft.rename(account.desired / "all.yaml")


def paced(count: int, seconds: float) -> Iterator[int]:
    """Yield numbers at an even pace; what comes late is made up for."""
    began = time.monotonic()
    for number in range(count):
        yield number
        ahead = began + (number + 1) * seconds / count - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)


def outrun(account: Any, loop: Any, saves: int, seconds: float) -> tuple[int, float]:
    """Save many times; return how many passes that made until all was quiet, and the seconds."""
    (account.home / "runs").mkdir()
    save(account, 0)
    loop.start()
    passes, still = loop.settled(), loop.invocation("b.service")
    began = time.monotonic()
    for number in paced(saves, seconds):
        save(account, number + 1)
    took = time.monotonic() - began
    ran = account.home / "runs/a"
    last = f"{saves} "
    loop.until(lambda: ran.read_text().splitlines()[-1].startswith(last), "the last one runs", 30)
    made = loop.settled() - passes
    check_last(account, loop, "a", saves)
    assert still == loop.invocation("b.service")
    # Twice in a pass's own time at most: one forced, one that learns of what came meanwhile.
    assert made <= 2 * took / CAP_S + 3, (made, took)
    return made, took


def check_last(account: Any, loop: Any, name: str, number: int) -> None:
    """Assert that a service runs what was saved last, as it would had it been the only save.

    What ran before ran once, in the order of the saves, and no start limit stood in its way.
    """
    lines = (account.home / "runs" / name).read_text().splitlines()
    numbers = [int(line.split()[0]) for line in lines]
    assert sorted(set(numbers)) == numbers, "each ran once, in order"
    assert number == numbers[-1]
    written = (account.unit_dir / f"{name}.service").read_text()
    assert [str(number)] == re.findall(r"echo (\d+) ", written)
    unit = f"{name}.service"
    assert lines[-1].split()[1] == loop.invocation(unit)
    shown = account.show(unit, "ActiveState", "Result", "NRestarts", "NeedDaemonReload")
    expected = {"ActiveState": "active", "Result": "success", "NRestarts": "0"}
    assert {**expected, "NeedDaemonReload": "no"} == shown
    assert "in-sync" == loop.sync_of(unit)
    assert "start-limit" not in loop.log
    assert "start-limit" not in str(loop.report)
