"""What the machine gives, judged by values."""

from dataclasses import replace
from typing import Any

import pytest

from unitward.model.unitstate import SystemdVersion
from unitward.setup.doctor.checks.machine import (
    check_clock,
    check_controllers,
    check_inotify,
    check_namespaces,
    check_systemd,
)
from unitward.setup.doctor.facts import Inotify, Machine
from unitward.setup.doctor.finding import Level
from unitward.systemd.vitals import Vitals

UID = 1000


@pytest.mark.parametrize(
    ("version", "level", "said"),
    [
        (0, Level.WARNING, "cannot be told"),
        (248, Level.ERROR, "needs 249"),
        (249, Level.INFO, "ExecSearchPath="),
        (252, Level.OK, "UpheldBy="),
        (255, Level.INFO, "tested with 252 and 257"),
        (257, Level.OK, "257"),
        (261, Level.INFO, "tested with"),
    ],
)
def test_versions(machine: Machine, only: Any, version: int, level: Level, said: str) -> None:
    """Too old is an error, untested is told, and what an old one lacks is named."""
    finding = only(check_systemd(replace(machine, installed_version=version), None, {}))

    assert level is finding.level
    assert said in finding.found


def test_the_manager_s_version_counts(machine: Machine, vitals: Vitals) -> None:
    """After an upgrade of systemd the old manager still runs: its version is judged."""
    old = replace(vitals, version=SystemdVersion(252, "252.39"))

    of_version, pending = check_systemd(machine, old, {})

    assert "252" in of_version.found
    assert (Level.INFO, ("systemctl --user daemon-reexec",)) == (pending.level, pending.mend)


def test_unsupported_units_are_named(machine: Machine, vitals: Vitals) -> None:
    """A unit that needs a newer systemd is a warning."""
    reason = "needs systemd 260, this is systemd 257"

    _, finding = check_systemd(machine, vitals, {"new.service": reason})

    assert Level.WARNING is finding.level
    assert f"new.service is left out: it {reason}" == finding.found


def test_a_full_run(machine: Machine, vitals: Vitals) -> None:
    """Up to 257 systemd loads no unit files with too little room in /run; 258 does."""
    full = replace(machine, run_free=1 << 20)
    newer = replace(vitals, version=SystemdVersion(258, "258"))

    assert Level.ERROR is check_systemd(full, vitals, {})[-1].level
    assert {Level.INFO} == {f.level for f in check_systemd(full, newer, {})}


def test_inotify_that_suffices(inotify: Inotify, only: Any) -> None:
    """Room for every folder is well; few instances left are told."""
    assert Level.OK is only(check_inotify(inotify, 20, daemon_runs=False)).level

    tight = replace(inotify, instances=126)
    assert Level.INFO is only(check_inotify(tight, 20, daemon_runs=False)).level


def test_too_few_watches(inotify: Inotify, only: Any) -> None:
    """A folder that cannot be watched whole is a warning that names the limit to raise."""
    full = replace(inotify, watches=995)

    finding = only(check_inotify(full, 20, daemon_runs=False))

    assert Level.WARNING is finding.level
    assert "only 5 more" in finding.found
    assert "fs.inotify.max_user_watches=2048" in finding.mend[0]
    assert Level.OK is only(check_inotify(full, 20, daemon_runs=True)).level


def test_no_instance_left(inotify: Inotify, only: Any) -> None:
    """Other programs may hold every instance."""
    finding = only(check_inotify(replace(inotify, instances=128), 20, daemon_runs=False))

    assert Level.WARNING is finding.level
    assert "max_user_instances" in finding.mend[0]


def test_clock_by_the_kernel(machine: Machine, vitals: Vitals, only: Any) -> None:
    """Synchronized is well; not, or not known, is told."""
    assert Level.OK is only(check_clock(machine, vitals, 0)).level
    for known in (False, None):
        unsure = replace(machine, clock_synchronized=known)
        assert Level.INFO is only(check_clock(unsure, vitals, 0)).level


@pytest.mark.parametrize(
    ("behind", "level"), [(5, Level.OK), (3600, Level.WARNING), (90_000, Level.ERROR)]
)
def test_clock_behind_the_ledger(machine: Machine, only: Any, behind: float, level: Level) -> None:
    """A clock before what was recorded is wrong; by a day or more, nothing can be timed."""
    finding = only(check_clock(machine, None, machine.now + behind))

    assert level is finding.level


def test_clock_that_jumped(machine: Machine, vitals: Vitals, only: Any) -> None:
    """A clock that was set shows against the time since the manager started; sleep does not."""
    back = only(check_clock(replace(machine, now=machine.now - 3600), vitals, 0))
    assert Level.WARNING is back.level
    assert "set back by 1 hour" in back.found

    forward = replace(machine, now=machine.now + 3600)
    assert Level.INFO is only(check_clock(forward, vitals, 0)).level

    slept = replace(forward, boottime=machine.boottime + 3600)
    assert Level.OK is only(check_clock(slept, vitals, 0)).level


def test_controllers(only: Any) -> None:
    """A controller that is not there matters where a unit asks for it."""
    some = frozenset({"memory", "pids"})
    all_four = frozenset({"cpu", "io", "memory", "pids"})

    assert Level.OK is only(check_controllers(all_four, {}, UID)).level
    assert Level.INFO is only(check_controllers(None, {}, UID)).level
    assert "cpu and io" in only(check_controllers(some, {}, UID)).found
    assert Level.INFO is only(check_controllers(some, {"memory": ("a.service",)}, UID)).level

    asked = only(check_controllers(some, {"io": ("a.service",), "cpu": ("b.service",)}, UID))
    assert Level.WARNING is asked.level
    assert "may not use cpu and io" in asked.found
    assert "a.service and b.service ask" in asked.found
    assert "Delegate=" in asked.mend[1]


def test_a_controller_that_is_rarely_used(only: Any) -> None:
    """One that nobody is promised is missed when a unit asks for it."""
    all_four = frozenset({"cpu", "io", "memory", "pids"})

    finding = only(check_controllers(all_four, {"cpuset": ("a.service",)}, UID))

    assert Level.WARNING is finding.level
    assert "cpuset" in finding.found


def test_namespaces(only: Any) -> None:
    """No user namespaces: a warning for units that need them, with the knob that forbids."""
    knob = "kernel.unprivileged_userns_clone=0"

    assert Level.OK is only(check_namespaces("", ("a.service",), UID)).level
    assert Level.OK is only(check_namespaces(knob, ("a.service",), 0)).level
    assert Level.INFO is only(check_namespaces(knob, (), UID)).level

    finding = only(check_namespaces(knob, ("a.service",), UID))
    assert Level.WARNING is finding.level
    assert ("sudo sysctl kernel.unprivileged_userns_clone=1",) == finding.mend
    limit = only(check_namespaces("user.max_user_namespaces=0", ("a.service",), UID))
    assert ("sudo sysctl user.max_user_namespaces=10000",) == limit.mend
    other = only(check_namespaces("unshare failed: Operation not permitted", ("a.service",), UID))
    assert () == other.mend
