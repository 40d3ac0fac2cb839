"""The daemon and other installations, judged by values."""

from dataclasses import replace
from typing import Any

import pytest

from unitward.setup.doctor.checks.daemon import (
    OWN_UNIT,
    Work,
    check_daemon,
    check_installations,
)
from unitward.setup.doctor.facts import Installations, LedgerState, Unknown
from unitward.setup.doctor.finding import Finding, Level
from unitward.systemd.vitals import Vitals

NOW = 1_800_000_000.0


@pytest.fixture
def work(ledger: LedgerState) -> Work:
    """Give a daemon that passes every ten minutes."""
    return Work(ledger, NOW, 600.0)


def idle(work: Work, **changes: Any) -> Work:
    """Return the same without a daemon."""
    assert work.ledger is not None
    return replace(work, ledger=replace(work.ledger, holder=None, **changes))


def judged(vitals: Vitals, work: Work, **changes: Any) -> list[Finding]:
    """Return what is said with some properties of the own unit changed."""
    own = replace(vitals.details[OWN_UNIT], **changes)
    return check_daemon(replace(vitals, details={OWN_UNIT: own}), work)


def test_a_daemon_at_work(vitals: Vitals, work: Work, only: Any) -> None:
    """Its process and its last pass are told."""
    finding = only(check_daemon(vitals, work))

    assert (Level.OK, "runs as process 77, last pass 1 minute ago") == (
        finding.level,
        finding.found,
    )


def test_before_the_first_pass(vitals: Vitals, only: Any) -> None:
    """A daemon without a ledger yet is well, once it holds the lock."""
    ledger = LedgerState("/l", exists=False, holder=(77, "the daemon"))

    assert Level.OK is only(check_daemon(vitals, Work(ledger, NOW, 600.0))).level


def test_not_installed(vitals: Vitals, work: Work, only: Any) -> None:
    """Not installed is told; a warning where units are managed or a lone process runs."""
    lost: dict[str, Any] = {"load_state": "not-found", "active_state": "inactive"}

    assert Level.INFO is only(judged(vitals, idle(work, managed=0), **lost)).level
    assert Level.WARNING is only(judged(vitals, idle(work), **lost)).level
    alone = only(judged(vitals, work, **lost))
    assert Level.WARNING is alone.level
    assert "process 77" in alone.found
    nothing = only(check_daemon(replace(vitals, details={}), Work(None, NOW, 0.0)))
    assert (Level.INFO, ("unitward install",)) == (nothing.level, nothing.mend)


@pytest.mark.parametrize(
    ("changes", "level", "mend"),
    [
        ({"load_state": "masked"}, Level.WARNING, "systemctl --user unmask unitward.service"),
        ({"load_state": "bad-setting"}, Level.ERROR, "unitward install"),
        ({"unit_file_state": "disabled"}, Level.WARNING, f"systemctl --user enable {OWN_UNIT}"),
        ({"active_state": "failed"}, Level.ERROR, f"unitward logs -n 30 {OWN_UNIT}"),
        ({"active_state": "inactive"}, Level.WARNING, f"systemctl --user start {OWN_UNIT}"),
        ({"active_state": "activating"}, Level.WARNING, f"unitward logs -n 30 {OWN_UNIT}"),
        ({"main_pid": 78}, Level.WARNING, f"unitward logs -n 30 {OWN_UNIT}"),
        ({"need_daemon_reload": True}, Level.INFO, "systemctl --user daemon-reload"),
    ],
)
def test_states_of_the_unit(
    vitals: Vitals,
    work: Work,
    only: Any,
    changes: dict[str, Any],
    level: Level,
    mend: str,
) -> None:
    """Each state of unitward.service that is not well has its level and its first command."""
    finding = only(judged(vitals, work, **changes))

    assert (level, mend) == (finding.level, finding.mend[0])


def test_a_command_that_holds_the_lock(vitals: Vitals, work: Work, only: Any) -> None:
    """A daemon that waits for `unitward apply` is well."""
    assert work.ledger is not None
    busy = replace(work, ledger=replace(work.ledger, holder=(99, "unitward apply")))

    assert Level.OK is only(check_daemon(vitals, busy)).level


def test_a_daemon_that_sleeps(vitals: Vitals, work: Work, only: Any) -> None:
    """A pass that is long due is a warning."""
    finding = only(check_daemon(vitals, replace(work, now=NOW + 7200)))

    assert Level.WARNING is finding.level
    assert "2 hours ago" in finding.found
    assert "10 minutes" in finding.found


def test_units_in_trouble(vitals: Vitals, work: Work, only: Any) -> None:
    """Units with a problem are named, and left to `unitward status`."""
    assert work.ledger is not None
    ledger = replace(work.ledger, unhappy=("a.service",))

    finding = only(check_daemon(vitals, replace(work, ledger=ledger)))

    assert (Level.INFO, ("unitward status",)) == (finding.level, finding.mend)


def test_without_a_manager(work: Work, only: Any) -> None:
    """What a manager would have to tell is not guessed."""
    unknown = Unknown("no manager")

    assert Level.INFO is only(check_daemon(unknown, idle(work))).level
    assert Level.OK is only(check_daemon(unknown, work)).level


def test_installations(installations: Installations, only: Any) -> None:
    """Marks of others are a warning; a hidden unit file or another Python is told."""
    assert Level.OK is only(check_installations(installations)).level

    strangers = replace(installations, strangers={"other-1": ("a.service",)})
    finding = only(check_installations(strangers))
    assert Level.WARNING is finding.level
    assert finding.found.startswith("a.service in the unit folder bears the mark")

    two = replace(installations, fragments=("/home/u.service", "/etc/u.service"))
    assert "/home/u.service hides /etc/u.service" == only(check_installations(two)).found
    same = replace(installations, running="/new/bin/python3", here="/new/bin/python")
    assert Level.OK is only(check_installations(same)).level
    other = replace(same, running="/old/bin/python")
    assert Level.INFO is only(check_installations(other)).level
