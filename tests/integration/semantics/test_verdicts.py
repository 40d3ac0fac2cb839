"""What it means that a unit that should run does not (docs/semantics.md, V)."""

import itertools
import os
import signal
import threading
from typing import Any

from tests.integration.semantics.declare import PATIENT, SLEEP, manifest, saying, service
from tests.integration.semantics.scene import command_of, said, state

WAITS = "read x < %h/gate"


def test_automatic_restart(account: Any, loop: Any) -> None:
    """V0: what systemd is about to restart is left to it, and a change does not wait for that."""
    keys = {"Restart": "always", "RestartSec": "1h"}
    account.write("v.yaml", manifest(service("a", saying("one", ":"), keys=keys)))
    loop.start()
    loop.until(
        lambda: account.show("a.service", "SubState")["SubState"] == "auto-restart", "it ended"
    )
    loop.sync()
    loop.sync()
    assert "starting" == loop.sync_of("a.service")
    assert ["one"] == said(account)
    account.write("v.yaml", manifest(service("a", saying("two", ":"), keys=keys)))
    loop.until(lambda: said(account) == ["one", "two"], "the change is run at once")


def test_queued_jobs(account: Any, loop: Any) -> None:
    """V1: a job that somebody else queued is left to end; no start takes its place."""
    os.mkfifo(account.home / "gate")
    account.write(
        "v.yaml",
        manifest(
            service("slow", f"/bin/sh -c '{WAITS}'", keys={"Type": "oneshot"}, wanted_by=""),
            service("a", unit={"After": "slow.service"}),
            service("b", SLEEP, keys={"ExecStop": f"/bin/sh -c '{WAITS}'"}),
        ),
    )
    loop.start()
    loop.kill()
    account.systemctl("stop", "a.service")
    account.systemctl("start", "--no-block", "slow.service")
    account.systemctl("start", "--no-block", "a.service")
    account.systemctl("stop", "--no-block", "b.service")
    jobs = [account.show(unit, "Job")["Job"] for unit in ("a.service", "b.service")]
    assert all(jobs)

    loop.start()
    loop.sync()
    assert jobs == [account.show(unit, "Job")["Job"] for unit in ("a.service", "b.service")]
    assert ["starting", "stopping"] == [loop.sync_of("a.service"), loop.sync_of("b.service")]
    assert ["inactive", "deactivating"] == [state(account, f"{name}.service") for name in "ab"]
    account.systemctl("kill", "--signal=KILL", "b.service")
    account.systemctl("stop", "slow.service")
    loop.until(lambda: loop.is_active("a.service"), "the person's start went on")
    loop.until(lambda: loop.is_active("b.service"), "after the stop, by the rules for stops")


def test_nothing_starts_while_the_manager_stops(account: Any, loop: Any) -> None:
    """V1: while the manager stops, what it stopped is not started again."""
    os.mkfifo(account.home / "gate")
    account.write(
        "v.yaml",
        manifest(
            service("a", saying("a")),
            service("b", SLEEP, keys={"ExecStop": f"/bin/sh -c 'touch %h/stopping; {WAITS}'"}),
        ),
    )
    loop.start()
    loop.until(lambda: said(account) == ["a"], "it runs")
    before = int(account.show("a.service", "MainPID")["MainPID"])
    ending = threading.Thread(target=account.stop_manager)
    ending.start()
    loop.until((account.home / "stopping").exists, "the manager stops its units")
    loop.until(lambda: not os.path.exists(f"/proc/{before}"), "a is gone")  # noqa: PTH110 - short
    loop.signal(signal.SIGHUP)
    loop.until(lambda: "configuration" in "".join(loop.said), "a pass was asked for")
    (account.home / "gate").write_text("go\n")
    ending.join()
    assert ["a"] == said(account)
    account.start_manager()
    loop.until(lambda: said(account) == ["a", "a"], "it runs in the next life")


def test_condition(account: Any, loop: Any) -> None:
    """V2: a unit whose condition did not hold is skipped until its content changes."""

    def text(value: str) -> str:
        unit = {"ConditionPathExists": "'%h/flag'"}
        return manifest(service("c", unit=unit, keys={"Environment": f"X={value}"}))

    account.write("v.yaml", text("1"))
    loop.start()
    loop.sync()
    assert "skipped" == loop.sync_of("c.service")
    (account.home / "flag").touch()
    loop.sync()
    assert "inactive" == state(account, "c.service")
    account.write("v.yaml", text("2"))
    loop.until(lambda: loop.is_active("c.service"), "the new content is tried")


def test_nothing_is_known_of_it(account: Any, loop: Any) -> None:
    """V3: a unit that ran and of which systemd remembers nothing is started."""
    loop.configure(PATIENT)
    account.write("v.yaml", manifest(service("a", own={"state": "running"}, wanted_by="")))
    loop.start()
    loop.kill()
    account.systemctl("stop", "a.service")
    assert "0" == account.show("a.service", "InactiveEnterTimestampMonotonic").popitem()[1]
    loop.start()
    assert loop.is_active("a.service")


def test_it_vanishes_again_and_again(account: Any) -> None:
    """V3: what is gone each time unitward looks is started with pauses, not at every look."""
    keys: Any = {"own": {"state": "running"}, "wanted_by": ""}
    account.write("v.yaml", manifest(service("a", saying("a"), **keys)))

    def look(starts: int) -> bool:
        assert account.run("unitward", "apply").returncode in {0, 3}
        return len(said(account)) == starts

    def vanish() -> int:
        """Have the manager forget the unit; returns when it had started, in microseconds."""
        started = account.show("a.service", "ExecMainStartTimestampMonotonic").popitem()[1]
        account.systemctl("stop", "a.service")
        shown = account.show("a.service", "InactiveEnterTimestampMonotonic", "LoadState")
        assert {"InactiveEnterTimestampMonotonic": "0", "LoadState": "loaded"} == shown
        return int(started)

    assert look(1)
    vanish()
    assert look(2)
    second = vanish()
    account.wait_for(lambda: look(3), "its pause ends", limit=30)
    third = vanish()
    account.wait_for(lambda: look(4), "its longer pause ends", limit=30)
    fourth = vanish()
    assert 4_500_000 < third - second
    assert 9_000_000 < fourth - third


def test_three_tries(account: Any, loop: Any) -> None:
    """V13: without Restart= a unit that fails is tried three times, with growing pauses."""
    began = "$$(read up rest < /proc/uptime; echo $$up)"
    account.write("v.yaml", manifest(service("a", saying(began, "exit 3")), service("b")))
    loop.start()
    loop.until(lambda: len(said(account)) == 4, "run 4", limit=100)
    loop.until(lambda: "given up" in loop.unit("a.service")["reason"], "it is given up")
    assert "failed: exit status 3" not in loop.unit("b.service")["reason"]
    assert "failed" == loop.sync_of("a.service")
    first, second, third = (b - a for a, b in itertools.pairwise(map(float, said(account))))
    assert 4 < first < second < third
    loop.sync()
    assert loop.quiet(2.0)
    assert 4 == len(said(account))
    assert "failed" == state(account, "a.service")


def test_never_ran(account: Any, loop: Any) -> None:
    """V4: a unit that never ran is started, as in each new life of the manager."""
    loop.configure(PATIENT)
    account.write(
        "v.yaml", manifest(service("a", saying("a"), own={"state": "running"}, wanted_by=""))
    )
    loop.start()
    assert loop.is_active("a.service")
    loop.kill()
    account.kill_manager()
    account.start_manager()
    assert "inactive" == state(account, "a.service")
    loop.start()
    loop.until(lambda: said(account) == ["a", "a"], "it is started again")


def test_oneshots_that_ended(account: Any, loop: Any) -> None:
    """V5: a oneshot that succeeded, failed or was stopped in mid-run is not run again."""
    os.mkfifo(account.home / "gate")
    loop.configure("job_wait: 100ms\nstop_grace: 0s\n")
    account.write(
        "v.yaml",
        manifest(
            service("good", saying("good", ":"), keys={"Type": "oneshot"}),
            service("bad", saying("bad", "exit 3"), keys={"Type": "oneshot"}),
            service("cut", saying("cut", WAITS), keys={"Type": "oneshot"}),
        ),
    )
    loop.start()
    loop.until(lambda: len(said(account)) == len("123"), "all three run")
    account.systemctl("stop", "cut.service")
    loop.sync()
    loop.kill()
    loop.start()
    loop.sync()
    assert ["bad", "cut", "good"] == sorted(said(account))
    assert "in-sync" == loop.sync_of("good.service")
    assert "exit status 3" in loop.unit("bad.service")["reason"]


def test_stopped_while_starting(account: Any, loop: Any) -> None:
    """V6: a unit that a person stopped before it was up is left alone."""
    loop.configure(f"job_wait: 100ms\n{PATIENT}")
    account.write("v.yaml", manifest(service("a", SLEEP, keys={"Type": "notify"})))
    loop.start()
    assert "activating" == state(account, "a.service")
    account.systemctl("stop", "a.service")
    loop.until(lambda: loop.sync_of("a.service") == "stopped-by-hand", "it is seen")
    loop.sync()
    assert "inactive" == state(account, "a.service")


def test_stop_that_timed_out(account: Any, loop: Any) -> None:
    """V7: a unit that had to be killed, by a stop or its watchdog, failed; nobody stopped it."""
    deaf = "trap true TERM; touch %h/deaf; while :; do sleep 0.05; done"
    loop.configure(PATIENT)
    account.write(
        "v.yaml",
        manifest(
            service("deaf", f"/bin/sh -c '{deaf}'", keys={"TimeoutStopSec": "100ms"}),
            service(
                "dog",
                "/bin/sh -c 'systemd-notify --ready; exec sleep infinity'",
                keys={"Type": "notify", "NotifyAccess": "all", "WatchdogSec": "300ms"},
            ),
        ),
    )
    loop.start()
    loop.until((account.home / "deaf").exists, "it listens to no TERM")
    account.systemctl("stop", "deaf.service")
    loop.until(lambda: state(account, "dog.service") == "failed", "the watchdog bites")
    loop.sync()
    assert ["timeout", "watchdog"] == [
        account.show(f"{name}.service", "Result")["Result"] for name in ("deaf", "dog")
    ]
    for name in ("deaf", "dog"):
        assert "failed" == loop.sync_of(f"{name}.service")
        assert "tried again" in loop.unit(f"{name}.service")["reason"]


def test_our_own_stop_is_finished(account: Any, loop: Any) -> None:
    """V8: a daemon killed between its stop and its start does not take the stop for a person's."""
    os.mkfifo(account.home / "gate")
    loop.configure(PATIENT)
    stops = {"ExecStop": f"/bin/sh -c '{WAITS}'"}
    account.write("v.yaml", manifest(service("a", "/bin/sleep 1111", keys=stops)))
    loop.start()
    account.write("v.yaml", manifest(service("a", "/bin/sleep 2222", keys=stops)))
    loop.until(lambda: state(account, "a.service") == "deactivating", "it is being stopped")
    loop.kill()
    (account.home / "gate").write_text("go\n")
    loop.until(lambda: state(account, "a.service") == "inactive", "it is down")
    assert b"1111" in (account.unit_dir / "a.service").read_bytes()
    loop.start()
    loop.until(lambda: command_of(account, "a.service") == "/bin/sleep 2222", "it is finished")


def test_follows_what_it_is_bound_to(account: Any, loop: Any) -> None:
    """V9: a sidecar that went down with its completed app stays down, ten times out of ten."""
    os.mkfifo(account.home / "gate")
    account.write(
        "v.yaml",
        manifest(
            service("app", saying("app", WAITS), unit={"StartLimitBurst": "50"}),
            service(
                "side",
                unit={"BindsTo": "app.service", "After": "app.service", "StartLimitBurst": "50"},
            ),
        ),
    )
    loop.start()
    for turn in range(1, 11):
        (account.home / "gate").write_text("go\n")
        loop.until(
            lambda: [state(account, f"{n}.service") for n in ("app", "side")] == ["inactive"] * 2,
            "both are down",
        )
        loop.sync()
        assert ["app"] * turn == said(account)
        assert "follows app.service" in loop.unit("side.service")["reason"]
        account.systemctl("start", "side.service")


def test_follows_what_ousted_it(account: Any, loop: Any) -> None:
    """V9: a unit that a conflicting one ousted waits for that one to go."""
    (account.unit_dir / "rival.service").write_text(
        f"[Unit]\nConflicts=a.service\n[Service]\nExecStart={SLEEP}\n"
    )
    account.write("v.yaml", manifest(service("a")))
    loop.start()
    account.systemctl("start", "rival.service")
    loop.sync()
    assert "inactive" == state(account, "a.service")
    assert loop.is_active("rival.service")
    assert "follows rival.service" in loop.unit("a.service")["reason"]
    account.systemctl("stop", "rival.service")
    loop.until(lambda: loop.is_active("a.service"), "the way is free")


def test_stops_and_natural_ends(account: Any, loop: Any) -> None:
    """V10, V11: ten handled stops, whatever exit code, are told from ten ends at that moment."""
    loop.configure(PATIENT)
    handles = 'trap "exit {0}" TERM; touch %h/up{0}; sleep 1000 & wait'
    ends = "while ! test -e %h/end; do sleep 0.02; done"
    stopped, ended = [[f"{kind}{n}.service" for n in range(10)] for kind in ("stop", "end")]
    account.write(
        "v.yaml",
        manifest(
            *(service(f"stop{n}", f"/bin/sh -c '{handles.format(n)}'") for n in range(10)),
            *(service(f"end{n}", f"/bin/sh -c '{ends}'") for n in range(10)),
        ),
    )
    loop.start()
    loop.until(lambda: len([*account.home.glob("up?")]) == len(stopped), "all handlers are set")
    (account.home / "end").touch()
    account.systemctl("stop", *stopped)
    loop.until(lambda: not account.units("active") & {*ended}, "all are down")
    loop.sync()
    assert {"stopped-by-hand"} == {loop.sync_of(unit) for unit in stopped}
    assert {"in-sync"} == {loop.sync_of(unit) for unit in ended}
    assert set() == account.units("active") & {*stopped, *ended}


def test_failing_stop_command(account: Any, loop: Any) -> None:
    """V10: a stop by a person is one though the stop command fails."""
    loop.configure(PATIENT)
    account.write("v.yaml", manifest(service("a", SLEEP, keys={"ExecStop": "/bin/false"})))
    loop.start()
    account.systemctl("stop", "a.service")
    loop.sync()
    assert "stopped-by-hand" == loop.sync_of("a.service")


def test_one_that_remains_and_fails(account: Any, loop: Any) -> None:
    """V13: with RemainAfterExit= too, a failing process was not stopped by hand; V10: a stop was.

    The stop command of the other one fails, which gives both the same Result=.
    """
    loop.configure(PATIENT)
    remains = {"RemainAfterExit": "yes"}
    fails = "/bin/sh -c 'while ! test -e %h/end; do sleep 0.02; done; exit 3'"
    account.write(
        "v.yaml",
        manifest(
            service("a", fails, keys=remains),
            service("b", "/bin/true", keys={**remains, "ExecStop": "/bin/false"}),
        ),
    )
    loop.start()
    loop.until(lambda: state(account, "b.service") == "active", "b remains")
    (account.home / "end").touch()
    account.systemctl("stop", "b.service")
    loop.until(lambda: state(account, "a.service") == "failed", "a failed")
    loop.sync()
    assert "failed" == loop.sync_of("a.service")
    assert "stopped-by-hand" == loop.sync_of("b.service")


def test_complete_until_its_content_changes(account: Any, loop: Any) -> None:
    """V11: a service that ended well is not started again until its content changes."""
    account.write("v.yaml", manifest(service("a", saying("one", ":"))))
    loop.start()
    loop.sync()
    loop.kill()
    loop.start()
    assert ["one"] == said(account)
    assert "complete" in loop.unit("a.service")["reason"]
    account.write("v.yaml", manifest(service("a", saying("two", ":"))))
    loop.until(lambda: said(account) == ["one", "two"], "the new content runs")


def test_ended_by_a_clean_signal(account: Any, loop: Any) -> None:
    """V12: `kill` with HUP, INT, TERM or PIPE is a stop by hand."""
    loop.configure(PATIENT)
    numbers = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE]
    units = {number: f"{number.name.lower()}.service" for number in numbers}
    account.write(
        "v.yaml",
        manifest(
            *(
                service(u.removesuffix(".service"), SLEEP, keys={"IgnoreSIGPIPE": "no"})
                for u in units.values()
            )
        ),
    )
    loop.start()
    for number, unit in units.items():
        os.kill(int(account.show(unit, "MainPID")["MainPID"]), number)
    loop.until(lambda: not account.units("active") & {*units.values()}, "all are down")
    loop.sync()
    assert {"stopped-by-hand"} == {loop.sync_of(unit) for unit in units.values()}
