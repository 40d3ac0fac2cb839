"""What a declared unit wants to be (docs/semantics.md, W)."""

import os
import threading
from typing import Any

from tests.integration.semantics.declare import manifest, saying, service
from tests.integration.semantics.scene import said, state


def test_state_is_obeyed(account: Any, loop: Any) -> None:
    """W1: `state:` decides alone, whatever installs the unit or does not."""
    account.write(
        "w.yaml",
        manifest(
            service("up", own={"state": "running"}, wanted_by=""),
            service("down", own={"state": "stopped"}),
            service("free", own={"state": "any"}),
        ),
    )
    loop.start()
    assert ["active", "inactive", "inactive"] == [
        state(account, f"{name}.service") for name in ("up", "down", "free")
    ]
    account.systemctl("start", "down.service", "free.service")
    before = loop.invocation("free.service")
    loop.until(lambda: not loop.is_active("down.service"), "it is stopped again")
    loop.sync()
    assert loop.is_active("free.service")
    assert before == loop.invocation("free.service")


def test_refused_manual_start(account: Any, loop: Any) -> None:
    """W2: a unit that nobody may start by hand is neither started nor stopped."""
    account.write(
        "w.yaml",
        manifest(
            service("shy", unit={"RefuseManualStart": "yes"}),
            service("puller", unit={"Wants": "shy.service"}, own={"state": "any"}, wanted_by=""),
        ),
    )
    loop.start()
    loop.sync()
    assert "in-sync" == loop.sync_of("shy.service")
    assert "RefuseManualStart" in loop.unit("shy.service")["reason"]
    assert "inactive" == state(account, "shy.service")
    account.systemctl("start", "puller.service")
    before = loop.invocation("shy.service")
    loop.sync()
    assert loop.is_active("shy.service")
    assert before == loop.invocation("shy.service")


def is_held_up(account: Any) -> bool:
    """Tell whether the manager answers and boots no further than slow.service."""
    asked = account.run("systemctl", "--user", "is-active", "slow.service", "dbus.socket")
    bus = "active" if account.has_bus else "inactive"
    return bool(asked.stdout.split() == ["activating", bus])


def test_target_on_its_way_up(account: Any, loop: Any) -> None:
    """W3: during boot, while default.target waits for others, what it pulls in is started."""
    os.mkfifo(account.home / "gate")
    (account.unit_dir / "slow.service").write_text(
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'read x < %h/gate'\n"
        "[Install]\nWantedBy=default.target\n"
    )
    account.systemctl("enable", "slow.service")
    account.write("a.yaml", manifest(service("a")))
    account.kill_manager()
    boot = threading.Thread(target=account.start_manager)
    boot.start()
    try:
        account.wait_for(lambda: is_held_up(account), "the boot hangs in slow.service")
        loop.start()
        loop.until(lambda: loop.is_active("a.service"), "it runs")
        assert "inactive" == state(account, "default.target")
        before = loop.invocation("a.service")
    finally:
        (account.home / "gate").write_text("go\n")
        boot.join()
    assert loop.is_active("default.target")
    loop.sync()
    assert before == loop.invocation("a.service")


def test_target_that_this_pass_starts(account: Any, loop: Any) -> None:
    """W3: what a declared target pulls in runs in the pass that starts the target."""
    account.write(
        "t.yaml",
        manifest(
            "  site.target:\n    Unit: {Description: Site}\n"
            "    Install: {WantedBy: default.target}\n",
            service("a", wanted_by="site.target"),
        ),
    )
    loop.start()
    assert loop.is_active("site.target")
    assert loop.is_active("a.service")


def test_oneshots_run_once_for_their_content(account: Any, loop: Any) -> None:
    """W4: a oneshot runs once for its content; with RemainAfterExit= it is kept active."""

    def text(word: str, description: str) -> str:
        unit = {"Description": description}
        return manifest(
            service("job", saying(word, ":"), unit=unit, keys={"Type": "oneshot"}),
            service(
                "stay", saying("stay", ":"), keys={"Type": "oneshot", "RemainAfterExit": "yes"}
            ),
        )

    account.write("w.yaml", text("one", "First"))
    loop.start()
    loop.sync()
    assert ["one", "stay"] == sorted(said(account))
    assert ["inactive", "active"] == [state(account, f"{n}.service") for n in ("job", "stay")]
    account.write("w.yaml", text("one", "Second"))
    loop.sync()
    assert ["one", "stay"] == sorted(said(account))
    account.write("w.yaml", text("two", "Second"))
    loop.until(lambda: said(account)[2:] == ["two"], "the new content runs")
    account.systemctl("stop", "stay.service")
    loop.until(lambda: loop.is_active("stay.service"), "it is active again")
    assert ["two", "stay"] == said(account)[2:]


def test_target_that_is_not_active(account: Any, loop: Any) -> None:
    """W5: a unit waits for its target, is not stopped without it, and goes down with it."""
    (account.unit_dir / "stage.target").write_text("[Unit]\nDescription=Stage\n")
    account.write(
        "w.yaml",
        manifest(
            service("a", unit={"PartOf": "stage.target"}, wanted_by="stage.target"),
            service("b", wanted_by="graphical-session.target"),
        ),
    )
    loop.start()
    assert "waits for stage.target" == loop.unit("a.service")["reason"]
    assert "waits for graphical-session.target" == loop.unit("b.service")["reason"]
    assert ["inactive"] * 2 == [state(account, f"{name}.service") for name in "ab"]

    account.systemctl("start", "b.service")
    before = loop.invocation("b.service")
    account.systemctl("start", "stage.target")
    loop.sync()
    assert loop.is_active("a.service")
    account.systemctl("stop", "stage.target")
    loop.until(lambda: not loop.is_active("a.service"), "it goes down with its target")
    loop.sync()
    assert "waiting" == loop.sync_of("a.service")
    assert "inactive" == state(account, "a.service")
    assert before == loop.invocation("b.service")
    assert loop.is_active("b.service")


def test_nothing_installs_it(account: Any, loop: Any) -> None:
    """W6: what nothing installs is not started; status says so, or names what starts it."""
    account.write(
        "w.yaml",
        manifest(
            service("alone", saying("alone"), wanted_by=""),
            service("timed", saying("timed"), own={"schedule": "{OnActiveSec: 1h}"}, wanted_by=""),
        ),
    )
    loop.start()
    loop.sync()
    assert "installed, nothing starts it" == loop.unit("alone.service")["reason"]
    assert "started by timed.timer" == loop.unit("timed.service")["reason"]
    assert loop.is_active("timed.timer")
    assert [] == said(account)


def test_timer_that_does_not_remain(account: Any, loop: Any) -> None:
    """W7: a timer that elapsed and does not remain is not armed again, by no later daemon."""
    own = {"schedule": "{OnActiveSec: 50ms, AccuracySec: 1ms, RemainAfterElapse: no}"}
    keys = {"Type": "oneshot"}
    account.write(
        "w.yaml",
        manifest(service("once", saying("once", ":"), keys=keys, own=own, wanted_by="")),
    )
    loop.start()
    loop.until(lambda: said(account) == ["once"], "it elapsed")
    loop.until(lambda: state(account, "once.timer") == "inactive", "the timer went")
    loop.sync()
    loop.kill()
    loop.start()
    loop.sync()
    assert "in-sync" == loop.sync_of("once.timer")
    assert "inactive" == state(account, "once.timer")
    assert ["once"] == said(account)


def test_policy_for_a_unit_that_does_not_exist(account: Any, loop: Any) -> None:
    """W8: policy for a unit that is not here is no failure, and holds once the unit appears."""
    account.write("w.yaml", "version: 1\nunits:\n  later.service: {state: running}\n")
    loop.start()
    assert "absent" == loop.sync_of("later.service")
    assert 0 == account.run("unitward", "status", "--detailed-exitcode").returncode
    (account.unit_dir / "later.service").write_text("[Service]\nExecStart=/bin/sleep infinity\n")
    loop.sync()
    assert loop.is_active("later.service")
