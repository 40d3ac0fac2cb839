"""Table N on a real manager: whose file is whose."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.integration.semantics.declare import SLEEP, entry, manifest, service
from tests.integration.semantics.scene import apply, begin, command_of, pid_of

from unitward.unitfile.mark import seal

FOREIGN = f"[Service]\nExecStart={SLEEP}\n"


def forget_everything(loop: Any) -> None:
    """Take the ledger away, as a restored backup or a cleaned state folder does."""
    for path in loop.ledger_path.parent.glob(f"{loop.ledger_path.name}*"):
        path.unlink()


def everything_below(folder: Path) -> dict[str, tuple[object, ...]]:
    """Return all files and links below a folder with what they hold and their inodes."""
    found: dict[str, tuple[object, ...]] = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        held = path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        found[str(path.relative_to(folder))] = (status.st_ino, status.st_mode, held)
    return found


def test_ours_by_the_ledger(account: Any, loop: Any) -> None:
    """N1: a file with a recorded digest is ours: it follows its declaration without asking."""
    begin(account, loop, service("a"))
    ours = account.unit_dir / "a.service"
    assert b"X-Unitward" in ours.read_bytes()
    apply(account, loop, service("a", "/bin/sleep 5000"))
    assert b"sleep 5000" in ours.read_bytes()
    assert not (account.state_home / "unitward/edited").exists()


def test_mark_that_lies(account: Any, loop: Any) -> None:
    """N1: without a ledger a marked file whose text was changed is not ours any more."""
    begin(account, loop, service("a"))
    loop.stop()
    forget_everything(loop)
    path = account.unit_dir / "a.service"
    edited = path.read_bytes().replace(b"infinity", b"4242")
    path.write_bytes(edited)
    account.write("all.yaml", manifest(service("a", "/bin/sleep 5000")))
    before = loop.invocation("a.service")
    loop.start()
    assert "blocked" == loop.sync_of("a.service")
    assert edited == path.read_bytes()
    assert before == loop.invocation("a.service")


def test_foreign_things_in_the_way(account: Any, loop: Any) -> None:
    """N2: a foreign file, mask, link or folder in the way stays; the others are applied."""
    other = account.home / "other.service"
    other.write_text(FOREIGN)
    names = ("file", "mask", "link", "folder")
    (account.unit_dir / "file.service").write_text(FOREIGN)
    account.systemctl("mask", "mask.service")
    (account.unit_dir / "link.service").symlink_to(other)
    (account.unit_dir / "folder.service").mkdir()
    before = everything_below(account.unit_dir)
    begin(account, loop, *(service(name) for name in (*names, "b")))
    for name in names:
        assert "blocked" == loop.sync_of(f"{name}.service")
        assert f"{name}.service" in loop.unit(f"{name}.service")["reason"]
        assert not loop.is_active(f"{name}.service")
    after = everything_below(account.unit_dir)
    assert before == {name: after.get(name) for name in before}
    assert loop.is_active("b.service")


def test_foreign_drop_in_in_the_way(account: Any, loop: Any) -> None:
    """N2: a foreign drop-in of the same name is never overwritten; the unit runs as it was."""
    path = account.unit_dir / "a.service.d/50-site.conf"
    path.parent.mkdir()
    path.write_text("[Service]\nEnvironment=MINE=1\n")
    drop_in = entry("a.service.d/50-site.conf", {"Service": {"Environment": "SITE=1"}})
    begin(account, loop, service("a"), drop_in)
    assert "blocked" == loop.sync_of("a.service")
    assert "[Service]\nEnvironment=MINE=1\n" == path.read_text()


def test_home_of_another_machine(account: Any, loop: Any) -> None:
    """N3: a file that another installation marked is foreign, though the mark holds."""
    path = account.unit_dir / "a.service"
    content = seal(FOREIGN.encode(), installation="elsewhere-1000-0badcafe", unit="a.service")
    path.write_bytes(content)
    account.systemctl("daemon-reload")
    account.systemctl("start", "a.service")
    pid = pid_of(account, "a.service")
    begin(account, loop, service("a", "/bin/sleep 5000"), service("b"))
    assert "blocked" == loop.sync_of("a.service")
    assert "another unitward installation" in loop.unit("a.service")["reason"]
    assert content == path.read_bytes()
    assert pid == pid_of(account, "a.service")
    assert loop.is_active("b.service")


def test_what_is_not_ours_in_the_unit_folder(account: Any, loop: Any) -> None:
    """N4: applying and removing everything leaves foreign files, links and folders as they are."""
    folder = account.unit_dir
    (folder / "mine.service").write_text(FOREIGN)
    (folder / "mine.service.d").mkdir()
    (folder / "mine.service.d/10-mine.conf").write_text("[Service]\nNice=1\n")
    (folder / "default.target.wants").mkdir()
    (folder / "default.target.wants/mine.service").symlink_to("../mine.service")
    (folder / "a.service.d").mkdir()
    (folder / "a.service.d/README").write_text("mine")
    before = everything_below(folder)
    inode = folder.stat().st_ino
    drop_in = entry("a.service.d/50-site.conf", {"Service": {"Environment": "SITE=1"}})
    begin(account, loop, service("a"), drop_in, service("b"))
    assert before.keys() < everything_below(folder).keys()
    apply(account, loop, removed="[a.service, b.service]")
    loop.until(lambda: before == everything_below(folder), "only what was ours is gone")
    assert inode == folder.stat().st_ino


def test_state_is_given_back(account: Any, loop: Any) -> None:
    """N5: a shipped unit that was only named for its state is as it was before."""
    shipped = account.home / ".local/share/systemd/user"
    shipped.mkdir(parents=True)
    for name in ("ran", "idle"):
        (shipped / f"{name}.service").write_text(f"{FOREIGN}[Install]\nWantedBy=default.target\n")
    account.systemctl("daemon-reload")
    account.systemctl("enable", "--now", "ran.service")
    before = everything_below(account.unit_dir)
    states = [
        entry("ran.service", {}, {"state": "stopped"}),
        entry("idle.service", {}, {"state": "running", "enable": "yes"}),
    ]
    begin(account, loop, *states)
    loop.until(lambda: loop.is_active("idle.service"), "it runs")
    assert not loop.is_active("ran.service")
    assert (account.unit_dir / "default.target.wants/idle.service").is_symlink()
    apply(account, loop, removed="[ran.service, idle.service]")
    loop.until(lambda: loop.is_active("ran.service"), "it runs again")
    loop.until(lambda: not loop.is_active("idle.service"), "it is stopped again")
    assert before == everything_below(account.unit_dir)


def test_enablement_of_a_unit_named_for_its_state(account: Any, loop: Any) -> None:
    """N5: a link that `enable: yes` replaced points again to where somebody had it point."""
    shipped = account.home / ".local/share/systemd/user"
    shipped.mkdir(parents=True)
    (shipped / "p.service").write_text(f"{FOREIGN}[Install]\nWantedBy=default.target\n")
    link = account.unit_dir / "default.target.wants/p.service"
    link.parent.mkdir()
    link.symlink_to("/opt/older/p.service")
    account.systemctl("daemon-reload")
    before = everything_below(account.unit_dir)
    begin(account, loop, entry("p.service", {}, {"enable": "yes"}), service("a"))
    assert shipped / "p.service" == link.readlink()
    apply(account, loop, service("a"), removed="[p.service]")
    loop.until(lambda: loop.sync_of("p.service") == "", "it is given back")
    assert "/opt/older/p.service" == str(link.readlink())
    apply(account, loop, removed="[a.service]")
    loop.until(lambda: not (account.unit_dir / "a.service").exists(), "nothing is ours")
    assert before.keys() == everything_below(account.unit_dir).keys()


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_folder_that_others_may_write(account: Any, loop: Any, mode: int) -> None:
    """N6: a desired folder that others may write is refused until they may not."""
    others = next((g for g in os.getgroups() if g != os.getgid()), None)
    begin(account, loop, service("a"))
    before = loop.invocation("a.service")
    if mode & 0o020:
        assert others is not None, "the account needs a second group for this"
        os.chown(account.desired, -1, others)
    account.desired.chmod(mode)
    account.write("all.yaml", manifest(service("a", "/bin/sleep 5000")))
    loop.sync()
    assert "can be written by" in loop.report["unavailable"]
    assert before == loop.invocation("a.service")
    account.desired.chmod(0o755)
    loop.sync()
    assert "/bin/sleep 5000" == command_of(account, "a.service")


def test_desired_folder_in_the_unit_folder(account: Any, loop: Any) -> None:
    """N6: a desired folder that overlaps the unit folder is refused, through a link too."""
    inside = account.unit_dir / "desired"
    inside.mkdir()
    (inside / "a.yaml").write_text(manifest(service("a")))
    link = account.home / "link"
    link.symlink_to(inside)
    loop.configure(f"source: {link}\n")
    loop.start()
    assert "overlap" in loop.report["unavailable"]
    assert not (account.unit_dir / "a.service").exists()
    assert not loop.is_active("a.service")
