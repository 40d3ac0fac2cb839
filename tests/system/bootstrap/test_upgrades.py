"""Upgrades of a bootstrapped account: whatever happens, a working unitward is there at the end."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.integration.setup.upgrade.sabotage import SABOTAGES
from tests.integration.setup.upgrade.wheels import pack_unitward
from tests.system.harness.bootstrapped import FROM_WHEELS, WORKER, new_account, wait_until_done
from tests.system.harness.debian import Debian
from tests.system.harness.machine import Machine
from tests.system.harness.person import Person
from tests.system.harness.tended import UNITS
from tests.system.harness.wheels import fill_wheel_folder, pinned

NEXT = "99.0"
PROGRAM = ".local/share/unitward/current/bin/unitward"
_ROOM_KB = 3000
IMPATIENT = f"{UNITS}/unitward.service.d/impatient.conf"


@pytest.fixture
def ada(machine: Machine) -> Person:
    """Give an account in which the bootstrap is over and the worker runs."""
    person = new_account(machine, FROM_WHEELS, WORKER)
    wait_until_done(person, "worker.service")
    return person


@pytest.fixture
def offer(ada: Person, debian: Debian, tmp_path: Path) -> Callable[..., None]:
    """Give what puts wheels of the next version, whole or sabotaged, into /srv/next."""

    def put(sabotage: Mapping[str, str] | None = None) -> None:
        folder = tmp_path / "next"
        fill_wheel_folder(folder, debian, pack_unitward(tmp_path, NEXT, sabotage))
        (folder / "requirements.txt").write_text(pinned(folder), encoding="ascii")
        ada.machine.copy_in(folder, "/srv/next")

    return put


def in_use(person: Person) -> str:
    """Return the version that `current` names."""
    return person.read_link(".local/share/unitward/current").removeprefix("versions/")


def runs(person: Person, version: str) -> bool:
    """Tell whether the daemon is up and works from a version's environment."""
    pid = person.main_pid("unitward.service")
    command = person.run("cat", f"/proc/{pid}/cmdline").stdout
    return f"/versions/{version}/" in command and person.is_active("unitward.service")


def begin_upgrade(person: Person) -> None:
    """Start an upgrade to the next version, which has a few seconds for its first pass."""
    person.systemctl("set-environment", "UNITWARD_UPGRADE_SECONDS=5")
    asked = ("upgrade", NEXT, "--yes", "--from=/srv/next")
    person.must("systemd-run", "--user", "--unit=upgrading", f"{person.home}/{PROGRAM}", *asked)


def assert_works(person: Person, version: str) -> None:
    """Check that a version runs, keeps the worker up, and applies what is declared."""
    person.wait_for(lambda: runs(person, version), f"unitward {version} runs")
    person.wait_for(lambda: person.is_active("worker.service"), "the worker runs")
    person.must(f"{person.home}/{PROGRAM}", "sync")
    assert version == in_use(person)


def test_an_upgrade_is_there_after_a_reboot(ada: Person, offer: Callable[..., None]) -> None:
    """The new version takes over without touching a unit, and it is the one that boots."""
    offer()
    worker = ada.main_pid("worker.service")

    ada.must(PROGRAM, "upgrade", NEXT, "--yes", "--from=/srv/next")
    assert_works(ada, NEXT)
    assert worker == ada.main_pid("worker.service")

    ada.machine.reboot()
    assert_works(ada, NEXT)


@pytest.mark.parametrize("sabotage", SABOTAGES.values(), ids=SABOTAGES)
def test_a_version_that_fails_is_undone(
    ada: Person, offer: Callable[..., None], sabotage: Mapping[str, str]
) -> None:
    """The old version is back by itself, and it is the one that boots."""
    # A process that hangs does not hear that it is to stop.
    ada.write(IMPATIENT, "[Service]\nTimeoutStopSec=1\n")
    ada.systemctl("daemon-reload")
    offer(sabotage)
    old, worker = in_use(ada), ada.main_pid("worker.service")

    begin_upgrade(ada)
    ada.machine.wait_for(
        lambda: "was undone" in ada.said("upgrading.service"), "it is undone", limit=120
    )
    assert_works(ada, old)
    assert worker == ada.main_pid("worker.service")

    ada.machine.reboot()
    assert_works(ada, old)


def test_a_power_cut_behind_the_switch_to_a_version_that_fails(
    ada: Person, offer: Callable[..., None]
) -> None:
    """The boot begins with the new version; as it makes no pass, the old one comes back."""
    offer(SABOTAGES["crash-after-ready"])
    old = in_use(ada)

    begin_upgrade(ada)
    ada.machine.wait_for(lambda: in_use(ada) == NEXT, "the switch is made", limit=120)
    ada.machine.power_cut_and_boot()

    ada.machine.wait_for(lambda: in_use(ada) == old, "it is undone", limit=120)
    assert_works(ada, old)


def test_a_power_cut_while_the_next_version_is_installed(
    ada: Person, offer: Callable[..., None]
) -> None:
    """The old version boots; the same upgrade, asked for again, goes through."""
    offer()
    old = in_use(ada)
    versions = f".local/share/unitward/versions/{NEXT}"

    begin_upgrade(ada)
    ada.wait_for(lambda: ada.has(versions), "the environment is being made")
    ada.machine.power_cut_and_boot()

    assert_works(ada, old)
    ada.must(PROGRAM, "upgrade", NEXT, "--yes", "--from=/srv/next")
    assert_works(ada, NEXT)


def test_a_full_disk(ada: Person, offer: Callable[..., None]) -> None:
    """What cannot be installed whole is refused and removed; with room it goes through."""
    offer()
    old, worker = in_use(ada), ada.main_pid("worker.service")
    local = f"{ada.home}/.local"
    ada.systemctl("stop", "unitward.service")
    kilobytes = int(ada.must("du", "--summarize", "--block-size=1K", local).split()[0])
    ada.machine.must("cp", "--archive", local, "/srv/local")
    size = f"size={kilobytes + _ROOM_KB}k"
    ada.machine.must("mount", "-t", "tmpfs", "-o", size, "tmpfs", local)
    ada.machine.must("cp", "--archive", "--no-target-directory", "/srv/local", local)
    ada.systemctl("start", "unitward.service")

    refused = ada.run(PROGRAM, "upgrade", NEXT, "--yes", "--from=/srv/next")
    assert 1 == refused.returncode
    assert f"upgrade to {NEXT} was refused" in refused.stderr
    assert "No space left on device" in refused.stderr
    assert not ada.has(f".local/share/unitward/versions/{NEXT}")
    assert_works(ada, old)

    ada.machine.must("mount", "-o", "remount,size=1g", local)
    ada.must(PROGRAM, "upgrade", NEXT, "--yes", "--from=/srv/next")
    assert_works(ada, NEXT)
    assert worker == ada.main_pid("worker.service")
