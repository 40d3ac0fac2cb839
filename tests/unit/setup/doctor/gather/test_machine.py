"""Limits of the machine this test runs on."""

import os
import time
from pathlib import Path

from unitward.setup.doctor.gather.account import own_account
from unitward.setup.doctor.gather.machine import count_inotify, look_at_inotify, look_at_machine
from unitward.sources.inotify import Events, Inotify


def test_own_watches_are_counted(tmp_path: Path) -> None:
    """Every watch and instance of a process of this account shows in the count."""
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / str(os.getpid())).symlink_to(f"/proc/{os.getpid()}")
    before = count_inotify(proc, os.getuid())

    inotify = Inotify()
    try:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            inotify.watch(tmp_path / name, Events.LISTING, lambda _watched, _event: None)
        after = count_inotify(proc, os.getuid())
    finally:
        inotify.close()

    assert (2, 1) == (after[0] - before[0], after[1] - before[1])


def test_this_machine() -> None:
    """What is read of a real machine makes sense."""
    account = own_account()

    machine, inotify = look_at_machine(account), look_at_inotify(account)

    assert abs(time.time() - machine.now) < 60
    assert machine.boottime >= machine.monotonic - 1
    assert machine.clock_synchronized in {True, False}
    assert machine.installed_version >= 249
    assert inotify.max_watches > 0
    assert inotify.max_instances > 0
