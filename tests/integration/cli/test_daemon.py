"""`status`, `sync` and `approve` beside a running daemon."""

import signal
import sqlite3
import time
from typing import Any


def test_sync_waits_for_the_pass(account: Any, daemon: Any, api: str) -> None:
    """When sync returns, what was declared before it is running."""
    assert daemon.poll() is None
    account.write("api.yaml", api)
    ended = account.run("unitward", "sync")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert {"ActiveState": "active"} == account.show("api.service", "ActiveState")
    assert ended.stdout.splitlines()[-1].endswith(": 1 in sync.")


def test_sync_shows_problems_and_is_not_converged(account: Any, daemon: Any, api: str) -> None:
    """An invalid unit is told with its line, and the exit code is 3."""
    assert daemon.poll() is None
    account.write("api.yaml", api.replace("ExecStart", "ExecStrat"))
    ended = account.run("unitward", "sync")
    assert 3 == ended.returncode
    assert "api.yaml:5:15: error:" in ended.stderr
    assert "invalid" in ended.stdout


def test_sync_without_a_daemon_names_the_alternatives(account: Any) -> None:
    """Without a daemon sync fails and says what to use instead; no ledger appears."""
    ended = account.run("unitward", "sync")
    assert (1, "") == (ended.returncode, ended.stdout)
    assert "unitward apply" in ended.stderr
    assert not (account.state_home / "unitward/ledger.sqlite").exists()


def test_sync_notices_that_the_daemon_ended(account: Any, daemon: Any) -> None:
    """A daemon that dies while sync waits is an error at once, not a timeout."""
    daemon.send_signal(signal.SIGSTOP)
    waiting = account.spawn("unitward", "sync", "--timeout", "50")
    ledger = account.state_home / "unitward/ledger.sqlite-wal"
    size = ledger.stat().st_size
    account.wait_for(lambda: ledger.stat().st_size != size, "sync has asked")
    daemon.kill()
    said, _ = waiting.communicate(timeout=20)
    assert 1 == waiting.returncode
    assert "the daemon ended before it made the pass" in said


def test_sync_gives_up_in_time(account: Any, daemon: Any) -> None:
    """A daemon that does not answer is told after the timeout."""
    daemon.send_signal(signal.SIGSTOP)
    ended = account.run("unitward", "sync", "--timeout", "0.3")
    assert 1 == ended.returncode
    assert "within 0.3 s" in ended.stderr


def test_status_is_the_same_with_and_without_the_daemon(
    account: Any, daemon: Any, document: Any, api: str
) -> None:
    """Both ways give the same document of units; only the daemon's has its process id."""
    account.write("api.yaml", api)
    account.run("unitward", "sync")
    with_daemon = document(account.run("unitward", "status", "-o", "json"))
    daemon.terminate()
    assert 0 == daemon.wait(20)
    without = document(account.run("unitward", "status", "-o", "json"))

    assert (daemon.pid, 0) == (with_daemon["daemon"], without["daemon"])
    assert with_daemon["finished_at"] == without["finished_at"] > 0
    for unit in (*with_daemon["units"], *without["units"]):
        del unit["reason"]
    assert with_daemon["units"] == without["units"]
    assert ["api.service"] == [unit["name"] for unit in without["units"]]


def test_status_shows_the_state_of_now(account: Any, daemon: Any, document: Any, api: str) -> None:
    """The daemon's report is shown with the states that the manager gives at this moment."""
    account.write("api.yaml", api)
    account.run("unitward", "sync")
    daemon.send_signal(signal.SIGSTOP)
    account.systemctl("stop", "api.service")
    (unit,) = document(account.run("unitward", "status", "-o", "json"))["units"]
    assert ("inactive", "dead") == (unit["active"], unit["sub"])


def test_status_of_one_unit(account: Any, document: Any, api: str) -> None:
    """A unit can be named, with or without its suffix; another is 4 and hidden."""
    account.write("api.yaml", api)
    account.write("other.yaml", api.replace("api", "other").replace("ExecStart", "ExecStrat"))
    account.run("unitward", "apply")
    text = account.run("unitward", "status", "api")
    assert (0, "") == (text.returncode, text.stderr)
    assert text.stdout.startswith("api.service\n  sync:    in-sync: pulled in by default.target\n")
    assert "  source:  api.yaml:3\n" in text.stdout
    assert "other" not in text.stdout
    (unit,) = document(account.run("unitward", "status", "api", "-o", "json"))["units"]
    assert ("api.service", True) == (unit["name"], unit["enabled"])
    ended = account.run("unitward", "status", "nope")
    assert (4, "") == (ended.returncode, ended.stdout)
    assert "nope.service: neither declared nor managed" in ended.stderr


def test_a_verdict_that_ends_says_when(account: Any, document: Any, api: str) -> None:
    """A unit stopped by hand says how long it is left alone, counted when it is printed."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    account.systemctl("stop", "api.service")
    ended = account.run("unitward", "status", "-o", "json")
    (unit,) = document(ended)["units"]
    assert "stopped-by-hand" == unit["sync"]
    assert unit["until"] > 0
    assert "(in 4 min " in account.run("unitward", "status").stdout


def test_only_a_held_plan_can_be_approved(account: Any, api: str) -> None:
    """A digest that nothing waits for is refused, and no ledger appears for it."""
    account.write("api.yaml", api)
    ended = account.run("unitward", "approve", "0123456789abcdef")
    assert 1 == ended.returncode
    assert "nothing is held now" in ended.stderr
    assert not (account.state_home / "unitward/ledger.sqlite").exists()


def test_an_approved_plan_passes(account: Any, document: Any, api: str) -> None:
    """What is held names a digest; approved, the same plan is carried out."""
    config = account.home / ".config/unitward/config.yaml"
    config.write_text("max_restarts: 1\n")
    names = ("api", "two", "six")
    for name in names:
        account.write(f"{name}.yaml", api.replace("api", name))
    assert 0 == account.run("unitward", "apply").returncode
    for name in names:
        account.write(f"{name}.yaml", api.replace("api", name).replace("infinity", "1000"))

    held = document(account.run("unitward", "plan", "-o", "json"))["held"]
    assert ["api.service", "six.service", "two.service"] == sorted(held[0]["units"])
    assert 3 == account.run("unitward", "apply").returncode
    (waiting,) = document(account.run("unitward", "plan", "-o", "json"))["held"]
    ended = account.run("unitward", "approve", waiting["digest"])
    assert 0 == ended.returncode, ended.stderr
    assert 0 == account.run("unitward", "apply").returncode
    for name in names:
        assert "1000" in account.show(f"{name}.service", "ExecStart")["ExecStart"]


def test_status_says_that_the_daemons_passes_fail(
    account: Any, daemon: Any, document: Any, api: str
) -> None:
    """With the ledger locked by others: since when and why, until a pass ends well again."""
    account.write("api.yaml", api)
    account.run("unitward", "sync")

    def failing() -> Any:
        return document(account.run("unitward", "status", "-o", "json"))["failing"]

    assert failing() is None
    ledger = sqlite3.connect(account.state_home / "unitward/ledger.sqlite", isolation_level=None)
    ledger.execute("BEGIN IMMEDIATE")
    account.write("api.yaml", api.replace("infinity", "1000"))
    account.wait_for(failing, "status says that passes fail", limit=60)
    found = failing()
    assert "the ledger cannot be" in found["reason"]
    assert "locked" in found["reason"]
    ended = account.run("unitward", "status", "--detailed-exitcode")
    assert 3 == ended.returncode
    assert "the daemon's passes fail since " in ended.stdout
    assert found["reason"] in ended.stdout
    since = found["since"]
    daemon.send_signal(signal.SIGHUP)
    account.wait_for(lambda: account.show("api.service", "ActiveState"), "the manager answers")
    assert since == failing()["since"]

    ledger.execute("ROLLBACK")
    ledger.close()
    daemon.send_signal(signal.SIGHUP)
    account.wait_for(lambda: failing() is None, "a pass ended well", limit=60)
    daemon.kill()
    daemon.wait()
    assert failing() is None


def test_sync_ends_when_its_pass_fails(account: Any, daemon: Any, api: str) -> None:
    """With the unit folder unreadable: sync ends at once and says why, and works once mended."""
    account.write("api.yaml", api)
    assert 0 == account.run("unitward", "sync").returncode
    account.unit_dir.chmod(0)
    try:
        begun = time.monotonic()
        ended = account.run("unitward", "sync", "--timeout", "50")
        took = time.monotonic() - begun
        again = account.run("unitward", "sync", "--timeout", "50")
    finally:
        account.unit_dir.chmod(0o755)
    for tried in (ended, again):
        assert 1 == tried.returncode
        assert f"the pass was given up: {account.unit_dir}" in tried.stderr
        assert "give your account read access to its unit folder" in tried.stderr
    assert took < 25
    assert daemon.poll() is None
    assert 0 == account.run("unitward", "sync").returncode


def test_a_daemon_that_is_gone_is_not_said_to_fail(account: Any, daemon: Any, api: str) -> None:
    """What a killed daemon said of its passes does not count for the account any more."""
    account.write("api.yaml", api)
    account.run("unitward", "sync")
    daemon.kill()
    daemon.wait()
    told = account.runtime_dir / "unitward/given-up.json"
    told.write_text(f'{{"pid": {daemon.pid}, "since": 1, "reason": "x", "hint": ""}}')
    assert "passes fail" not in account.run("unitward", "status").stdout
