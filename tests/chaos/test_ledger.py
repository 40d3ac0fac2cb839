"""A ledger that others keep to themselves, for long."""

import sqlite3
from typing import Any

from tests.integration.chaos.test_disk import UNITS, declare, texts

from unitward.daemon.loop import RETRY_SECONDS


def test_locked_from_the_start(account: Any, loop: Any) -> None:
    """O2: started with its ledger locked, the daemon says so, waits, and converges by itself."""
    declare(account, 1000)
    loop.start()
    assert 0 == loop.stop()
    before, ran = texts(account), loop.invocations(*UNITS)
    ledger = sqlite3.connect(loop.ledger_path, isolation_level=None)
    try:
        ledger.execute("BEGIN IMMEDIATE")
        declare(account, 2000, "d")
        passes = loop.passes
        loop.spawn()
        loop.until(lambda: "pass given up" in loop.log, "it is said")
        assert f"{loop.ledger_path}: the ledger cannot be written" in loop.log
        assert (before, ran) == (texts(account), loop.invocations(*UNITS))
        assert passes == loop.passes
        ledger.execute("ROLLBACK")
    finally:
        ledger.close()
    loop.until(lambda: loop.passes > passes, "it tries again unasked", RETRY_SECONDS + 15)
    assert {"in-sync"} == {unit["sync"] for unit in loop.report["units"]}
    assert all(b"/bin/sleep 2000\n" in text for text in texts(account).values())
    assert {*UNITS, "d.service"} == {*texts(account)}
    assert not {*ran.values()} & {*loop.invocations(*UNITS).values()}
