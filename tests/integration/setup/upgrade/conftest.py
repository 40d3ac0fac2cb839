"""An account whose unitward runs from its own environments, and other versions beside it."""

import contextlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pip
import pytest
from tests.integration.setup.upgrade.wheels import (
    fill_with_dependencies,
    pack_unitward,
    package_files,
)

from unitward.store.lock import lock_holder

OLD, NEW = "0.1.0", "0.2.0"
LIMIT_S = 40.0
SHORT_S = "2"
API = """\
version: 1
units:
  api.service:
    Service: {ExecStart: /bin/sleep infinity}
    Install: {WantedBy: default.target}
"""
UNIT = "unitward.service"


class Installed:
    """unitward 0.1.0 in an account, as `unitward install` leaves it, and a unit that it runs."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.root: Path = account.home / ".local/share/unitward"
        self.state: Path = account.state_home / "unitward"

    @property
    def current(self) -> str:
        """The version that the next start takes."""
        return (self.root / "current").readlink().name

    @property
    def record(self) -> dict[str, Any]:
        """The record of the last upgrade."""
        try:
            return dict(json.loads((self.state / "upgrade.json").read_bytes()))
        except FileNotFoundError:
            return {}

    @property
    def phase(self) -> str:
        """How far the last upgrade is."""
        return str(self.record.get("phase", ""))

    def put_beside(self, version: str, appended: Mapping[str, str] | None = None) -> Path:
        """Put a whole environment of another version there, sabotaged by appended text."""
        folder = self.root / "versions" / version
        base = self.root / "versions" / OLD
        shutil.copytree(base, folder, symlinks=True, ignore=_leave_out)
        program = folder / "bin/unitward"
        program.write_text((base / "bin/unitward").read_text().replace(str(base), str(folder)))
        program.chmod(0o755)
        self.fill(version, appended)
        (folder / ".complete").touch()
        return folder

    def fill(self, version: str, appended: Mapping[str, str] | None = None) -> None:
        """Put the package of a version into its environment."""
        folder = self.root / "versions" / version
        [packages] = folder.glob("lib/python3*/site-packages")
        for path, content in package_files(version, appended).items():
            file = packages / "unitward" / path
            # What is written anew is compiled anew, which takes most of a start.
            if file.read_bytes() != content:
                file.write_bytes(content)
        for info in packages.glob("unitward-*.dist-info"):
            metadata = info / "METADATA"
            text = re.sub(r"(?m)^Version: .*$", f"Version: {version}", metadata.read_text())
            metadata.write_text(text)
            info.rename(packages / f"unitward-{version}.dist-info")

    def unitward(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command of the unitward that is in use."""
        program = str(self.root / "current/bin/unitward")
        ended: subprocess.CompletedProcess[str] = self.account.run(
            program, *arguments, env=env, limit=100
        )
        return ended

    def upgrade(self, version: str, seconds: str = "") -> "subprocess.CompletedProcess[str]":
        """Run `unitward upgrade`; `seconds`: how long the new version has for its pass."""
        env = {"UNITWARD_UPGRADE_SECONDS": seconds} if seconds else {}
        return self.unitward("upgrade", version, "--yes", env=env)

    def begin_upgrade(self, version: str, seconds: str = "") -> "subprocess.Popen[str]":
        """Start `unitward upgrade` without waiting for its end."""
        env = {"UNITWARD_UPGRADE_SECONDS": seconds} if seconds else {}
        program = str(self.root / "current/bin/unitward")
        begun: subprocess.Popen[str] = self.account.spawn(
            program, "upgrade", version, "--yes", env=env
        )
        return begun

    @property
    def pid(self) -> int:
        """The process id of the daemon, 0 when none runs."""
        holder = lock_holder(self.state / "lock")
        return holder[0] if holder is not None and holder[1] == "the daemon" else 0

    def runs(self, version: str) -> bool:
        """Tell whether a daemon works from a version's environment."""
        try:
            command = Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return False
        return command.startswith(bytes(self.root / "versions" / version / "bin"))

    def until(self, predicate: Any, what: str, limit: float = LIMIT_S) -> None:
        """Wait for a state of the world, and show the log when it does not come."""
        try:
            self.account.wait_for(predicate, what, limit)
        except pytest.fail.Exception as missed:
            shown = self.account.run("systemctl", "--user", "status", "unitward*").stdout
            pytest.fail(f"{missed}\n{self.record}\n{shown}")

    def until_runs(self, version: str) -> None:
        """Wait until the daemon of a version runs and makes passes."""
        self.until(
            lambda: self.runs(version) and self._passed(), f"unitward {version} makes a pass"
        )

    def _passed(self) -> bool:
        """Tell whether the daemon that holds the lock now published a pass."""
        # The ledger may be of a version that these tests cannot read as a ledger.
        uri = f"file:{self.state}/ledger.sqlite?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as ledger:
            last = ledger.execute("SELECT at FROM last_report").fetchone()
        return last is not None and last[0] > (self.state / "lock").stat().st_mtime

    def until_halted(self) -> None:
        """Wait until the daemon has stopped itself where the sabotage says."""

        def halted() -> bool:
            try:
                return "State:\tT" in Path(f"/proc/{self.pid}/status").read_text()
            except OSError:
                return False

        self.until(halted, "the daemon halts")

    @property
    def leftovers(self) -> list[str]:
        """What a finished upgrade must not leave: guard units, links, kept files."""
        places = [
            *self.account.unit_dir.rglob("*undo*"),
            self.state / "upgrade",
            self.root / "previous",
        ]
        return [str(path) for path in places if path.is_symlink() or path.exists()]

    def until_tidy(self) -> None:
        """Wait until nothing is left of the last upgrade but its record."""
        self.until(lambda: not self.leftovers, "the guard is removed")
        assert not {u for u in self.account.units("active") if "undo" in u}


def _leave_out(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name in {"pip", "setuptools"}}


def halt_before(function: str) -> str:
    """Return text that has a module's function halt its process before it does anything."""
    return (
        f"_real_{function} = {function}\n"
        f"def {function}(*arguments, **named):\n"
        f"    import os\n"
        f"    os.kill(os.getpid(), {signal.SIGSTOP.value})\n"
        f"    return _real_{function}(*arguments, **named)\n"
    )


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of wheels with two versions of unitward and all they need."""
    folder = tmp_path_factory.mktemp("wheels")
    fill_with_dependencies(folder)
    for version in (OLD, NEW):
        pack_unitward(folder, version)
    return folder


@pytest.fixture(scope="session")
def home(manager_session: Any, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of a home in which 0.1.0 was installed by pip and by `unitward install`."""
    manager_session.kill_manager()
    shutil.rmtree(manager_session.home)
    manager_session.unit_dir.mkdir(parents=True)
    manager_session.start_manager()
    root = manager_session.home / ".local/share/unitward"
    old = root / "versions" / OLD
    _run(manager_session, sys.executable, "-m", "venv", "--without-pip", old)
    # Borrowed: a pip of its own would take longer to install than all the rest.
    [packages] = old.glob("lib/python3*/site-packages")
    (packages / "pip").symlink_to(Path(pip.__file__).parent)
    install = (old / "bin/python", "-m", "pip", "--disable-pip-version-check", "install")
    wanted = ("--quiet", "--no-index", f"--find-links={wheels}", f"unitward=={OLD}")
    _run(manager_session, *install, *wanted)
    (root / "current").symlink_to(f"versions/{OLD}")
    desired = manager_session.home / ".config/unitward/desired/api.yaml"
    desired.parent.mkdir(parents=True)
    desired.write_text(API)
    _run(manager_session, root / "current/bin/unitward", "install", "--yes")
    manager_session.stop_manager()
    kept = tmp_path_factory.mktemp("home") / "home"
    shutil.copytree(manager_session.home, kept, symlinks=True)
    manager_session.start_manager()
    return kept


def _run(manager_session: Any, *command: str | Path) -> None:
    ended = subprocess.run(
        [str(word) for word in command],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
        env=manager_session.env,
        cwd=manager_session.home,
    )
    assert ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}"


@pytest.fixture
def installed(home: Path, account: Any) -> Installed:
    """Give unitward 0.1.0 installed and running, with one unit that it keeps."""
    here = Installed(account)
    account.kill_manager()
    shutil.copytree(home, account.home, symlinks=True, dirs_exist_ok=True)
    account.start_manager()
    here.until_runs(OLD)
    return here


@pytest.fixture
def undisturbed(installed: Installed) -> Iterator[None]:
    """Hold at the end of a test that the unit ran through without a restart."""
    before = installed.account.show("api.service", "InvocationID")
    assert before["InvocationID"]
    yield
    assert before == installed.account.show("api.service", "InvocationID")
