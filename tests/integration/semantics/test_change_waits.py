"""Table C on a real manager: units that are not restarted now though they changed."""

import os
import threading
from typing import Any

import pytest
from tests.integration.semantics.declare import SLEEP, entry, manifest, service
from tests.integration.semantics.interrupt import is_reloaded, pass_killed_when
from tests.integration.semantics.scene import apply, begin, command_of, exists, pid_of


def test_oneshot_that_does_not_wait(account: Any, loop: Any) -> None:
    """C14: with on_change: restart a oneshot in the middle of its run is run anew."""
    gate = account.home / "gate"
    os.mkfifo(gate)
    loop.configure("job_wait: 100ms\nprune_after: 0s\n")

    def running(word: str) -> str:
        command = f"/bin/sh -c 'echo {word} >> %h/said; read x < %h/gate; echo end >> %h/said'"
        return service("a", command, keys={"Type": "oneshot"}, own={"on_change": "restart"})

    begin(account, loop, running("old"))
    said = account.home / "said"
    loop.until(lambda: said.exists() and said.read_text() == "old\n", "it runs")
    apply(account, loop, running("new"))
    loop.until(lambda: said.read_text() == "old\nnew\n", "it runs anew")
    gate.write_text("go\n")
    loop.until(lambda: said.read_text() == "old\nnew\nend\n", "the new run ends by itself")


def test_template_with_a_oneshot_in_its_run(account: Any, loop: Any) -> None:
    """C14: a template waits for the oneshot instance that a person started, without cutting it."""
    gate = account.home / "gate"
    os.mkfifo(gate)

    def job(word: str) -> str:
        command = f"/bin/sh -c 'echo {word} >> %h/said; read x < %h/gate; echo end >> %h/said'"
        return service("job@", command, keys={"Type": "oneshot"}, wanted_by="")

    begin(account, loop, job("old"))
    account.systemctl("start", "--no-block", "job@now.service")
    said = account.home / "said"
    loop.until(said.exists, "it runs")
    apply(account, loop, job("new"))
    assert b"echo old" in (account.unit_dir / "job@.service").read_bytes()
    assert "pending" == loop.sync_of("job@.service")
    gate.write_text("go\n")
    loop.until(lambda: said.read_text() == "old\nend\n", "the run ends by itself")
    loop.until(lambda: not loop.is_active("job@now.service"), "it is down")
    loop.sync()
    assert b"echo new" in (account.unit_dir / "job@.service").read_bytes()
    assert "old\nend\n" == said.read_text()


def test_stop_by_hand_that_takes_long(account: Any, loop: Any) -> None:
    """C15: a unit that somebody is stopping keeps its old file until it is down."""
    gate = account.home / "gate"
    os.mkfifo(gate)
    loop.configure("stop_grace: 5min\n")

    def slow(word: str) -> str:
        stop = f"/bin/sh -c 'read x < %h/gate; echo {word} >> %h/said'"
        return service("a", keys={"ExecStop": stop})

    begin(account, loop, slow("old"))
    old = (account.unit_dir / "a.service").read_bytes()
    account.systemctl("stop", "--no-block", "a.service")
    loop.until(
        lambda: account.show("a.service", "ActiveState")["ActiveState"] == "deactivating",
        "it is on its way down",
    )
    apply(account, loop, slow("new"))
    assert old == (account.unit_dir / "a.service").read_bytes()
    gate.write_text("go\n")
    loop.until((account.home / "said").exists, "the stop command ended")
    loop.until(
        lambda: b"echo new" in (account.unit_dir / "a.service").read_bytes(), "the file is written"
    )
    assert "old\n" == (account.home / "said").read_text()


def test_session_slice(account: Any, loop: Any) -> None:
    """C16: what lives in session.slice goes on until on_change: restart says otherwise."""
    session = {"Slice": "session.slice"}
    begin(account, loop, service("a", keys=session))
    pid = pid_of(account, "a.service")
    apply(account, loop, service("a", "/bin/sleep 5000", keys=session))
    assert b"sleep 5000" in (account.unit_dir / "a.service").read_bytes()
    assert "5000" in account.show("a.service", "ExecStart")["ExecStart"]
    assert pid == pid_of(account, "a.service")
    assert "pending" == loop.sync_of("a.service")
    assert "next login" in loop.unit("a.service")["reason"]
    apply(
        account, loop, service("a", "/bin/sleep 6000", keys=session, own={"on_change": "restart"})
    )
    assert "/bin/sleep 6000" == command_of(account, "a.service")


@pytest.mark.usefixtures("bus")
def test_message_bus(account: Any, loop: Any) -> None:
    """C16: the session's message bus is never restarted for a drop-in of ours."""
    assert 0 == account.run("busctl", "--user", "list").returncode
    pid = pid_of(account, "dbus.service")
    assert pid
    begin(account, loop, service("a"))
    folder = account.desired / "dbus.service.d"
    folder.mkdir()
    (folder / "50-site.conf").write_text("[Service]\nEnvironment=SITE=1\n")
    loop.sync()
    assert "SITE=1" == account.show("dbus.service", "Environment")["Environment"]
    assert pid == pid_of(account, "dbus.service")
    assert "pending" == loop.sync_of("dbus.service")
    assert "next login" in loop.unit("dbus.service")["reason"]
    (folder / "50-site.conf").unlink()
    loop.sync()
    loop.until(lambda: not (account.unit_dir / "dbus.service.d").exists(), "it is taken away")
    assert pid == pid_of(account, "dbus.service")


def ship(account: Any, name: str, text: str) -> None:
    """Put a unit where a distribution's package would, for this account, and start it."""
    folder = account.home / ".local/share/systemd/user"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    account.systemctl("daemon-reload")


def test_shipped_unit_in_the_session_slice(account: Any, loop: Any) -> None:
    """C16: a shipped unit of the session goes on, whatever of ours comes and goes."""
    for name in ("sound", "sound@"):
        text = f"[Service]\nExecStart={SLEEP}\nSlice=session.slice\n"
        ship(account, f"{name}.service", text)
    names = ("sound.service", "sound@one.service")
    account.systemctl("start", *names)
    pids = [pid_of(account, name) for name in names]
    settings = [
        entry(f"{name}.service.d/50-site.conf", {"Service": {"Environment": "SITE=1"}})
        for name in ("sound", "sound@one")
    ]
    begin(account, loop, *settings, service("a"))
    for name in names:
        assert "SITE=1" == account.show(name, "Environment")["Environment"]
        assert "pending" == loop.sync_of(name)
        assert "next login" in loop.unit(name)["reason"]
    assert pids == [pid_of(account, name) for name in names]
    apply(account, loop, service("a"), removed=f"[{', '.join(names)}]")
    loop.until(lambda: not [*account.unit_dir.glob("*.d")], "ours are gone")
    assert pids == [pid_of(account, name) for name in names]
    ours = service("sound", "/bin/sleep 5000", keys={"Slice": "session.slice"}, wanted_by="")
    apply(account, loop, service("a"), ours)
    assert "5000" in account.show("sound.service", "ExecStart")["ExecStart"]
    apply(account, loop, service("a"), removed="[sound.service]")
    loop.until(lambda: not (account.unit_dir / "sound.service").exists(), "ours is gone")
    assert pids == [pid_of(account, name) for name in names]


@pytest.mark.parametrize("key", ["RefuseManualStop", "RefuseManualStart"])
def test_refused_by_hand(account: Any, loop: Any, key: str) -> None:
    """C17: a unit that refuses to be stopped or started by hand runs on with its new file."""
    helper = service("puller", unit={"Wants": "a.service"})
    begin(account, loop, helper, service("a", unit={key: "yes"}))
    loop.until(lambda: loop.is_active("a.service"), "it runs")
    pid = pid_of(account, "a.service")
    apply(account, loop, helper, service("a", "/bin/sleep 5000", unit={key: "yes"}))
    assert b"sleep 5000" in (account.unit_dir / "a.service").read_bytes()
    assert pid == pid_of(account, "a.service")
    assert "pending" == loop.sync_of("a.service")
    assert "refuses manual restart" in loop.unit("a.service")["reason"]


def test_condition_that_holds_no_more(account: Any, loop: Any) -> None:
    """C18: a running unit whose condition would fail now is not restarted into its end."""
    flag = account.home / "flag"
    flag.touch()
    condition = {"ConditionPathExists": "'%h/flag'"}
    begin(account, loop, service("a", unit=condition))
    pid = pid_of(account, "a.service")
    flag.unlink()
    apply(account, loop, service("a", "/bin/sleep 5000", unit=condition))
    assert b"sleep 5000" in (account.unit_dir / "a.service").read_bytes()
    assert pid == pid_of(account, "a.service")
    assert exists(pid)
    for _ in range(2):
        assert "skipped" == loop.sync_of("a.service")
        assert "ConditionPathExists" in loop.unit("a.service")["reason"]
        loop.sync()
    flag.touch()
    loop.sync()
    assert "in-sync" == loop.sync_of("a.service")
    assert "from its next start" in loop.unit("a.service")["reason"]
    assert pid == pid_of(account, "a.service")


def test_condition_and_contents(account: Any, loop: Any) -> None:
    """C18: contents that changed restart a unit only once its condition holds again."""
    flag, conf = account.home / "flag", account.home / "a.conf"
    flag.touch()
    conf.write_text("one")
    unit = {"ConditionPathExists": "'%h/flag'"}
    begin(account, loop, service("a", unit=unit, own={"restart_on": "['%h/a.conf']"}))
    pid = pid_of(account, "a.service")
    flag.unlink()
    conf.write_text("two")
    loop.until(lambda: loop.sync_of("a.service") == "skipped", "the change is seen")
    loop.sync()
    assert "ConditionPathExists" in loop.unit("a.service")["reason"]
    assert pid == pid_of(account, "a.service")
    flag.touch()
    loop.sync()
    loop.until(lambda: pid_of(account, "a.service") not in {0, pid}, "it is restarted")


def test_condition_and_an_interrupted_restart(account: Any, loop: Any) -> None:
    """C18, P1: a restart that was interrupted is finished once its condition holds again."""
    flag = account.home / "flag"
    flag.touch()
    unit = {"ConditionPathExists": "'%h/flag'"}
    begin(account, loop, service("a", "/bin/sleep 1111", unit=unit))
    loop.kill()
    pid = pid_of(account, "a.service")
    account.write("all.yaml", manifest(service("a", "/bin/sleep 2222", unit=unit)))
    pass_killed_when(account, is_reloaded(account))
    flag.unlink()
    loop.start()
    loop.sync()
    assert pid == pid_of(account, "a.service")
    assert "skipped" == loop.sync_of("a.service")
    flag.touch()
    loop.sync()
    loop.until(lambda: command_of(account, "a.service") == "/bin/sleep 2222", "it is finished")


def test_condition_of_a_shipped_unit(account: Any, loop: Any) -> None:
    """C18: the shipped unit's own condition counts where only a drop-in of it is ours."""
    flag = account.home / "flag"
    flag.touch()
    ship(
        account,
        "p.service",
        f"[Unit]\nConditionPathExists=%h/flag\n[Service]\nExecStart={SLEEP}\n",
    )
    account.systemctl("start", "p.service")
    pid = pid_of(account, "p.service")
    flag.unlink()
    setting = entry("p.service.d/50-site.conf", {"Service": {"Environment": "SITE=1"}})
    begin(account, loop, setting, service("a"))
    assert "SITE=1" == account.show("p.service", "Environment")["Environment"]
    assert pid == pid_of(account, "p.service")
    assert "skipped" == loop.sync_of("p.service")


def test_jobs_of_others_during_a_pass(account: Any, loop: Any) -> None:
    """C4: somebody who restarts the unit all the time stops no change from arriving."""
    begin(account, loop, service("a"), service("b"))
    ended = threading.Event()

    def meddle() -> None:
        while not ended.is_set():
            account.systemctl("restart", "--no-block", "a.service", check=False)
            account.systemctl("try-restart", "a.service", check=False)

    meddler = threading.Thread(target=meddle)
    meddler.start()
    policy = {"StartLimitIntervalSec": "0"}
    try:
        for seconds in range(5000, 5004):
            apply(account, loop, service("a", f"/bin/sleep {seconds}", unit=policy), service("b"))
            loop.until(
                lambda text=f"/bin/sleep {seconds}": command_of(account, "a.service") == text,
                "the new definition runs",
            )
    finally:
        ended.set()
        meddler.join()
    loop.until(lambda: loop.is_active("a.service"), "a runs")
    loop.sync()
    before = loop.invocations("a.service", "b.service")
    loop.sync()
    assert before == loop.invocations("a.service", "b.service")
    assert {"in-sync"} == {loop.sync_of("a.service"), loop.sync_of("b.service")}


def test_name_taken_by_a_transient_unit(account: Any, loop: Any) -> None:
    """C4: a transient unit that has the name runs on; ours comes when it has ended."""
    made = account.run("systemd-run", "--user", "--unit=a.service", "--collect", "/bin/sleep", "77")
    assert 0 == made.returncode, made.stderr
    pid = pid_of(account, "a.service")
    begin(account, loop, service("a"), service("b"))
    loop.sync()
    assert pid == pid_of(account, "a.service")
    assert "overridden" == loop.sync_of("a.service")
    assert "/transient/" in loop.unit("a.service")["reason"]
    assert loop.is_active("b.service")
    account.systemctl("stop", "a.service")
    loop.sync()
    loop.until(lambda: command_of(account, "a.service") == SLEEP, "ours runs")
    assert not exists(pid)
    loop.sync()
    assert "in-sync" == loop.sync_of("a.service")
