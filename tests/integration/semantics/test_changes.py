"""Table C on a real manager: what a change of a service does, and what it leaves running."""

from pathlib import Path
from typing import Any

from tests.integration.semantics.declare import SLEEP, entry, service
from tests.integration.semantics.scene import apply, begin, command_of, exists, notes_of, pid_of

RAW = """\
[Unit]
Description=Quiet
After=basic.target
[Service]
ExecStart=/bin/sleep infinity
Restart=no
[Install]
WantedBy=default.target
"""


def test_layout(account: Any, loop: Any) -> None:
    """C0: comments, blank lines, order of sections and X- names are written, and no more."""
    account.write("a.service", RAW)
    loop.start()
    before = loop.invocation("a.service")
    unit, rest = RAW.split("[Service]\n")
    text = f"# a remark\n[Service]\nX-Note=new\n\n{rest}\n[X-Site]\nOwner=me\n{unit}; another\n"
    account.write("a.service", text)
    loop.sync()
    assert text.encode() in (account.unit_dir / "a.service").read_bytes()
    assert before == loop.invocation("a.service")
    assert "in-sync" == loop.sync_of("a.service")


def test_settings_that_a_reload_applies(account: Any, loop: Any) -> None:
    """C1: dependencies, restart policy, stop timeout, limits and ExecReload need no restart."""
    begin(account, loop, service("a"), service("b"))
    before = loop.invocations("a.service", "b.service")
    keys = {
        "Restart": "on-failure",
        "TimeoutStopSec": "7s",
        "MemoryMax": "64M",
        "ExecReload": "/bin/true",
        "ExecStartPre": "/bin/true",
        "KillSignal": "SIGINT",
    }
    unit = {"After": "b.service", "ConditionPathExists": "/"}
    apply(account, loop, service("a", unit=unit, keys=keys), service("b"))
    shown = account.show("a.service")
    expected = {
        "Restart": "on-failure",
        "TimeoutStopUSec": "7s",
        "MemoryMax": str(64 * 1024 * 1024),
        "CanReload": "yes",
        "KillSignal": "2",
    }
    assert expected == {name: shown[name] for name in expected}
    assert "b.service" in shown["After"].split()
    assert before == loop.invocations("a.service", "b.service")


def test_more_wants(account: Any, loop: Any) -> None:
    """C2: what a running unit newly pulls in is started, the unit itself is not restarted."""
    helper = service("helper", wanted_by="")
    begin(account, loop, service("a"), helper)
    before = loop.invocation("a.service")
    assert not loop.is_active("helper.service")
    apply(account, loop, service("a", unit={"Wants": "helper.service"}), helper)
    assert loop.is_active("helper.service")
    assert before == loop.invocation("a.service")


def test_upholds(account: Any, loop: Any) -> None:
    """C3: Upholds= starts its unit with the reload; the one that has it goes on."""
    helper = service("helper", wanted_by="")
    begin(account, loop, service("a"), helper)
    before = loop.invocation("a.service")
    apply(account, loop, service("a", unit={"Upholds": "helper.service"}), helper)
    loop.until(lambda: loop.is_active("helper.service"), "the helper is upheld")
    assert before == loop.invocation("a.service")
    assert any("Upholds" in note for note in notes_of(loop))


def test_bound_to_what_is_down(account: Any, loop: Any) -> None:
    """C3: a unit that now binds to one that is down, so that the reload stops it, comes back."""
    helper = service("helper", wanted_by="")
    begin(account, loop, service("a"), helper)
    before = loop.invocation("a.service")
    apply(account, loop, service("a", unit={"BindsTo": "helper.service"}), helper)
    for unit in ("a.service", "helper.service"):
        loop.until(lambda unit=unit: loop.is_active(unit), f"{unit} runs")
    loop.sync()
    assert "in-sync" == loop.sync_of("a.service")
    assert loop.invocation("a.service") not in {before, ""}
    assert loop.is_active("a.service")


def test_keep_and_what_acts_at_the_reload(account: Any, loop: Any) -> None:
    """C3: with on_change: keep a key that the reload acts on is not even written."""
    keep, helper = {"on_change": "keep"}, service("helper", wanted_by="")
    begin(account, loop, service("a", own=keep), helper)
    before = loop.invocation("a.service")
    text = (account.unit_dir / "a.service").read_bytes()
    for changed in (
        service("a", own=keep, unit={"Upholds": "helper.service"}),
        service("a", own=keep, unit={"BindsTo": "helper.service"}),
        service("a", own=keep, unit={"StopWhenUnneeded": "yes"}),
        service("a", own=keep, keys={"RuntimeMaxSec": "50ms"}),
    ):
        apply(account, loop, changed, helper)
        assert "pending" == loop.sync_of("a.service")
        assert "keep" in loop.unit("a.service")["reason"]
        account.systemctl("daemon-reload")
        assert text == (account.unit_dir / "a.service").read_bytes()
        assert before == loop.invocation("a.service")
        assert loop.is_active("a.service")
        assert not loop.is_active("helper.service")


def test_everything_else(account: Any, loop: Any) -> None:
    """C4: another environment restarts its unit, once, and nobody else."""
    begin(account, loop, service("a"), service("b"))
    before = loop.invocations("a.service", "b.service")
    apply(account, loop, service("a", own={"env": "{WORD: new}"}), service("b"))
    after = loop.invocations("a.service", "b.service")
    assert before["a.service"] != after["a.service"]
    assert before["b.service"] == after["b.service"]
    pid = pid_of(account, "a.service")
    assert SLEEP == command_of(account, "a.service")
    assert b"WORD=new" in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    loop.sync()
    assert after == loop.invocations("a.service", "b.service")


def test_start_limit(account: Any, loop: Any) -> None:
    """C4: a unit that hit its start limit runs at once by a definition that works."""
    policy = {"Restart": "always", "RestartSec": "1ms"}
    begin(account, loop, service("a", "/bin/false", keys=policy))
    loop.until(
        lambda: account.show("a.service", "ActiveState")["ActiveState"] == "failed",
        "the start limit is hit",
    )
    apply(account, loop, service("a", keys=policy))
    assert SLEEP == command_of(account, "a.service")
    assert "in-sync" == loop.sync_of("a.service")


def test_foreign_reloads_during_changes(account: Any, loop: Any) -> None:
    """C4: somebody who reloads the manager all the time makes no change restart twice or never."""
    begin(account, loop, service("a"))
    account.spawn(
        "/bin/sh", "-c", "while :; do systemctl --user daemon-reload; systemctl --user status; done"
    )
    seen = [loop.invocation("a.service")]
    for seconds in range(5000, 5004):
        apply(account, loop, service("a", f"/bin/sleep {seconds}"))
        loop.until(lambda: loop.is_active("a.service"), "a runs")
        seen.append(loop.invocation("a.service"))
        assert f"/bin/sleep {seconds}" == command_of(account, "a.service")
    loop.sync()
    assert seen[-1] == loop.invocation("a.service")
    assert len(seen) == len(set(seen))
    assert "in-sync" == loop.sync_of("a.service")


LISTENER = """\
#!/bin/sh
say() { echo "$1 $2" >> "$HOME/said"; exit 0; }
trap 'say '"$1"' INT' INT
trap 'say '"$1"' USR1' USR1
: > "$HOME/ready.$1"
while :; do sleep 0.02; done
"""


def test_kill_signal(account: Any, loop: Any) -> None:
    """C5: a process is ended by the signal that its own definition names, not the new one's."""
    program = account.home / "listener"
    program.write_text(LISTENER)
    program.chmod(0o755)

    def listener(word: str, stop_signal: str) -> str:
        return service("a", f"{program} {word}", keys={"KillSignal": stop_signal})

    begin(account, loop, listener("one", "SIGUSR1"))
    loop.until((account.home / "ready.one").exists, "the old process hears signals")
    apply(account, loop, listener("two", "SIGINT"))
    loop.until((account.home / "ready.two").exists, "the new process runs")
    assert "one USR1\n" == (account.home / "said").read_text()


def test_neighbours_come_back(account: Any, loop: Any) -> None:
    """C5: what a stop takes down with it runs again afterwards, by the new definition."""

    def world(word: str) -> list[str]:
        stop = {"ExecStop": f"/bin/sh -c 'echo {word} >> %h/said'"}
        return [
            service("db", f"/bin/sleep {5000 if word == 'old' else 6000}", keys=stop),
            service("bound", unit={"BindsTo": "db.service", "After": "db.service"}),
            service("part", unit={"PartOf": "db.service"}),
            service("needs", unit={"Requires": "db.service", "After": "db.service"}),
            service("deep", unit={"BindsTo": "bound.service", "After": "bound.service"}),
            service("other"),
        ]

    names = [f"{n}.service" for n in ("db", "bound", "part", "needs", "deep", "other")]
    begin(account, loop, *world("old"))
    before = loop.invocations(*names)
    assert set(names) <= account.units("active")
    apply(account, loop, *world("new"))
    loop.until(lambda: set(names) <= account.units("active"), "all run again")
    after = loop.invocations(*names)
    assert {"other.service"} == {name for name in names if before[name] == after[name]}
    assert "old\n" == (account.home / "said").read_text()
    assert "/bin/sleep 6000" == command_of(account, "db.service")
    loop.sync()
    assert after == loop.invocations(*names)


def test_neighbour_that_nobody_declared(account: Any, loop: Any) -> None:
    """C5: a unit of somebody else that went down with a declared one is started again."""
    stop = {"ExecStop": "/bin/true"}
    begin(account, loop, service("db", keys=stop))
    (account.unit_dir / "mine.service").write_text(
        f"[Unit]\nBindsTo=db.service\nAfter=db.service\n[Service]\nExecStart={SLEEP}\n"
    )
    account.systemctl("daemon-reload")
    account.systemctl("start", "mine.service")
    before = loop.invocation("mine.service")
    apply(account, loop, service("db", "/bin/sleep 5000", keys=stop))
    loop.until(lambda: loop.is_active("mine.service"), "it runs again")
    assert before != loop.invocation("mine.service")


def test_install(account: Any, loop: Any) -> None:
    """C6: another target moves the link and restarts nothing."""
    site = entry("site.target", {"Unit": {"Description": "Site"}})
    begin(account, loop, site, service("a"))
    before = loop.invocation("a.service")
    apply(account, loop, site, service("a", wanted_by="site.target"))
    links = {p.relative_to(account.unit_dir) for p in account.unit_dir.rglob("*.wants/*")}
    assert {Path("site.target.wants/a.service")} == links
    assert before == loop.invocation("a.service")
    assert "a.service" in account.show("site.target", "Wants")["Wants"]


def test_contents_that_cannot_be_read(account: Any, loop: Any) -> None:
    """C13: contents that cannot be read count as unchanged; readable again, they are compared."""
    conf = account.home / "a.conf"
    conf.write_text("one")
    begin(account, loop, service("a", own={"restart_on": "['%h/a.conf']"}))
    before = loop.invocation("a.service")
    conf.write_text("one")
    conf.chmod(0)
    loop.sync()
    assert before == loop.invocation("a.service")
    conf.chmod(0o600)
    loop.sync()
    assert before == loop.invocation("a.service")
    conf.chmod(0o600)
    conf.write_text("two")
    loop.sync()
    assert before != loop.invocation("a.service")


def test_runtime_limit(account: Any, loop: Any) -> None:
    """C3: RuntimeMaxSec= ends a unit with the reload, which is said before."""
    begin(account, loop, service("a"))
    pid = pid_of(account, "a.service")
    apply(account, loop, service("a", keys={"RuntimeMaxSec": "10ms"}))
    assert any("RuntimeMaxSec" in note for note in notes_of(loop))
    loop.until(lambda: not exists(pid), "the process is ended by its manager")
