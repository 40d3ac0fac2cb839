"""What an edit of the desired state does to the machine, and what it leaves alone."""

import os
from typing import Any

SLEEP = "/bin/sleep infinity"


def service(name: str, command: str = SLEEP, extra: str = "", unit: str = "") -> str:
    """Return a manifest's entry for one service that default.target pulls in."""
    return (
        f"  {name}.service:\n{unit}"
        f"    Service:\n      ExecStart: {command}\n{extra}"
        "    Install: {WantedBy: default.target}\n"
    )


def manifest(*entries: str) -> str:
    """Return a whole manifest."""
    return "version: 1\nunits:\n" + "".join(entries)


def test_first_convergence_and_one_edit(account: Any, loop: Any) -> None:
    """C4: everything declared runs and is enabled; an edit restarts only what it changed."""
    for name in ("a", "b", "c"):
        account.write(f"{name}.yaml", manifest(service(name)))
    loop.start()

    before = loop.invocations("a.service", "b.service", "c.service")
    assert all(before.values())
    assert {"a.service", "b.service", "c.service"} <= account.units("active")
    wants = account.unit_dir / "default.target.wants"
    assert {"a.service", "b.service", "c.service"} == {p.name for p in wants.iterdir()}

    account.write("b.yaml", manifest(service("b", "/bin/sleep 5000")))
    loop.until(lambda: loop.invocation("b.service") != before["b.service"], "b restarts")

    after = loop.invocations("a.service", "b.service", "c.service")
    assert (before["a.service"], before["c.service"]) == (after["a.service"], after["c.service"])
    assert b"/bin/sleep 5000" in (account.unit_dir / "b.service").read_bytes()


def test_light_edits_restart_nothing(account: Any, loop: Any) -> None:
    """C0, C1: a description is applied without a restart; a comment changes nothing at all."""
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    before = loop.invocation("a.service")
    content = (account.unit_dir / "a.service").read_bytes()

    account.write("a.yaml", "# a remark\n" + manifest(service("a")))
    generations = loop.generations
    loop.sync()
    assert content == (account.unit_dir / "a.service").read_bytes()
    assert generations == loop.generations

    account.write("a.yaml", manifest(service("a", unit="    description: New words\n")))
    loop.until(
        lambda: account.show("a.service", "Description")["Description"] == "New words",
        "the description is loaded",
    )
    assert before == loop.invocation("a.service")


def test_stop_commands_of_the_old_definition_are_used(account: Any, loop: Any) -> None:
    """C5: a changed ExecStop does not end the process that was started with the old one."""
    said = account.home / "said"

    def stop_with(word: str) -> str:
        return f"      ExecStop: /bin/sh -c 'echo {word} >> %h/said'\n"

    account.write("a.yaml", manifest(service("a", extra=stop_with("old"))))
    loop.start()
    before = loop.invocation("a.service")
    account.write("a.yaml", manifest(service("a", extra=stop_with("new"))))
    loop.until(lambda: loop.invocation("a.service") != before, "a restarts")
    assert "old\n" == said.read_text()
    assert loop.is_active("a.service")


def test_new_and_removed_units(account: Any, loop: Any) -> None:
    """R1, R4: a file more starts a unit; a file less stops it and leaves nothing of it behind."""
    account.write("a.yaml", manifest(service("a")))
    loop.start()
    before = loop.invocation("a.service")

    account.write("b.yaml", manifest(service("b")))
    loop.until(lambda: loop.is_active("b.service"), "b runs")
    (account.desired / "b.yaml").unlink()
    loop.until(lambda: not (account.unit_dir / "b.service").exists(), "b's file is gone")
    loop.until(lambda: loop.sync_of("b.service") == "", "b is forgotten")

    assert not loop.is_active("b.service")
    assert not (account.unit_dir / "default.target.wants/b.service").is_symlink()
    assert before == loop.invocation("a.service")


def test_removal_waits_for_prune_after(account: Any, loop: Any) -> None:
    """R1: a unit that comes back within prune_after was never touched."""
    loop.configure("prune_after: 60s\n")
    both = manifest(service("a"), service("b"))
    account.write("a.yaml", both)
    loop.start()
    before = loop.invocations("a.service", "b.service")
    account.write("a.yaml", manifest(service("a")))
    report = loop.sync()
    waiting = next(u for u in report["units"] if u["name"] == "b.service")
    assert "no longer declared; removed when" in waiting["reason"]
    account.write("a.yaml", both)
    loop.sync()
    assert before == loop.invocations("a.service", "b.service")
    assert "in-sync" == loop.sync_of("b.service")


def test_many_removals_wait_for_approval(account: Any, loop: Any) -> None:
    """R3: more than half of the units go only after `approve`; `removed:` needs none."""
    names = [f"u{n}" for n in range(5)]
    account.write("all.yaml", manifest(*(service(n) for n in names)))
    loop.start()
    before = loop.invocations(*(f"{n}.service" for n in names))

    account.write("all.yaml", manifest(service("u0"), service("u1")))
    loop.until(lambda: loop.report.get("held"), "the removals are held")
    loop.sync()
    assert before == loop.invocations(*before)
    [held] = loop.report["held"]
    assert ["u2.service", "u3.service", "u4.service"] == held["units"]

    approved = account.run("unitward", "approve", held["digest"])
    assert 0 == approved.returncode, approved.stderr
    loop.until(lambda: not (account.unit_dir / "u4.service").exists(), "they are removed")
    assert {"u0.service", "u1.service"} == {
        u for u in account.units("active") if u.startswith("u") and u[1].isdigit()
    }

    text = "version: 1\nunits: {}\nremoved: [u0.service, u1.service]\n"
    account.write("all.yaml", text)
    loop.until(lambda: not (account.unit_dir / "u0.service").exists(), "what is listed is removed")
    loop.until(lambda: not loop.is_active("u1.service"), "it is stopped")


def test_on_remove_keep(account: Any, loop: Any) -> None:
    """R4: `on_remove: keep` removes the file and leaves the process alone."""
    account.write("a.yaml", manifest(service("a")))
    account.write("k.yaml", manifest(service("k", unit="    on_remove: keep\n")))
    loop.start()
    before = account.show("k.service", "MainPID")["MainPID"]
    (account.desired / "k.yaml").unlink()
    loop.until(lambda: not (account.unit_dir / "k.service").exists(), "k's file is gone")
    loop.sync()
    os.kill(int(before), 0)
    assert before == account.show("k.service", "MainPID")["MainPID"]


def test_foreign_file_in_the_way(account: Any, loop: Any) -> None:
    """N2: a file of somebody else is never overwritten; when it goes, ours comes."""
    foreign = account.unit_dir / "a.service"
    foreign.write_text("[Service]\nExecStart=/bin/sleep 77\n")
    account.write("a.yaml", manifest(service("a")))
    account.write("b.yaml", manifest(service("b")))
    loop.start()
    assert "blocked" == loop.sync_of("a.service")
    assert "[Service]\nExecStart=/bin/sleep 77\n" == foreign.read_text()
    assert not loop.is_active("a.service")
    assert loop.is_active("b.service")
    foreign.unlink()
    loop.until(lambda: loop.is_active("a.service"), "a runs once the way is free")


def test_failing_unit_stops_only_itself(account: Any, loop: Any) -> None:
    """A unit that fails is reported with its exit status; the others run."""
    account.write("bad.yaml", manifest(service("bad", "/bin/sh -c 'exit 3'")))
    account.write("good.yaml", manifest(service("good")))
    loop.start()
    loop.until(lambda: loop.sync_of("bad.service") == "failed", "the failure is seen")
    assert "exit status 3" in loop.unit("bad.service")["reason"]
    assert loop.is_active("good.service")


def test_running_oneshot_is_not_killed(account: Any, loop: Any) -> None:
    """C14: a oneshot in the middle of its run ends by itself; its new text is written then."""
    oneshot = "      Type: oneshot\n"
    run = "/bin/sh -c 'echo {0} begins >> %h/said; read x < %h/gate; echo {0} ends >> %h/said'"
    gate = account.home / "gate"
    os.mkfifo(gate)
    account.write("a.yaml", manifest(service("a", run.format("old"), oneshot)))
    loop.configure("job_wait: 100ms\nprune_after: 0s\n")
    loop.start()
    said = account.home / "said"
    loop.until(said.exists, "the oneshot runs")
    account.write("a.yaml", manifest(service("a", run.format("new"), oneshot)))
    account.write("b.yaml", manifest(service("b")))
    loop.until(lambda: loop.is_active("b.service"), "another unit of the same change runs")
    assert b"old begins" in (account.unit_dir / "a.service").read_bytes()
    gate.write_text("go\n")
    loop.until(lambda: said.read_text().endswith("new begins\n"), "it runs by its new text")
    gate.write_text("go\n")
    lines = "old begins\nold ends\nnew begins\nnew ends\n"
    loop.until(lambda: said.read_text() == lines, "both runs ended by themselves")
    loop.until(lambda: loop.sync_of("a.service") == "in-sync", "it is in sync")


def test_stop_takes_longer_than_the_pass_waits(account: Any, loop: Any) -> None:
    """C15: a restart that outlasts the pass is taken up when it ends, without a second restart."""
    slow = "      ExecStop: /bin/sh -c 'read x < %h/gate'\n"
    gate = account.home / "gate"
    os.mkfifo(gate)
    loop.configure("job_wait: 200ms\nprune_after: 0s\n")
    account.write("a.yaml", manifest(service("a", extra=slow)))
    loop.start()
    before = loop.invocation("a.service")
    account.write("a.yaml", manifest(service("a", "/bin/sleep 5000", extra=slow)))
    loop.until(
        lambda: account.show("a.service", "ActiveState")["ActiveState"] == "deactivating", ""
    )
    loop.sync()
    assert b"sleep 5000" not in (account.unit_dir / "a.service").read_bytes()
    gate.write_text("go\n")
    loop.until(lambda: loop.is_active("a.service"), "a runs again")
    loop.until(lambda: loop.sync_of("a.service") == "in-sync", "a is in sync")
    after = loop.invocation("a.service")
    assert before != after
    assert b"sleep 5000" in (account.unit_dir / "a.service").read_bytes()
    loop.sync()
    assert after == loop.invocation("a.service")
