"""Table D on a real manager: what others change, and what becomes of it."""

import socket
from typing import TYPE_CHECKING, Any

from tests.integration.semantics.declare import SLEEP, manifest, service
from tests.integration.semantics.scene import apply, begin, pid_of

if TYPE_CHECKING:
    from pathlib import Path


def test_edits_in_a_row(account: Any, loop: Any) -> None:
    """D1: each edited copy is kept, also when two edits follow each other within a second."""
    begin(account, loop, service("a"))
    before = loop.invocation("a.service")
    path = account.unit_dir / "a.service"
    ours = path.read_bytes()
    edits = [ours.replace(b"infinity", word) for word in (b"41", b"42", b"43")]
    for edited in edits:
        path.write_bytes(edited)
        loop.sync()
        assert ours == path.read_bytes()
    kept = (account.state_home / "unitward/edited").iterdir()
    assert set(edits) == {copy.read_bytes() for copy in kept}
    assert before == loop.invocation("a.service")


def test_edit_of_a_file_that_is_removed(account: Any, loop: Any) -> None:
    """D1: what somebody wrote into our file is kept when its unit is removed, too."""
    begin(account, loop, service("a"), service("b"), service("c"))
    path = account.unit_dir / "c.service"
    account.write("all.yaml", manifest(service("a"), service("b")))
    edited = path.read_bytes() + b"# mine\n"
    path.write_bytes(edited)
    loop.until(lambda: not path.exists(), "it is removed")
    copies = [copy.read_bytes() for copy in (account.state_home / "unitward/edited").iterdir()]
    assert edited in copies


def test_socket_whose_file_was_gone_across_a_reload(account: Any, loop: Any) -> None:
    """D2: a socket whose file somebody deleted and reloaded serves its clients again."""
    address = account.runtime_dir / "echo"
    serving = service("echo", SLEEP, own={"listen": f"[{address}]"}, wanted_by="")
    begin(account, loop, serving, service("b"))
    before = loop.invocations("echo.socket", "b.service")
    path = account.unit_dir / "echo.socket"
    ours = path.read_bytes()
    path.unlink()
    account.systemctl("daemon-reload")
    loop.until(path.exists, "the file is back")
    loop.sync()
    assert ours == path.read_bytes()
    loop.until(lambda: loop.is_active("echo.socket"), "the socket listens")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(address))
        loop.until(lambda: loop.is_active("echo.service"), "a client starts the service")
    after = loop.invocations("echo.socket", "b.service")
    assert before["echo.socket"] != after["echo.socket"]
    assert before["b.service"] == after["b.service"]


def test_links_taken_away(account: Any, loop: Any) -> None:
    """D3: a link that somebody removed is made again, and its unit goes on."""
    begin(account, loop, service("a"))
    before = loop.invocation("a.service")
    link = account.unit_dir / "default.target.wants/a.service"
    link.unlink()
    loop.until(link.is_symlink, "it is linked again")
    account.systemctl("daemon-reload")
    assert "enabled" == account.show("a.service", "UnitFileState")["UnitFileState"]
    assert before == loop.invocation("a.service")


def test_reported_only(account: Any, loop: Any) -> None:
    """D1: with drift: report an edit, a deletion and a lost link are shown and left."""
    report = {"drift": "report"}
    begin(account, loop, *(service(name, own=report) for name in ("a", "b", "c")))
    names = [f"{letter}.service" for letter in "abc"]
    before = loop.invocations(*names)
    edited, deleted = account.unit_dir / "a.service", account.unit_dir / "b.service"
    edited.write_bytes(edited.read_bytes().replace(b"infinity", b"42"))
    deleted.unlink()
    link = account.unit_dir / "default.target.wants/c.service"
    link.unlink()
    text = edited.read_bytes()
    loop.sync()
    assert {"drifted"} == {loop.sync_of(name) for name in names}
    assert text == edited.read_bytes()
    assert not deleted.exists()
    assert not link.is_symlink()
    assert before == loop.invocations(*names)


def test_set_property(account: Any, loop: Any) -> None:
    """D5: what `systemctl set-property` changed is shown as overridden and never removed."""
    begin(account, loop, service("a"), service("b"))
    before = loop.invocation("a.service")
    account.systemctl("set-property", "a.service", "CPUWeight=77")
    folder = account.unit_dir.with_name("user.control") / "a.service.d"
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    loop.sync()
    assert "overridden" == loop.sync_of("a.service")
    assert "50-CPUWeight.conf" in loop.unit("a.service")["reason"]
    assert "in-sync" == loop.sync_of("b.service")
    apply(account, loop, service("a", "/bin/sleep 5000"), service("b"))
    loop.sync()
    assert kept == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "77" == account.show("a.service", "CPUWeight")["CPUWeight"]
    assert before != loop.invocation("a.service")
    assert "overridden" == loop.sync_of("a.service")


def test_drop_in_of_somebody_else(account: Any, loop: Any) -> None:
    """D5: a drop-in that somebody else put beside our unit is named and left alone."""
    begin(account, loop, service("a"))
    pid = pid_of(account, "a.service")
    drop_in: Path = account.unit_dir / "a.service.d/99-mine.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nEnvironment=MINE=1\n")
    loop.sync()
    assert "overridden" == loop.sync_of("a.service")
    assert "99-mine.conf" in loop.unit("a.service")["reason"]
    assert "[Service]\nEnvironment=MINE=1\n" == drop_in.read_text()
    assert pid == pid_of(account, "a.service")


def test_file_newer_than_what_is_loaded(account: Any, loop: Any) -> None:
    """D6: a file that was written again without a reload is loaded; nothing restarts."""
    begin(account, loop, service("a"))
    before = loop.invocation("a.service")
    path = account.unit_dir / "a.service"
    ours = path.read_bytes()
    path.unlink()
    path.write_bytes(ours)
    assert "yes" == account.show("a.service", "NeedDaemonReload")["NeedDaemonReload"]
    loop.sync()
    assert "no" == account.show("a.service", "NeedDaemonReload")["NeedDaemonReload"]
    assert before == loop.invocation("a.service")
