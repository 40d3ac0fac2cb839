"""Ways through folders that only root may enter: open inside a sandbox, closed everywhere else."""

import os
import stat
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import unitward
from unitward.errors import SandboxError
from unitward.systemd.sandbox.account import Account
from unitward.systemd.sandbox.ways import Step, closed_folders, way_to

NOBODY = Account("nobody", 65534, 65534)


@pytest.fixture
def closed(folder: Path) -> Path:
    """Give a folder that only root can enter, with a file that everybody could read."""
    path = folder / "closed"
    path.mkdir(mode=0o700)
    (path / "secret").write_text("secret\n", encoding="utf-8")
    return path


@pytest.fixture
def work(closed: Path) -> Path:
    """Give a folder for everybody in the closed one."""
    path = closed / "work"
    path.mkdir()
    (path / "text").write_text("words\n", encoding="utf-8")
    return path


@pytest.fixture
def closed_python(closed: Path) -> Path:
    """Give the Python of a virtual environment in the closed folder, over symbolic links there.

    It has the packages of the one that runs the tests.
    """
    real = Path(sys.executable).resolve()
    (closed / "versions").mkdir()
    (closed / "versions/3").symlink_to(real.parent.parent)
    (closed / "current").symlink_to("versions/3")
    venv = closed / "venv"
    packages = venv / f"lib/python{sysconfig.get_python_version()}/site-packages"
    packages.mkdir(parents=True)
    ours = [Path(unitward.__file__).parents[1], sysconfig.get_path("purelib")]
    (packages / "ours.pth").write_text("".join(f"{path}\n" for path in ours), encoding="utf-8")
    (venv / "pyvenv.cfg").write_text(f"home = {closed}/current/bin\n", encoding="utf-8")
    (venv / "bin").mkdir()
    (venv / "bin/python").symlink_to(f"../../current/bin/{real.name}")
    return venv / "bin/python"


def test_kernel_says_which_folders_are_closed(folder: Path) -> None:
    """A folder is closed by its own permissions and owner, not by those of a folder above it."""
    for name, mode in {
        "closed": 0o700,
        "closed/open": 0o755,
        "entered": 0o711,
        "own": 0o700,
    }.items():
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    os.chown(folder / "own", NOBODY.uid, NOBODY.gid)

    folders = [path for path in folder.rglob("*") if path.is_dir()]

    assert 4 == len(folders)
    assert {folder / "closed"} == closed_folders(NOBODY, folders)


def test_way_follows_links_as_the_kernel_does(folder: Path) -> None:
    """Every look-up on the way is a step: of the links, of what they point to, and of `..`."""
    real = folder.resolve()
    (folder / "a").mkdir()
    (folder / "b/c").mkdir(parents=True)
    (folder / "a/up").symlink_to("../b")
    (folder / "link").symlink_to(folder / "a")

    steps, end = way_to(folder / "link/up/c/missing/more")

    assert real / "b/c/missing" == end
    assert [
        Step(real, "link"),
        Step(real, "a"),
        Step(real / "a", "up"),
        Step(real / "a", ".."),
        Step(real, "b"),
        Step(real / "b", "c"),
        Step(real / "b/c", "missing"),
    ] == [step for step in steps if step.folder.is_relative_to(real)]


def test_links_that_lead_nowhere_end(folder: Path) -> None:
    """A link to itself is an error, not an endless search."""
    (folder / "round").symlink_to("round")

    with pytest.raises(SandboxError, match="too many symbolic links"):
        way_to(folder / "round/x")


def test_closed_working_directory_is_kept(probe: Any, folder: Path, work: Path) -> None:
    """Below a closed folder the command is where the caller is, and relative paths work."""
    (folder / "outside").write_text("outside\n", encoding="utf-8")

    ended = probe.run("pwd; cat text ./../../outside ../work/text", cwd=str(work))

    assert [str(work.resolve()), "words", "outside", "words"] == ended.stdout.splitlines()


def test_rest_of_a_closed_folder_is_not_there(probe: Any, closed: Path, work: Path) -> None:
    """Of a closed folder the command sees the way alone: neither a sibling nor its name."""
    ended = probe.run(f"ls -A .. {closed}; cat ../secret", cwd=str(work))

    assert ["..:", "work", "", f"{closed}:", "work"] == ended.stdout.splitlines()
    assert "No such file" in ended.stderr


def test_real_folder_stays_as_it_is(probe: Any, world: Any, closed: Path, work: Path) -> None:
    """While the sandbox runs and after it, the real folder is closed and has what it had."""

    def state() -> object:
        paths = (closed, *closed.rglob("*"))
        return {path: (path.lstat().st_mode, path.lstat().st_ctime_ns) for path in paths}

    before, mounts = state(), world.mounts()
    running = probe.start("cat text; stat -c %a ..; read go", cwd=str(work))
    inside = [running.stdout.readline() for _ in range(2)]
    during = state()
    running.communicate("\n", timeout=60)

    assert ["words\n", "755\n"] == inside
    assert 0o700 == stat.S_IMODE(closed.stat().st_mode)
    assert before == during == state()
    assert mounts == world.mounts()


def test_files_below_keep_their_permissions(probe: Any, work: Path) -> None:
    """Below a closed folder the command reads what everybody may, and writes nothing of root's."""
    (work / "roots").write_text("secret\n", encoding="utf-8")
    (work / "roots").chmod(0o600)

    ended = probe.run(
        "cat text; cat roots || echo unread; touch new || echo unwritten; "
        "touch ../new || echo unwritten; id -u >text || echo unwritten",
        cwd=str(work),
    )

    assert ["words", "unread", *["unwritten"] * 3] == ended.stdout.splitlines()


def test_service_runs_a_python_in_a_closed_folder(
    probe: Any, closed: Path, closed_python: Path
) -> None:
    """A service runs a closed folder's Python, over symbolic links, and imports unitward."""
    probe.use_python(closed_python)

    ended = probe.run(
        f"systemd-run --user --quiet --pipe --wait {closed_python} -c 'import sys, click, unitward;"
        f" print(sys.prefix, sys.base_prefix); print(unitward.__file__)'; ls -A {closed}",
        cwd="/",
    )

    prefixes, imported, *names = ended.stdout.splitlines()
    assert f"{closed}/venv {closed}/current" == prefixes
    assert unitward.__file__ == imported
    assert ["current", "venv", "versions"] == names


def test_ways_through_one_closed_folder_are_all_open(
    probe: Any, work: Path, closed_python: Path
) -> None:
    """Python and the working directory may lie in one closed folder; both are reached."""
    probe.use_python(closed_python)

    ended = probe.run(
        "cat text; ../venv/bin/python -m unitward --help >/dev/null; ls -A ..",
        cwd=str(work),
    )

    assert (["words", "current", "venv", "versions", "work"], "") == (
        ended.stdout.split(),
        ended.stderr,
    )


def test_closed_folder_in_a_closed_folder(probe: Any, closed: Path) -> None:
    """The way leads through several closed folders, and shows nothing else of any."""
    inner = closed / "inner"
    (inner / "open/work").mkdir(parents=True)
    (inner / "secret").touch()
    (inner / "open/sibling").touch()
    inner.chmod(0o700)

    ended = probe.run("ls -A ../../..; ls -A ../..; ls -A ..", cwd=str(inner / "open/work"))

    assert ["inner", "open", "sibling", "work"] == ended.stdout.split()


def test_closed_mount_point(probe: Any, closed: Path, run_program: Any, in_namespace: Any) -> None:
    """The closed folder may be a mount point, and have others below: what is mounted is seen."""
    make = f"""
    mount -t tmpfs -o mode=700 tmpfs {closed}
    mkdir -p {closed}/mounted {closed}/other
    mount -t tmpfs -o mode=755 tmpfs {closed}/mounted
    mkdir {closed}/mounted/deep
    mount -t tmpfs -o mode=755 tmpfs {closed}/mounted/deep
    echo words >{closed}/mounted/deep/text
    cd {closed}/mounted
    """

    ended = run_program(in_namespace(make, probe.command("pwd; cat deep/text; ls -A ..")))

    assert [f"{closed.resolve()}/mounted", "words", "mounted"] == ended.stdout.splitlines()


def test_folder_that_can_be_entered_is_left_alone(probe: Any, folder: Path) -> None:
    """A folder that may be entered, if not listed, is shown as it is, with all that is in it."""
    entered = folder / "entered"
    (entered / "work").mkdir(parents=True)
    (entered / "sibling").write_text("words\n", encoding="utf-8")
    entered.chmod(0o711)

    ended = probe.run("stat -c %a ..; cat ../sibling; ls ..", cwd=str(entered / "work"))

    assert ["711", "words"] == ended.stdout.splitlines()
    assert "Permission denied" in ended.stderr


def test_closed_home_of_the_person_behind_sudo_is_theirs(
    probe: Any, closed: Path, work: Path
) -> None:
    """Who owns a closed folder sees all of it."""
    os.chown(closed, 1, 1)

    ended = probe.run(
        "cat ../secret; stat -c %a ..", cwd=str(work), env={**os.environ, "SUDO_UID": "1"}
    )

    assert ["secret", "700"] == ended.stdout.splitlines()


def test_working_directory_that_is_closed_itself_is_refused(probe: Any, closed: Path) -> None:
    """In a directory that the user inside may not enter, nothing runs; the error names it."""
    ended = probe.run("echo ran", cwd=str(closed))

    assert (1, "") == (ended.returncode, ended.stdout)
    assert f"may not enter {closed.resolve()}" in ended.stderr
    assert "another directory" in ended.stderr


def test_working_directory_that_a_sandbox_has_not_is_refused(
    probe: Any, run_program: Any, in_namespace: Any
) -> None:
    """In a directory that does not exist inside, nothing runs; the error names it."""
    make = "mount -t tmpfs tmpfs /run; mkdir -p /run/user/elsewhere; cd /run/user/elsewhere"

    ended = run_program(in_namespace(make, probe.command("echo ran")))

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "/run/user/elsewhere does not exist inside" in ended.stderr
