"""The machines themselves: what tests stand on."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.system.conftest import Images
from tests.system.harness.debian import Debian
from tests.system.harness.machine import WAIT_LIMIT_S, Machine, machine_of
from tests.system.harness.roots import Image, Root
from tests.system.harness.wheels import PROJECT

from unitward.systemd.sandbox.cgroup import own_slice


def test_a_whole_debian_boots_with_its_own_systemd(debian: Debian, machine: Machine) -> None:
    """A machine is up with nothing failed, and it is the release that was asked for."""
    assert "running" == machine.state
    assert f"systemd {debian.systemd} " in machine.must("systemctl", "--version")
    assert debian.python in machine.must("python3", "--version")
    assert debian.suite in machine.must("cat", "/etc/os-release")


def test_a_machine_reaches_no_network(machine: Machine) -> None:
    """Nothing but loopback is there, so what works inside works offline."""
    assert ["lo"] == machine.must("ls", "/sys/class/net").split()


def test_each_machine_is_another_one(new_machine: Callable[..., Machine]) -> None:
    """Two machines of one image share neither machine id nor files."""
    first, second = new_machine(), new_machine()
    first.put("/etc/only-here", "x")
    first.boot()
    second.boot()
    ids = {each.must("cat", "/etc/machine-id") for each in (first, second)}
    assert 2 == len(ids)
    assert 0 != second.run("stat", "/etc/only-here").returncode


def test_disks_outlast_a_reboot_and_a_power_cut_and_processes_do_not(machine: Machine) -> None:
    """A file stays; what ran, and what lay in /run, is gone; each boot is a new one."""
    machine.put("/etc/kept", "x")
    for off_and_on in (machine.reboot, machine.power_cut_and_boot):
        booted = machine.must("systemctl", "show", "--property=UserspaceTimestampMonotonic")
        machine.must("systemd-run", "--unit=sleeper", "sleep", "infinity")
        off_and_on()
        assert booted != machine.must("systemctl", "show", "--property=UserspaceTimestampMonotonic")
        assert "x" == machine.must("cat", "/etc/kept")
        assert 0 != machine.run("systemctl", "is-active", "sleeper.service").returncode


def test_a_login_is_one_to_logind(machine: Machine) -> None:
    """A session is a person's, has a runtime folder and a manager, and ends with the logout."""
    machine.let_managers_go_at_once()
    ada = machine.new_person("ada")
    assert not ada.has_session()
    session = ada.login()
    shown = machine.must("loginctl", "show-user", "ada", "--property=State", "--property=Linger")
    assert {"State=active", "Linger=no"} <= set(shown.split())
    assert ada.has("/run/user/1000/bus")
    session.logout()
    ada.wait_for(lambda: not ada.has_manager(), "its manager is gone")


def test_nothing_of_a_machine_is_left(debian: Debian, images: Images, workspace: Path) -> None:
    """Process, cgroup, mount and folder end with the machine."""
    image = images(debian, True)  # noqa: FBT003  # as the fixture has it
    mounts = Path("/proc/self/mountinfo")
    folders, mounted = set(workspace.iterdir()), mounts.read_text(encoding="utf-8")
    with machine_of(image, workspace) as machine:
        machine.boot()
        machine.new_person("ada").login()
        leader, cgroup = Path(f"/proc/{machine.leader}"), machine.cgroup
        assert leader.exists()
        assert cgroup.exists()
        assert mounted != mounts.read_text(encoding="utf-8")
    assert not leader.exists()
    assert not cgroup.exists()
    assert mounted == mounts.read_text(encoding="utf-8")
    assert folders == set(workspace.iterdir())


_KILLED = """
import sys, pathlib
from tests.system.harness.machine import machine_of
from tests.system.harness.roots import Image, keep_mounts_private
keep_mounts_private()
folder, *layers = map(pathlib.Path, sys.argv[1:])
with machine_of(Image(tuple(layers)), folder) as machine:
    machine.boot()
    print(machine.leader, machine.cgroup, flush=True)
    sys.stdin.read()
"""


def test_a_machine_ends_with_the_tests_that_are_killed(
    debian: Debian, images: Images, tmp_path: Path
) -> None:
    """SIGKILL of the tests leaves no process; the next machine's start removes the cgroup."""
    layers = images(debian, True).layers  # noqa: FBT003  # as the fixture has it
    with subprocess.Popen(
        (sys.executable, "-c", _KILLED, tmp_path, *layers),
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        leader, cgroup = tests.stdout.readline().split()
        assert Path(f"/proc/{leader}").exists()
        tests.kill()
    give_up_at = time.monotonic() + WAIT_LIMIT_S
    while Path(f"/proc/{leader}").exists() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert not Path(f"/proc/{leader}").exists()
    with own_slice():
        assert not Path(cgroup).exists()


@pytest.mark.usefixtures("workspace")
def test_files_are_copied_where_no_overlay_can_be(tmp_path: Path) -> None:
    """On an overlay, as in a container, a root is a copy, and its image is untouched too."""
    original = tmp_path / "image"
    original.mkdir()
    (original / "file").write_text("original", encoding="ascii")
    image = Image((original,))
    with Root(image, tmp_path / "overlay") as outer:
        assert outer.path.is_mount()
        with Root(image, outer.path / "copied") as copied:
            assert not copied.path.is_mount()
            (copied.path / "file").write_text("changed", encoding="ascii")
            (again,) = copied.freeze().layers
            assert "changed" == (again / "file").read_text(encoding="ascii")
        assert ["file"] == [path.name for path in outer.path.iterdir()]
    assert "original" == (original / "file").read_text(encoding="ascii")
