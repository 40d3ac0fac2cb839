"""When passes happen (docs/semantics.md, T)."""

import os
import signal
import time
from typing import Any

from tests.integration.semantics.declare import PATIENT, manifest, saying, service
from tests.integration.semantics.scene import said, state

from unitward.store.ledger import read_ledger

LONG_ENOUGH_S = 2.4


def test_constant_writes(account: Any, loop: Any) -> None:
    """T2: under writes that never pause a pass comes 2 s after the first, and sees whole files."""
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    passes = loop.settled()
    began = time.monotonic()
    number = 0
    while loop.passes == passes:
        number += 1
        account.write("a.yaml", manifest(service("a", unit={"Description": f"Edit {number}"})))
        assert time.monotonic() - began < LONG_ENOUGH_S + 2
        time.sleep(0.02)  # the pace of the writer
    took = time.monotonic() - began
    assert 1.9 < took
    last = f"Edit {number}"
    loop.until(lambda: account.show("a.service", "Description")["Description"] == last, "the last")
    loop.until(lambda: loop.quiet(0.5), "it becomes quiet")
    assert loop.passes <= passes + 2


def test_flapping_unit(account: Any, loop: Any) -> None:
    """T3: a unit stopped and started over and over wakes one pass, the next 5 s later."""
    loop.configure(PATIENT)
    account.write("a.yaml", manifest(service("a", unit={"StartLimitBurst": "50"})))
    account.write("b.yaml", manifest(service("b")))
    loop.start()
    passes = loop.settled()
    began = time.monotonic()
    for _ in range(10):
        account.systemctl("stop", "a.service")
        account.systemctl("start", "a.service")
    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.passes > passes, "the first stop is seen")
    assert loop.quiet(max(0.1, 3.0 - (time.monotonic() - began)))
    assert passes + 1 == loop.passes
    account.systemctl("stop", "b.service")
    loop.until(lambda: loop.sync_of("b.service") == "stopped-by-hand", "another unit is seen", 1.5)
    loop.until(lambda: loop.sync_of("a.service") == "stopped-by-hand", "the last state of a too")
    assert "inactive" == state(account, "a.service")


def test_asked_for(account: Any, loop: Any) -> None:
    """T4: `sync` and SIGHUP make a pass at once, and the end of a pause makes one by itself."""
    loop.configure("stop_grace: 1s\n")
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    passes = loop.settled()
    assert 0 == account.run("unitward", "sync").returncode
    assert passes + 1 == loop.passes
    loop.signal(signal.SIGHUP)
    loop.until(lambda: loop.passes == passes + 2, "SIGHUP makes a pass")
    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.is_active("a.service"), "the end of the grace makes a pass", 4.0)


def test_resync(account: Any, loop: Any) -> None:
    """T4: a change that no event told is found by the pass that comes every `resync`."""
    loop.configure("resync: 10s\n")
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    loop.settled()
    path, elsewhere = account.unit_dir / "a.service", account.home / "elsewhere"
    ours = path.read_bytes()
    # A write by another name is told to those who watch the folder of that name (inotify(7)).
    elsewhere.hardlink_to(path)
    passes = loop.settled()
    elsewhere.write_bytes(ours + b"# edited\n")
    assert path.read_bytes() != ours
    loop.until(lambda: path.read_bytes() == ours, "it is put back")
    loop.until(lambda: loop.passes > passes, "the pass ends")
    ledger = read_ledger(loop.ledger_path)
    assert ledger is not None
    with ledger:
        [newest] = ledger.passes.generations(1)
    assert "resync" == newest.trigger
    assert "active" == state(account, "a.service")


def test_change_during_a_pass(account: Any, loop: Any) -> None:
    """T6: what is saved during a pass is applied by exactly one more, after it."""
    os.mkfifo(account.home / "gate")
    slow = service("slow", saying("slow", "read x < %h/gate"), keys={"Type": "oneshot"})
    account.write("a.yaml", manifest(slow))
    loop.configure("job_wait: 30s\n")
    passes = loop.passes
    loop.spawn()
    loop.until(lambda: said(account) == ["slow"], "the first pass waits for its job")
    for number in range(3):
        account.write(f"b{number}.yaml", manifest(service(f"b{number}")))
    assert loop.quiet(0.5)
    assert set() == account.units("active") & {f"b{number}.service" for number in range(3)}
    (account.home / "gate").write_text("go\n")
    loop.until(lambda: loop.is_active("b2.service"), "what was saved meanwhile is applied")
    assert passes + 2 == loop.settled()
    assert ["slow"] == said(account)


def test_asked_for_and_answered(account: Any, loop: Any) -> None:
    """T4: a nudge that comes after the answer, as when a pass had just begun, makes no pass."""
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    loop.sync()
    loop.settled()
    loop.nudge()
    assert loop.quiet(1.0)
    loop.sync()
