"""Row R2 on a real manager: an installation that is to be somebody else."""

import signal
import sqlite3
from contextlib import closing
from typing import Any

from tests.integration.semantics.declare import service
from tests.integration.semantics.scene import apply, begin

SETTINGS = "prune_after: 0s\nsettle: 50ms\nidentity: ada@{}\n"


def known(loop: Any) -> str:
    """Return the identity that the ledger has noted."""
    with closing(sqlite3.connect(f"file:{loop.ledger_path}?mode=ro", uri=True)) as ledger:
        row = ledger.execute("SELECT value FROM facts WHERE name='name'").fetchone()
    return str(row[0]) if row else ""


def test_another_identity_removes_nothing(account: Any, loop: Any) -> None:
    """R2: what the new identity no longer asks for runs on, until a person approves."""
    loop.configure(SETTINGS.format("alpha"))
    begin(account, loop, *(service(name) for name in "abcde"))
    assert "ada@alpha" == known(loop)
    before = loop.invocation("e.service")
    loop.configure(SETTINGS.format("beta"))
    loop.signal(signal.SIGHUP)
    loop.until(lambda: loop.report["held"], "the new identity waits")
    apply(account, loop, *(service(name) for name in "abcdf"))
    assert ("held", before) == (loop.sync_of("e.service"), loop.invocation("e.service"))
    assert loop.is_active("f.service")
    assert "ada@alpha" == known(loop)

    said = "the identity changed from ada@alpha to ada@beta, so nothing is removed: e.service"
    for command in ("status", "plan"):
        assert said in account.run("unitward", command).stdout
    explained = account.run("unitward", "explain", "e.service").stdout
    assert "R2" in explained

    [held] = loop.report["held"]
    assert 0 == account.run("unitward", "approve", held["digest"]).returncode
    loop.until(lambda: not (account.unit_dir / "e.service").exists(), "approved, it goes")
    loop.sync()
    assert ("ada@beta", []) == (known(loop), loop.report["held"])
    assert not loop.is_active("e.service")

    apply(account, loop, *(service(name) for name in "abcd"))
    loop.until(lambda: not loop.is_active("f.service"), "removals go on as ever")


def test_an_identity_that_is_not_configured_is_noted_once(account: Any, loop: Any) -> None:
    """R2: without `identity:` the one of the first pass stays, and to name it changes nothing."""
    loop.configure("prune_after: 0s\nsettle: 50ms\n")
    begin(account, loop, *(service(name) for name in "abcde"))
    name = known(loop)
    user, _, host = name.rpartition("@")
    assert user
    assert host
    loop.stop()
    loop.configure(f"prune_after: 0s\nsettle: 50ms\nidentity: {name}\n")
    loop.start()
    apply(account, loop, *(service(name) for name in "abcd"))
    loop.until(lambda: not loop.is_active("e.service"), "it is removed")
    assert ([], name) == (loop.report["held"], known(loop))
