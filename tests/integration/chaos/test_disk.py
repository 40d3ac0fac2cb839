"""Disks that are full or read-only, and ledgers that cannot be used."""

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.chaos.disk import small_disk
from tests.integration.chaos.namespaces import beside
from tests.integration.semantics.declare import manifest, service

NAMES = ("a", "b", "c")
FULL = "the ledger cannot be written: database or disk is full"
GIVEN_UP = "the last pass was given up"
UNITS = tuple(f"{name}.service" for name in NAMES)


def declare(account: Any, seconds: int, *more: str) -> None:
    """Save services that sleep for so long."""
    entries = (service(name, f"/bin/sleep {seconds}") for name in (*NAMES, *more))
    account.write("all.yaml", manifest(*entries))


def texts(account: Any) -> dict[str, bytes]:
    """Return every unit file."""
    return {path.name: path.read_bytes() for path in account.unit_dir.glob("*.service")}


def leftovers(account: Any) -> list[str]:
    """Return the names of temporary files in the unit folder."""
    return [path.name for path in account.unit_dir.glob(".*.unitward")]


@pytest.mark.parametrize("how", ["full", "full in the middle", "read-only"])
def test_unit_folder(account: Any, loop: Any, how: str) -> None:
    """A full or read-only unit folder is reported; no file is cut short; it converges later."""
    with small_disk(account, account.home / "tmp/disk", 128 * 1024) as disk:
        account.unit_dir.rmdir()
        account.unit_dir.symlink_to(disk.root)
        declare(account, 1000)
        loop.start()
        before, ran = texts(account), loop.invocations(*UNITS)
        match how:
            case "read-only":
                disk.become("ro")
            case _:
                # A file that is replaced needs a page beside the one that it frees.
                disk.fill(leave_pages=1 if how == "full in the middle" else 0)
        declare(account, 2000, "d", "e")
        report = loop.sync()
        reason = "Read-only file system" if how == "read-only" else "No space left on device"
        failed = {u["name"] for u in report["units"] if reason in u["reason"]}
        done = {name: text for name, text in texts(account).items() if text != before.get(name)}
        if how == "full in the middle":
            assert done
            assert failed
        else:
            assert {*UNITS, "d.service", "e.service"} == failed
            assert {} == done
        for name, text in texts(account).items():
            assert text == before.get(name) or b"ExecStart=/bin/sleep 2000\n" in text, name
        assert [] == leftovers(account)
        assert all(loop.is_active(unit) for unit in UNITS)
        for unit, invocation in loop.invocations(*UNITS).items():
            assert (unit in done) == (invocation != ran[unit])
        if how == "read-only":
            disk.become("rw")
        else:
            disk.free()
        assert "in-sync" in {u["sync"] for u in loop.sync()["units"]}
        loop.until(lambda: {u["sync"] for u in loop.sync()["units"]} == {"in-sync"}, "it converges")
        assert 5 == len(texts(account))
        assert all(b"ExecStart=/bin/sleep 2000\n" in text for text in texts(account).values())
        loop.kill()
        account.unit_dir.unlink()
        account.unit_dir.mkdir()


def test_disk_of_the_ledger_is_full(account: Any, loop: Any) -> None:
    """O2: with no room for the ledger nothing is changed; it is said, and converges later."""
    with small_disk(account, loop.ledger_path.parent, 512 * 1024) as disk:
        declare(account, 1000)
        passes = loop.passes
        loop.spawn(command=beside(disk.pid, [sys.executable, "-m", "unitward", "run"]))
        loop.until(lambda: loop.passes > passes, "it works")
        disk.fill()
        number = 2000
        while FULL not in loop.log:  # what room the ledger's files have is used up first
            number += 1
            assert number < 2100
            declare(account, number)
            loop.until(lambda: FULL in loop.log or _runs(account, number), "done or given up")  # noqa: B023 - called at once
        stood, ran = texts(account), loop.invocations(*UNITS)
        given_up = sum(GIVEN_UP in text for text in loop.said)
        declare(account, 3000, "d")
        loop.until(lambda: sum(GIVEN_UP in text for text in loop.said) > given_up, "once more")
        assert (stood, ran) == (texts(account), loop.invocations(*UNITS))
        disk.free()
        declare(account, 4000, "d")
        loop.until(lambda: _runs(account, 4000) and "d.service" in texts(account), "it converges")
        loop.kill()


def _runs(account: Any, seconds: int) -> bool:
    """Tell whether the services sleep for so long."""
    lines = account.systemctl("show", "--property=MainPID", "--", *UNITS).split()
    pids = [line.partition("=")[2] for line in lines]
    commands = [Path(f"/proc/{pid}/cmdline") for pid in pids]
    wanted = f"/bin/sleep\0{seconds}\0".encode()
    return all(path.exists() and wanted == path.read_bytes() for path in commands)


def _hurt(path: Path, how: str) -> None:
    match how:
        case "read-only":
            path.chmod(0o400)
            path.parent.chmod(0o500)
        case "truncated":
            os.truncate(path, path.stat().st_size // 2)
        case _:
            with sqlite3.connect(path) as database:
                database.execute("PRAGMA user_version=999")
            database.close()


@pytest.mark.parametrize("how", ["read-only", "truncated", "newer"])
def test_ledger_that_cannot_be_used(account: Any, loop: Any, how: str) -> None:
    """P7, N1: it is said what is wrong with it; nothing is touched, and nothing restarts for it."""
    declare(account, 1000)
    loop.start()
    assert 0 == loop.stop()
    before, ran = texts(account), loop.invocations(*UNITS)
    path = loop.ledger_path
    _hurt(path, how)
    hurt = path.read_bytes()
    loop.spawn()
    assert 0 != loop.wait()
    assert str(path) in loop.log
    assert "Traceback" not in loop.log
    assert hurt == path.read_bytes()
    assert (before, ran) == (texts(account), loop.invocations(*UNITS))
    if how == "read-only":
        path.parent.chmod(0o700)
        path.chmod(0o600)
    else:
        for part in path.parent.glob(f"{path.name}*"):
            part.rename(account.home / "tmp" / part.name)
    loop.start()
    assert {"in-sync"} == {unit["sync"] for unit in loop.sync()["units"]}
    assert (before, ran) == (texts(account), loop.invocations(*UNITS))
    declare(account, 2000)
    loop.until(lambda: b"/bin/sleep 2000\n" in texts(account)["c.service"], "a change is made")


@pytest.mark.parametrize("how", ["empty", "gone"])
def test_ledger_that_was_lost(account: Any, loop: Any, how: str) -> None:
    """P7, N1: where the files tell that there was a ledger, that is said; nothing restarts."""
    declare(account, 1000)
    loop.start()
    assert 0 == loop.stop()
    assert "goes on with them" not in loop.log
    before, ran = texts(account), loop.invocations(*UNITS)
    for part in loop.ledger_path.parent.glob("ledger.sqlite*"):
        part.unlink()
    if how == "empty":
        loop.ledger_path.touch()
    loop.start()
    assert f"{loop.ledger_path} is new, though unitward's unit files are here" in loop.log
    assert {"in-sync"} == {unit["sync"] for unit in loop.sync()["units"]}
    assert (before, ran) == (texts(account), loop.invocations(*UNITS))
    account.write("all.yaml", manifest(service("a", "/bin/sleep 1000"), removed="[b.service]"))
    loop.until(lambda: {"a.service"} == {*texts(account)}, "what is not declared goes")
    assert {"a.service"} == {unit for unit in UNITS if loop.is_active(unit)}
    assert ran["a.service"] == loop.invocation("a.service")


def test_ledger_cut_short_under_the_daemon(account: Any, loop: Any) -> None:
    """O2: a ledger that is cut short while the daemon runs is named; moved away, all goes on."""
    declare(account, 1000)
    loop.start()
    before, ran = texts(account), loop.invocations(*UNITS)
    for part in loop.ledger_path.parent.glob("ledger.sqlite*"):
        os.truncate(part, 100)
    declare(account, 2000)
    loop.until(lambda: "move it away" in loop.log or not loop.runs, "it is said what to do")
    assert (before, ran) == (texts(account), loop.invocations(*UNITS))
    for part in loop.ledger_path.parent.glob("ledger.sqlite*"):
        part.rename(account.home / "tmp" / part.name)
    if not loop.runs:
        loop.start()
    loop.sync()
    loop.until(lambda: b"/bin/sleep 2000\n" in texts(account)["c.service"], "it begins anew")
