"""Is the running process older than its definition? (docs/semantics.md, P)."""

import os
from typing import Any

import pytest
from tests.integration.semantics.declare import manifest, service
from tests.integration.semantics.interrupt import is_reloaded, pass_killed_when
from tests.integration.semantics.scene import command_of

OLD, NEW = (manifest(service("a", f"/bin/sleep {n}")) for n in ("1111", "2222"))


def begin(account: Any, loop: Any) -> str:
    """Have a.service run by the old manifest, without a daemon; returns its InvocationID."""
    account.write("a.yaml", OLD)
    loop.start()
    loop.sync()
    loop.kill()
    return str(loop.invocation("a.service"))


def edit(account: Any, old: str, new: str) -> None:
    """Edit the installed unit file by hand."""
    path = account.unit_dir / "a.service"
    path.write_text(path.read_text().replace(old, new))


def test_same_process_still_runs(account: Any, loop: Any) -> None:
    """P1: killed between reload and restart, the next pass restarts the old process, once."""
    before = begin(account, loop)
    account.write("a.yaml", NEW)
    pass_killed_when(account, is_reloaded(account))
    assert b"2222" in (account.unit_dir / "a.service").read_bytes()
    assert "/bin/sleep 1111" == command_of(account, "a.service")

    loop.start()
    after = loop.invocation("a.service")
    assert before != after
    assert "/bin/sleep 2222" == command_of(account, "a.service")
    loop.sync()
    assert after == loop.invocation("a.service")


def test_somebody_restarted_it_meanwhile(account: Any, loop: Any) -> None:
    """P2: killed between reload and restart, what a person then restarted is current."""
    begin(account, loop)
    account.write("a.yaml", NEW)
    pass_killed_when(account, is_reloaded(account))
    account.systemctl("restart", "a.service")
    current = loop.invocation("a.service")
    assert "/bin/sleep 2222" == command_of(account, "a.service")

    loop.start()
    loop.sync()
    assert current == loop.invocation("a.service")
    assert "in-sync" == loop.sync_of("a.service")


def test_restarted_by_the_old_definition(account: Any, loop: Any) -> None:
    """P3: a process that started before the new definition was loaded is restarted."""
    begin(account, loop)
    account.write("a.yaml", NEW)
    pass_killed_when(account, "grep -q 2222 .config/systemd/user/a.service")
    account.systemctl("restart", "a.service")
    assert "/bin/sleep 1111" == command_of(account, "a.service")

    loop.start()
    assert "/bin/sleep 2222" == command_of(account, "a.service")


def test_timestamps_alone_mean_nothing(account: Any, loop: Any) -> None:
    """P4: a file touched and loaded after its process started restarts nothing."""
    before = begin(account, loop)
    path = account.unit_dir / "a.service"
    os.utime(path)
    account.systemctl("daemon-reload")
    loop.start()
    path.write_bytes(path.read_bytes())
    account.systemctl("daemon-reload")
    loop.sync()
    assert before == loop.invocation("a.service")
    assert "in-sync" == loop.sync_of("a.service")


def test_edited_after_the_start(account: Any, loop: Any) -> None:
    """P5: a file edited under a running process is written back; the process is left alone."""
    before = begin(account, loop)
    edit(account, "1111", "3333")
    account.systemctl("daemon-reload")
    loop.start()
    loop.sync()
    assert b"1111" in (account.unit_dir / "a.service").read_bytes()
    assert before == loop.invocation("a.service")
    assert "/bin/sleep 1111" in account.show("a.service", "ExecStart")["ExecStart"]


@pytest.mark.parametrize(
    ("old", "new", "is_restarted"),
    [("1111", "3333", True), ("[Service]", "[Unit]\nDescription=Mine\n[Service]", False)],
    ids=["command", "description"],
)
def test_edited_before_the_start(
    account: Any, loop: Any, old: str, new: str, is_restarted: bool
) -> None:
    """P6: a process that runs the edit is restarted where the difference asks for it."""
    begin(account, loop)
    edit(account, old, new)
    account.systemctl("daemon-reload")
    account.systemctl("restart", "a.service")
    edited = loop.invocation("a.service")
    loop.start()
    loop.sync()
    assert new.encode() not in (account.unit_dir / "a.service").read_bytes()
    assert "/bin/sleep 1111" == command_of(account, "a.service")
    assert is_restarted is (edited != loop.invocation("a.service"))


def test_lost_ledger(account: Any, loop: Any) -> None:
    """P7: without its ledger unitward takes over what runs, however old it looks."""
    before = begin(account, loop)
    for path in loop.ledger_path.parent.glob("ledger.sqlite*"):
        path.unlink()
    os.utime(account.unit_dir / "a.service")
    loop.start()
    doubtful = ("in-sync", "taken over; it may be older than its file")
    for _ in range(3):
        assert doubtful == (loop.sync_of("a.service"), loop.unit("a.service")["reason"])
        loop.sync()
    assert before == loop.invocation("a.service")
    loop.kill()
    loop.start()
    assert doubtful == (loop.sync_of("a.service"), loop.unit("a.service")["reason"])
    account.systemctl("restart", "a.service")
    loop.sync()
    assert "pulled in by default.target" == loop.unit("a.service")["reason"]


def test_lost_ledger_and_a_newer_declaration(account: Any, loop: Any) -> None:
    """P7: what is restarted for its content is doubted no more, and taken over but once."""
    begin(account, loop)
    for path in loop.ledger_path.parent.glob("ledger.sqlite*"):
        path.unlink()
    os.utime(account.unit_dir / "a.service")
    loop.start()
    assert "may be older" in loop.unit("a.service")["reason"]
    account.write("a.yaml", NEW)
    loop.sync()
    assert "/bin/sleep 2222" == command_of(account, "a.service")
    loop.sync()
    assert "pulled in by default.target" == loop.unit("a.service")["reason"]
