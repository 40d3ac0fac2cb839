"""Table R on a real manager: what goes, when, and what stays running."""

import threading
from pathlib import Path
from typing import Any

from tests.integration.semantics.declare import SLEEP, entry, manifest, service
from tests.integration.semantics.interrupt import pass_killed_when
from tests.integration.semantics.scene import apply, begin, command_of, exists, notes_of, pid_of


def services(*names: str, command: str = SLEEP) -> list[str]:
    """Return entries of several services."""
    return [service(name, command) for name in names]


def ship(account: Any, name: str, command: str) -> None:
    """Put a unit where a distribution's package would, for this account."""
    folder = account.home / ".local/share/systemd/user"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(
        f"[Service]\nExecStart={command}\n[Install]\nWantedBy=default.target\n"
    )
    account.systemctl("daemon-reload")


def test_folder_copied_bit_by_bit(account: Any, loop: Any) -> None:
    """R1: a folder that is put back file by file, the last one cut, removes nothing meanwhile."""
    loop.configure("prune_after: 1min\n")
    names = [f"{letter}.service" for letter in "abc"]
    texts = {name: manifest(service(name[0])) for name in names}
    for name, text in texts.items():
        account.write(f"{name}.yaml", text)
    loop.start()
    before = loop.invocations(*names)
    for name in names:
        (account.desired / f"{name}.yaml").unlink()
    loop.sync()
    for name, text in texts.items():
        account.write(f"{name}.yaml", text[: len(text) // 2])
        loop.sync()
        assert before == loop.invocations(*names)
        account.write(f"{name}.yaml", text)
        loop.sync()
    assert before == loop.invocations(*names)
    assert {"in-sync"} == {loop.sync_of(name) for name in names}


def test_removals_wait_for_a_broken_file(account: Any, loop: Any) -> None:
    """R2: two removals wait until a broken file is mended, and say for what they wait."""
    account.write("good.yaml", manifest(*services("a", "b", "c", "d", "e")))
    broken = account.write("broken.yaml", manifest(service("x")))
    loop.start()
    broken.write_text('version: 1\nunits:\n  x.service: {Service: {ExecStart: "/bin/sleep}}\n')
    account.write("good.yaml", manifest(*services("a", "b", "c")))
    loop.sync()
    for name in ("d.service", "e.service"):
        assert loop.is_active(name)
        assert "waits for broken.yaml:3" in loop.unit(name)["reason"]
    broken.write_text(manifest(service("x")))
    loop.sync()
    loop.until(lambda: loop.sync_of("e.service") == "", "both are removed")
    assert not {"d.service", "e.service"} & account.units("active")
    assert {"a.service", "x.service"} <= account.units("active")


def test_folder_under_constant_writes(account: Any, loop: Any) -> None:
    """R2: a pass forced while the folder is being written to removes nothing."""
    loop.configure("prune_after: 0s\nsettle: 200ms\nsettle_cap: 300ms\n")
    begin(account, loop, *services("a", "b"))
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.wait(0.02):
            number += 1
            account.write("noise.yaml", manifest(service("n", f"/bin/sleep {4000 + number}")))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        loop.until(lambda: loop.is_active("n.service"), "a pass is made in spite of the writes")
        passes = loop.passes
        account.write("all.yaml", manifest(service("a")))
        loop.until(lambda: loop.passes >= passes + 2, "passes under the writes")
        assert loop.is_active("b.service")
        assert (account.unit_dir / "b.service").exists()
    finally:
        ended.set()
        writer.join()
    loop.sync()
    loop.until(lambda: not (account.unit_dir / "b.service").exists(), "it goes once it is quiet")


def test_everything_removed(account: Any, loop: Any) -> None:
    """R3: an emptied folder removes nothing by itself, even a single unit."""
    begin(account, loop, service("a"))
    before = loop.invocation("a.service")
    (account.desired / "all.yaml").unlink()
    loop.sync()
    assert "held" == loop.sync_of("a.service")
    assert before == loop.invocation("a.service")
    assert (account.unit_dir / "a.service").exists()
    [held] = loop.report["held"]
    assert 0 == account.run("unitward", "approve", held["digest"]).returncode
    loop.until(lambda: not (account.unit_dir / "a.service").exists(), "approved, it goes")
    loop.until(lambda: not loop.is_active("a.service"), "it is stopped")


def test_what_a_removal_takes_and_leaves(account: Any, loop: Any) -> None:
    """R4: it stops by its own command; file, drop-ins and links go, neighbours come back."""
    stop = {"ExecStop": "/bin/sh -c 'echo stopped >> %h/said'"}
    drop_in = entry("a.service.d/50-site.conf", {"Service": {"Environment": "SITE=1"}})
    bound = service("b", unit={"Wants": "a.service", "PartOf": "a.service", "After": "a.service"})
    begin(account, loop, service("a", keys=stop), drop_in, bound, service("c"))
    before = loop.invocation("c.service")
    assert (account.unit_dir / "a.service.d/50-site.conf").exists()
    apply(account, loop, bound, service("c"))
    loop.until(lambda: loop.sync_of("a.service") == "", "a is forgotten")
    assert "stopped\n" == (account.home / "said").read_text()
    left = {str(p.relative_to(account.unit_dir)) for p in account.unit_dir.rglob("*")}
    assert [] == [name for name in left if "a.service" in name]
    assert "not-found" == account.show("a.service", "LoadState")["LoadState"]
    loop.until(lambda: loop.is_active("b.service"), "what only went down with it is back")
    assert before == loop.invocation("c.service")


def test_slices_and_targets(account: Any, loop: Any) -> None:
    """R5: a slice and a target go without stopping what lives in them."""
    install = {"WantedBy": "default.target"}
    site = [
        entry("site.slice", {"Slice": {"CPUWeight": "50"}}),
        entry("site.target", {"Unit": {"Wants": "mine.service"}, "Install": install}),
    ]
    mine = f"[Unit]\nPartOf=site.target\n[Service]\nExecStart={SLEEP}\nSlice=site.slice\n"
    (account.unit_dir / "mine.service").write_text(mine)
    begin(account, loop, *site, *services("a", "b", "c"))
    loop.until(lambda: loop.is_active("mine.service"), "it runs in the slice")
    before = loop.invocation("mine.service")
    apply(account, loop, *services("a", "b", "c"))
    loop.until(lambda: not (account.unit_dir / "site.slice").exists(), "the slice's file is gone")
    assert not (account.unit_dir / "site.target").exists()
    assert before == loop.invocation("mine.service")
    assert loop.is_active("mine.service")
    assert loop.is_active("site.slice")


def test_shipped_unit_comes_back(account: Any, loop: Any) -> None:
    """R6: a shipped unit that ours replaced runs again by its own definition, if ours ran."""
    ship(account, "ran.service", "/bin/sleep 1111")
    ship(account, "idle.service", "/bin/sleep 1111")
    ours = [
        service("ran", "/bin/sleep 2222"),
        service("idle", "/bin/sleep 2222", wanted_by=""),
    ]
    begin(account, loop, *ours, *services("a", "b", "c"))
    assert "/bin/sleep 2222" == command_of(account, "ran.service")
    apply(account, loop, *services("a", "b", "c"))
    loop.until(lambda: loop.sync_of("ran.service") == "", "ours is forgotten")
    loop.until(lambda: command_of(account, "ran.service") == "/bin/sleep 1111", "the shipped runs")
    assert not loop.is_active("idle.service")
    assert not (account.unit_dir / "ran.service").exists()
    shown = account.show("ran.service", "FragmentPath")["FragmentPath"]
    assert shown.endswith(".local/share/systemd/user/ran.service")


def test_shipped_unit_is_enabled_as_before(account: Any, loop: Any) -> None:
    """R6: a shipped unit is enabled, or not, as before ours, and runs if only ours kept it down."""
    names = ("on", "off", "kept")
    for name in names:
        ship(account, f"{name}.service", "/bin/sleep 1111")
    account.systemctl("enable", "--now", "on.service", "kept.service")
    links = account.unit_dir / "default.target.wants"
    before = {path.name: path.readlink() for path in links.iterdir()}
    assert {"on.service", "kept.service"} == set(before)
    ours = [service(name, "/bin/sleep 2222") for name in ("on", "off")]
    ours.append(service("kept", "/bin/sleep 2222", own={"state": "stopped", "enable": "yes"}))
    begin(account, loop, *ours, *services("a", "b", "c", "d"))
    assert {"/bin/sleep 2222"} == {command_of(account, f"{n}.service") for n in ("on", "off")}
    assert not loop.is_active("kept.service")
    assert set(names) <= {path.stem for path in links.iterdir()}
    account.systemctl("disable", "on.service")
    loop.sync()
    assert (links / "on.service").is_symlink()
    apply(account, loop, *services("a", "b", "c", "d"))
    loop.until(lambda: loop.sync_of("on.service") == "", "ours is forgotten")
    assert before == {p.name: p.readlink() for p in links.iterdir() if p.stem in names}
    enabled = account.systemctl("is-enabled", *(f"{n}.service" for n in names), check=False)
    assert ["enabled", "disabled", "enabled"] == enabled.split()
    for name in ("on.service", "kept.service"):
        loop.until(
            lambda name=name: command_of(account, name) == "/bin/sleep 1111", "the shipped runs"
        )


def test_enablement_survives_a_killed_pass(account: Any, loop: Any) -> None:
    """R6: what was enabled before is known although the pass that replaced it was killed."""
    link, before = account.unit_dir / "default.target.wants/a.service", Path("/opt/a.service")
    link.parent.mkdir()
    link.symlink_to(before)
    ship(account, "a.service", "/bin/sleep 1111")
    account.write("all.yaml", manifest(service("a", "/bin/sleep 2222"), *services("b", "c", "d")))
    pass_killed_when(account, f'test "$(readlink {link})" != "{before}"')
    assert before != link.readlink()
    loop.start()
    loop.sync()
    assert "/bin/sleep 2222" == command_of(account, "a.service")
    apply(account, loop, *services("b", "c", "d"))
    loop.until(lambda: loop.sync_of("a.service") == "", "ours is forgotten")
    assert before == link.readlink()


def test_template_goes(account: Any, loop: Any) -> None:
    """R7: declared instances are stopped with their template; hand-started ones run on."""
    worker = entry("w@.service", {"Service": {"ExecStart": SLEEP}}, {"instances": "[one]"})
    begin(account, loop, worker, *services("a", "b", "c"))
    account.systemctl("start", "w@one.service", "w@hand.service")
    loop.sync()
    pid = pid_of(account, "w@hand.service")
    apply(account, loop, *services("a", "b", "c"))
    loop.until(lambda: not (account.unit_dir / "w@.service").exists(), "the template is gone")
    assert not loop.is_active("w@one.service")
    assert pid == pid_of(account, "w@hand.service")
    assert exists(pid)
    assert any("w@hand.service" in note for note in notes_of(loop))


def test_unit_moves_to_another_file(account: Any, loop: Any) -> None:
    """R8: a unit that moves between files runs on, whichever file is saved first."""
    loop.configure("prune_after: 1min\n")
    account.write("one.yaml", manifest(*services("a", "b")))
    loop.start()
    before = loop.invocations("a.service", "b.service")
    account.write("one.yaml", manifest(*services("a")))
    loop.sync()
    account.write("two.yaml", manifest(*services("b")))
    loop.sync()
    assert "in-sync" == loop.sync_of("b.service")
    assert "two.yaml:3" == loop.unit("b.service")["source"]
    account.write("three.yaml", manifest(*services("b")))
    loop.sync()
    account.write("two.yaml", manifest(*services("c")))
    loop.sync()
    assert "in-sync" == loop.sync_of("b.service")
    assert "three.yaml:3" == loop.unit("b.service")["source"]
    assert before == loop.invocations("a.service", "b.service"), loop.log


def test_removal_that_fails(account: Any, loop: Any) -> None:
    """R9: a removal that the unit folder does not allow is said, and done when it does."""
    begin(account, loop, *services("a", "b", "c"))
    before = loop.invocations("a.service", "b.service")
    account.unit_dir.chmod(0o500)
    try:
        apply(account, loop, *services("a", "b"))
        assert (account.unit_dir / "c.service").exists()
        assert "failed" == loop.sync_of("c.service")
        assert "write access" in loop.unit("c.service")["reason"]
        loop.sync()
        assert (account.unit_dir / "c.service").exists()
    finally:
        account.unit_dir.chmod(0o755)
    loop.sync()
    loop.until(lambda: not (account.unit_dir / "c.service").exists(), "it is removed")
    assert not loop.is_active("c.service")
    loop.until(lambda: loop.sync_of("c.service") == "", "it is forgotten")
    assert before == loop.invocations("a.service", "b.service")


def test_many_restarts(account: Any, loop: Any) -> None:
    """R10: more restarts than max_restarts wait; an approval lets this one change through."""
    loop.configure("max_restarts: 2\n")
    names = [f"{letter}.service" for letter in "abc"]
    begin(account, loop, *services("a", "b", "c", "d"))
    before = loop.invocations(*names)

    def held_digest(command: str) -> str:
        apply(account, loop, *services("a", "b", "c", command=command), service("d"))
        assert {"held"} == {loop.sync_of(name) for name in names}
        [held] = loop.report["held"]
        assert names == held["units"]
        return str(held["digest"])

    digest = held_digest("/bin/sleep 5000")
    assert before == loop.invocations(*names)
    assert b"5000" not in (account.unit_dir / "a.service").read_bytes()
    assert 0 == account.run("unitward", "approve", digest).returncode
    loop.until(
        lambda: all(command_of(account, name) == "/bin/sleep 5000" for name in names),
        "approved, they restart",
    )
    loop.sync()
    after = loop.invocations(*names)
    held_digest("/bin/sleep 6000")
    assert after == loop.invocations(*names)
