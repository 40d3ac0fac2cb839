"""The program in use and the last upgrade, judged by values."""

from dataclasses import replace
from typing import Any

import pytest

from unitward.setup.doctor.checks.program import check_program, check_upgrade
from unitward.setup.doctor.facts import LastUpgrade, Program
from unitward.setup.doctor.finding import Level

NOW = 1_800_000_000.0
DAY = 86400.0
SWITCHING = LastUpgrade("0.2.0", "switching", "upgrade to 0.2.0 waits", NOW - 60, 180.0)
UNDONE = LastUpgrade("0.2.0", "undone", "upgrade to 0.2.0 was undone: no pass", NOW - 60)


def test_a_program_that_runs(program: Program, only: Any) -> None:
    """The version in use is named; one that another tool installed is well too."""
    assert (Level.OK, True) == (
        only(check_program(program)).level,
        "unitward 0.1.0" in only(check_program(program)).found,
    )
    assert Level.OK is only(check_program(replace(program, current=""))).level


def test_a_broken_program_beside_a_whole_one(program: Program, only: Any) -> None:
    """The other version is put in use."""
    finding = only(check_program(replace(program, broken="it is gone", others=("0.0.8", "0.0.9"))))
    assert (Level.ERROR, "it is gone") == (finding.level, finding.found)
    use, restart = finding.mend
    assert f"ln -sfn versions/0.0.9 {program.root}/current" == use
    assert "systemctl --user restart unitward.service" == restart


def test_the_only_program_is_broken(program: Program, only: Any) -> None:
    """It is made again in its place."""
    finding = only(check_program(replace(program, broken="its Python is gone")))
    make, install, restart = finding.mend
    assert f"python3 -m venv --clear {program.root}/versions/0.1.0" == make
    assert install.endswith("/versions/0.1.0/bin/pip install unitward==0.1.0")
    assert restart.startswith("systemctl --user restart")


def test_upgrades_under_way(only: Any) -> None:
    """While it may take its time it is told; when nothing comes of it, warned of."""
    assert Level.OK is only(check_upgrade(None, NOW)).level
    under_way = only(check_upgrade(SWITCHING, NOW))
    assert (Level.INFO, "under way: upgrade to 0.2.0 waits") == (under_way.level, under_way.found)
    assert Level.INFO is only(check_upgrade(SWITCHING, 0.0)).level
    late = only(check_upgrade(SWITCHING, NOW + 600))
    assert Level.WARNING is late.level
    assert "since 11 minutes" in late.found
    preparing = only(check_upgrade(replace(UNDONE, preparing=77), NOW))
    assert (Level.INFO, True) == (preparing.level, "process 77" in preparing.found)
    back = only(check_upgrade(replace(SWITCHING, goes_back=True), NOW))
    assert (Level.INFO, True) == (back.level, back.found.startswith("going back"))


@pytest.mark.parametrize("phase", ["refused", "undone"])
def test_upgrades_that_failed(only: Any, phase: str) -> None:
    """A failure warns for a week, with the command that tries again, and is mentioned later."""
    failed = replace(UNDONE, phase=phase)
    finding = only(check_upgrade(failed, NOW))
    assert (Level.WARNING, failed.told) == (finding.level, finding.found)
    assert finding.mend[0].startswith("unitward upgrade 0.2.0")
    assert Level.INFO is only(check_upgrade(failed, NOW + 8 * DAY)).level


def test_an_upgrade_that_went_well(only: Any) -> None:
    """It is told and nothing has to be done."""
    done = replace(UNDONE, phase="confirmed", told="upgraded from 0.1.0 to 0.2.0")
    finding = only(check_upgrade(done, NOW))
    assert (Level.OK, done.told, ()) == (finding.level, finding.found, finding.mend)
