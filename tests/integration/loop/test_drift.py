"""What others change behind the daemon's back, and what it does about it."""

import os
import signal
import time
from typing import Any

import pytest

A = (
    "version: 1\nunits:\n  a.service:\n    Service: {ExecStart: /bin/sleep infinity}\n"
    "    Install: {WantedBy: default.target}\n"
)


def test_edited_file_is_put_back(account: Any, loop: Any) -> None:
    """D1: an edited unit file is put back, the edit is kept, the process is left alone."""
    account.write("a.yaml", A)
    loop.start()
    before = loop.invocation("a.service")
    path = account.unit_dir / "a.service"
    ours = path.read_bytes()
    edited = ours.replace(b"infinity", b"42")
    path.write_bytes(edited)
    loop.until(lambda: path.read_bytes() == ours, "our text is back")
    [kept] = (account.state_home / "unitward/edited").iterdir()
    assert edited == kept.read_bytes()
    loop.sync()
    assert before == loop.invocation("a.service")


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.1, 0.15])
def test_what_happens_while_the_source_settles_is_seen(
    account: Any, loop: Any, moment: float
) -> None:
    """D1, W3: an edit or a stop by hand between a save and its pass is met as at any other time."""
    loop.configure("settle: 150ms\nstop_grace: 0s\n")
    account.write("a.yaml", A)
    account.write("b.yaml", A.replace("a.service", "b.service"))
    loop.start()
    path = account.unit_dir / "a.service"
    ours, before = path.read_bytes(), loop.invocation("b.service")
    account.write("new.yaml", A.replace("a.service", "new.service"))
    time.sleep(moment)  # which part of the settling time: a scene, not a wait
    path.write_bytes(ours.replace(b"infinity", b"42"))
    account.systemctl("stop", "b.service")
    loop.until(lambda: path.read_bytes() == ours, "our text is back")
    loop.until(lambda: loop.is_active("new.service"), "what was saved is up")
    loop.until(lambda: loop.is_active("b.service"), "what was stopped is up again")
    assert before != loop.invocation("b.service")


def test_deleted_masked_and_disabled(account: Any, loop: Any) -> None:
    """D2, D3: a deleted file, a mask in its place and a lost link are mended without restarts."""
    names = [f"{letter}.service" for letter in "abc"]
    for name in names:
        account.write(f"{name[0]}.yaml", A.replace("a.service", name))
    loop.start()
    before = loop.invocations(*names)
    deleted, masked = account.unit_dir / "a.service", account.unit_dir / "b.service"
    ours = [deleted.read_bytes(), masked.read_bytes()]
    deleted.unlink()
    masked.unlink()
    masked.symlink_to("/dev/null")
    account.systemctl("disable", "c.service")
    link = account.unit_dir / "default.target.wants/c.service"
    loop.until(lambda: deleted.exists() and deleted.read_bytes() == ours[0], "the file is back")
    loop.until(
        lambda: not masked.is_symlink() and masked.read_bytes() == ours[1], "the mask is gone"
    )
    loop.until(link.is_symlink, "it is enabled again")
    loop.sync()
    assert before == loop.invocations(*names)


def test_stop_by_hand(account: Any, loop: Any) -> None:
    """V10: a unit that a person stopped is left alone for the grace, then started."""
    loop.configure("stop_grace: 4s\n")
    account.write("a.yaml", A)
    loop.start()
    before = loop.invocation("a.service")
    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.sync_of("a.service") == "stopped-by-hand", "the stop is seen")
    loop.sync()
    assert "inactive" == account.show("a.service", "ActiveState")["ActiveState"]
    loop.until(lambda: loop.is_active("a.service"), "it runs again")
    assert before != loop.invocation("a.service")


def test_killed_process(account: Any, loop: Any) -> None:
    """V13, D4: a service killed with -9 and without Restart= is started again, after a pause."""
    account.write("a.yaml", A)
    account.write("b.yaml", A.replace("a.service", "b.service"))
    loop.start()
    before = loop.invocations("a.service", "b.service")
    os.kill(int(account.show("a.service", "MainPID")["MainPID"]), signal.SIGKILL)
    loop.until(lambda: loop.sync_of("a.service") == "failed", "the failure is seen")
    assert "killed by signal 9; tried again" in loop.unit("a.service")["reason"]
    loop.until(lambda: loop.is_active("a.service"), "it runs again")
    assert before["a.service"] != loop.invocation("a.service")
    assert before["b.service"] == loop.invocation("b.service")
    loop.sync()
    assert "in-sync" == loop.sync_of("a.service")
