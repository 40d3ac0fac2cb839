"""Timers whose stamp outlasts a boot."""

from tests.system.harness.machine import Machine
from tests.system.harness.tended import declare, sync, tend

NIGHTLY = """\
version: 1
units:
  nightly.service:
    Service:
      Type: oneshot
      ExecStart: /bin/sh -c 'echo ran >>%h/ran'
  nightly.timer:
    Timer:
      OnCalendar: "*-*-* 03:30:00"
      Persistent: true
    Install:
      WantedBy: timers.target
"""
STAMP = ".local/share/systemd/timers/stamp-nightly.timer"


def test_a_persistent_timer_keeps_its_stamp_and_catches_up(machine: Machine) -> None:
    """A reboot leaves the stamp; a time missed while switched off is made up for once."""
    ada = machine.new_person("ada")
    ada.linger(on=True)
    declare(ada, NIGHTLY)
    tend(ada)
    ada.wait_for(lambda: ada.is_active("nightly.timer"), "the timer waits")
    ada.wait_for(lambda: ada.has(STAMP), "systemd has written the stamp")
    ada.must("touch", "--date=2 minutes ago", STAMP)
    stamp = ada.must("stat", "--format=%Y", STAMP)
    assert not ada.has("ran")

    machine.reboot()
    ada.wait_for(lambda: ada.is_active("nightly.timer"), "the timer is back")
    sync(ada)
    assert stamp == ada.must("stat", "--format=%Y", STAMP)
    assert not ada.has("ran")

    ada.must("touch", "--date=2 days ago", STAMP)
    machine.reboot()
    ada.wait_for(lambda: ada.read("ran") == "ran\n", "the missed run is made up for")
    sync(ada)
    machine.reboot()
    ada.wait_for(lambda: ada.is_active("nightly.timer"), "the timer is back again")
    sync(ada)
    assert "ran\n" == ada.read("ran")
