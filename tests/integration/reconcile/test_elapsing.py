"""What a changed timer will do at the reload is said before, and is what happens (C8)."""

import time
from typing import Any

MANIFEST = """\
version: 1
units:
  tick.timer:
    Timer: {{OnCalendar: "{times}", AccuracySec: 1ms}}
    Install: {{WantedBy: default.target}}
  tick.service:
    Service: {{Type: oneshot, ExecStart: "/bin/sh -c 'echo tick >> %h/ticks'"}}
"""
FAR = "2199-01-01"


def _a_time_that_just_passed(account: Any) -> str:
    """Return a calendar expression of a moment after this call began and before it ends."""
    moment = time.time() + 2
    account.wait_for(lambda: time.time() > moment + 1, "the moment is past")
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))


def test_a_time_that_is_due_is_named_and_runs(account: Any) -> None:
    """C8: moved between its start and now, the timer runs at the reload, as the plan said."""
    account.write("tick.yaml", MANIFEST.format(times=FAR))
    assert 0 == account.run("unitward", "apply").returncode
    past = _a_time_that_just_passed(account)
    account.write("tick.yaml", MANIFEST.format(times=past))

    notes = [n for n in account.run("unitward", "plan").stdout.splitlines() if "note:" in n]

    assert 1 == len(notes)
    assert f"tick.timer may run now: OnCalendar={past} at " in notes[0]
    assert not (account.home / "ticks").exists()
    account.run("unitward", "apply")
    account.wait_for((account.home / "ticks").exists, "the timer ran at the reload")


def test_a_time_that_is_not_due_is_not_told_and_does_not_run(account: Any) -> None:
    """C8: from one far time to another, nothing runs and nothing is said."""
    account.write("tick.yaml", MANIFEST.format(times=FAR))
    assert 0 == account.run("unitward", "apply").returncode
    account.write("tick.yaml", MANIFEST.format(times="2198-01-01"))
    assert "may run now" not in account.run("unitward", "plan").stdout
    account.run("unitward", "apply")
    shown = account.show("tick.timer", "SubState", "LastTriggerUSecMonotonic")
    assert "waiting" == shown["SubState"]
    assert {"", "0"} >= {shown.get("LastTriggerUSecMonotonic", "")}
    assert not (account.home / "ticks").exists()
