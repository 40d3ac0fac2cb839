"""The daemon's own life: starting, ending, being killed, losing the manager."""

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from unitward.store.identity import identity
from unitward.store.ledger import open_ledger
from unitward.telemetry.absent import openssl_modules

A = (
    "version: 1\nunits:\n  a.service:\n    Service: {ExecStart: /bin/sleep infinity}\n"
    "    Install: {WantedBy: default.target}\n"
)


def many(count: int, seconds: int, first: int = 0) -> str:
    """Return a manifest of some services that sleep."""
    return "version: 1\nunits:\n" + "".join(
        f"  u{n}.service:\n    Service: {{ExecStart: /bin/sleep {seconds}}}\n"
        "    Install: {WantedBy: default.target}\n"
        for n in range(first, first + count)
    )


def test_end_in_order(account: Any, loop: Any) -> None:
    """SIGTERM ends the daemon with 0 within two seconds; units keep running."""
    account.write("a.yaml", A)
    loop.start()
    before = loop.invocation("a.service")
    began = time.monotonic()
    assert 0 == loop.stop()
    assert time.monotonic() - began < 2
    assert before == loop.invocation("a.service")
    assert loop.is_active("a.service")
    loop.start()
    assert "in-sync" == loop.sync_of("a.service")
    assert before == loop.invocation("a.service")
    assert 1 == loop.generations


def test_end_in_the_middle_of_a_pass(account: Any, loop: Any) -> None:
    """SIGTERM while a start hangs ends within two seconds; the next start finishes it once."""
    gate = account.home / "gate"
    os.mkfifo(gate)
    account.write(
        "s.yaml",
        "version: 1\nunits:\n  s.service:\n    Service:\n      Type: oneshot\n"
        "      RemainAfterExit: yes\n"
        "      ExecStart: /bin/sh -c 'echo begun >> %h/said; read x < %h/gate'\n"
        "    Install: {WantedBy: default.target}\n",
    )
    loop.configure("job_wait: 60s\n")
    loop.spawn()
    said = account.home / "said"
    loop.until(said.exists, "the start is under way")
    began = time.monotonic()
    assert 0 == loop.stop()
    assert time.monotonic() - began < 2
    gate.write_text("go\n")
    loop.until(lambda: loop.is_active("s.service"), "systemd finished the start")
    loop.start()
    assert "in-sync" == loop.sync_of("s.service")
    loop.sync()
    assert "begun\n" == said.read_text()


def test_configuration_is_read_again(account: Any, loop: Any) -> None:
    """SIGHUP takes new settings; broken ones leave the last good ones and say where."""
    account.write("a.yaml", A)
    loop.start()
    other = account.home / "elsewhere"
    other.mkdir()
    (other / "b.yaml").write_text(A.replace("a.service", "b.service"))
    loop.configure("settle: 100ms\nbogus: 1\n")
    loop.signal(signal.SIGHUP)
    loop.until(lambda: "config.yaml:2" in loop.log, "the broken line is named")
    loop.until(lambda: loop.passes >= 2, "a pass by the old settings")
    assert loop.is_active("a.service")
    loop.configure(f"source: {other}\nprune_after: 60s\n")
    loop.signal(signal.SIGHUP)
    loop.until(lambda: loop.is_active("b.service"), "the new folder is read")
    (other / "c.yaml").write_text(A.replace("a.service", "c.service"))
    loop.until(lambda: loop.is_active("c.service"), "the new folder is watched")
    assert loop.is_active("a.service")


def test_broken_configuration_stops_the_start(loop: Any) -> None:
    """A configuration that cannot be used is named with its line, and nothing starts."""
    loop.configure("settle: soon\n")
    loop.spawn()
    assert 0 != loop.wait()
    assert "config.yaml:1" in loop.log


def test_second_daemon(account: Any, loop: Any) -> None:
    """T6: a second daemon says who works already, and ends with 1."""
    loop.start()
    second = account.run("unitward", "run")
    assert 1 == second.returncode
    assert f"process {loop.pid}" in second.stderr
    assert loop.quiet(0.2)


def test_ready_before_the_first_pass_and_watchdog(account: Any, loop: Any) -> None:
    """T1: READY comes before the first pass ends, WATCHDOG in time, STOPPING at the end."""
    account.write("a.yaml", A)
    loop.start({"WATCHDOG_USEC": "400000"})
    kinds = [text.partition("=")[0] for text in loop.said]
    assert kinds.index("READY") < max(i for i, k in enumerate(kinds) if k == "STATUS")
    assert any(t.startswith("READY=1") for t in loop.said[: kinds.index("STATUS") + 1])
    loop.until(lambda: sum(t == "WATCHDOG=1" for t in loop.said) >= 4, "the watchdog is fed")
    loop.stop()
    loop.until(lambda: any("STOPPING=1" in t for t in loop.said), "the end is announced")


@pytest.mark.parametrize("how", ["restart", "reexec"])
def test_manager_goes_away_and_comes_back(account: Any, loop: Any, how: str) -> None:
    """T7: the daemon outlives its manager and converges again; a re-execution restarts nothing."""
    account.write("a.yaml", A)
    loop.start()
    before = loop.invocation("a.service")
    if how == "restart":
        account.kill_manager()
        loop.until(lambda: "waiting for it" in loop.log, "the loss is noticed")
        account.write("b.yaml", A.replace("a.service", "b.service"))
        account.start_manager()
    else:
        account.systemctl("daemon-reexec")
        account.write("b.yaml", A.replace("a.service", "b.service"))
    loop.until(lambda: loop.is_active("b.service"), "what changed meanwhile is applied")
    loop.until(lambda: loop.is_active("a.service"), "what ran before runs")
    assert (before == loop.invocation("a.service")) is (how == "reexec")
    account.write("c.yaml", A.replace("a.service", "c.service"))
    loop.until(lambda: loop.is_active("c.service"), "changes are seen as before")


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment(account: Any, loop: Any, seed: int) -> None:
    """A kill -9 during a change loses nothing: the next start converges, others keep running."""
    chance = random.Random(seed)
    account.write("still.yaml", many(3, 9999, first=100))
    account.write("all.yaml", many(8, 5000))
    loop.start()
    still = [f"u{n}.service" for n in range(100, 103)]
    before = loop.invocations(*still)
    account.write("all.yaml", many(9, 6000))
    for _ in range(3):
        time.sleep(chance.uniform(0.05, 0.45))  # the moment of the kill is what varies
        loop.kill()
        loop.spawn()
    names = [f"u{n}.service" for n in range(9)]

    def converged() -> bool:
        report = loop.report
        return {u["sync"] for u in report["units"]} == {"in-sync"} and len(report["units"]) == 12

    loop.until(converged, "all is in sync")
    loop.sync()
    assert converged()
    assert before == loop.invocations(*still)
    for name in names:
        pid = account.show(name, "MainPID")["MainPID"]
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as command:  # noqa: PTH123 - brief
            assert "6000" in command.read()
    assert not [p.name for p in account.unit_dir.iterdir() if p.name.startswith(".")]


def test_unit_folder_that_cannot_be_written(account: Any, loop: Any) -> None:
    """What cannot be written is reported, nothing is lost, and it converges when it can."""
    account.write("a.yaml", A)
    loop.start()
    before = loop.invocation("a.service")
    ours = (account.unit_dir / "a.service").read_bytes()
    account.unit_dir.chmod(0o500)
    try:
        account.write("a.yaml", A.replace("infinity", "5000"))
        loop.until(lambda: loop.sync_of("a.service") == "failed", "it is reported")
        assert "write access" in loop.unit("a.service")["reason"]
        assert ours == (account.unit_dir / "a.service").read_bytes()
        assert before == loop.invocation("a.service")
    finally:
        account.unit_dir.chmod(0o755)
    loop.sync()
    assert b"5000" in (account.unit_dir / "a.service").read_bytes()
    assert before != loop.invocation("a.service")


def test_ledger_that_cannot_be_written(account: Any, loop: Any) -> None:
    """O2: without a ledger nothing is changed: no file, no stop, no start."""
    account.write("a.yaml", A)
    account.write("b.yaml", A.replace("a.service", "b.service"))
    loop.start()
    before = loop.invocations("a.service", "b.service")
    files = {p.name: p.read_bytes() for p in account.unit_dir.glob("*.service")}
    holder = account.spawn(
        "python3",
        "-c",
        "import sqlite3, sys, time\n"
        f"d = sqlite3.connect({str(loop.ledger_path)!r}, isolation_level=None)\n"
        "d.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(60)",
    )
    assert "held\n" == holder.stdout.readline()
    account.write("a.yaml", A.replace("infinity", "5000"))
    (account.desired / "b.yaml").unlink()
    account.write("c.yaml", A.replace("a.service", "c.service"))
    loop.until(lambda: "pass given up" in loop.log, "it is said")
    loop.until(lambda: "pass was given up: " in loop.said[-1], "systemctl status says so, too")
    assert before == loop.invocations("a.service", "b.service")
    assert files == {p.name: p.read_bytes() for p in account.unit_dir.glob("*.service")}
    assert not loop.is_active("c.service")
    holder.kill()
    holder.wait()
    loop.sync()
    loop.until(lambda: loop.is_active("c.service"), "it converges when it can")
    loop.until(lambda: not loop.is_active("b.service"), "the removal too")
    assert before["a.service"] != loop.invocation("a.service")


@pytest.mark.parametrize("how", ["removed", "folder removed", "replaced"])
def test_ledger_that_is_gone(account: Any, loop: Any, how: str) -> None:
    """P7, N1: unitward begins anew with the ledger that is there; its units are still its own."""
    account.write("a.yaml", A)
    loop.start()
    before = loop.invocation("a.service")
    match how:
        case "removed":
            for path in loop.ledger_path.parent.glob("ledger.*"):
                path.unlink()
        case "folder removed":
            shutil.rmtree(loop.ledger_path.parent)
        case _:
            new = loop.ledger_path.with_name("new")
            open_ledger(new, identity=identity(os.getuid()), unit_dir=account.unit_dir).close()
            new.rename(loop.ledger_path)
    loop.sync()
    assert ("in-sync", before) == (loop.sync_of("a.service"), loop.invocation("a.service"))
    assert "begins anew" in loop.log
    account.write("a.yaml", A.replace("infinity", "5000"))
    loop.until(lambda: before != loop.invocation("a.service"), "a change still comes through")
    shutil.rmtree(account.unit_dir)
    link = account.unit_dir / "default.target.wants/a.service"
    loop.until(link.is_symlink, "the link is known, so that its loss is drift")
    account.write("a.yaml", "version: 1\nremoved: [a.service]\n")
    loop.until(lambda: not loop.is_active("a.service"), "and a removal")
    loop.until(lambda: not link.is_symlink(), "the link goes with it")


def test_the_daemon_keeps_openssl_out_of_its_memory(account: Any, loop: Any) -> None:
    """The daemon, which speaks no TLS, maps neither of OpenSSL's libraries."""
    account.write("a.yaml", A)
    loop.start()
    assert "in-sync" == loop.sync_of("a.service")

    maps = Path(f"/proc/{loop.pid}/maps").read_text()

    assert "libssl" not in maps
    # Some distributions build Python without digests of its own.
    assert ("_hashlib" not in openssl_modules()) == ("libcrypto" in maps)
