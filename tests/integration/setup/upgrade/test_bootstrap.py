"""The bootstrap unit beside an installed unitward: a broken program is mended, a purge is meant."""

import hashlib
import shutil
from pathlib import Path

import pytest
from tests.integration.setup.upgrade.conftest import OLD, UNIT, Installed

BOOTSTRAP = "unitward-bootstrap.service"
DEPLOY = Path(__file__).parents[4] / "deploy"
NO_LOGIND = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
LONG_S = 240.0


@pytest.fixture
def bootstrapped(installed: Installed, wheels: Path, tmp_path: Path) -> Installed:
    """Give an account that the bootstrap unit installed: unit, link, settings, stamp."""
    folder = tmp_path / "wheels"
    shutil.copytree(wheels, folder)
    for wheel in folder.glob("unitward-*.whl"):
        if OLD not in wheel.name:
            wheel.unlink()
    lines = [
        "{}=={} --hash=sha256:{}".format(
            *wheel.name.split("-")[:2], hashlib.sha256(wheel.read_bytes()).hexdigest()
        )
        for wheel in sorted(folder.glob("*.whl"))
    ]
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    account = installed.account
    shutil.copy(DEPLOY / BOOTSTRAP, account.unit_dir)
    link = account.unit_dir / "default.target.wants" / BOOTSTRAP
    link.symlink_to(f"../{BOOTSTRAP}")
    settings = account.home / ".config/unitward/bootstrap.env"
    settings.write_text(f"UNITWARD_WHEELS={folder}\n")
    (installed.root / "bootstrapped").touch()
    return installed


def reboot(installed: Installed) -> None:
    """Have the account's manager end and start again."""
    installed.account.kill_manager()
    installed.account.start_manager()


def until_asked(installed: Installed) -> None:
    """Wait until the bootstrap unit was asked whether it is needed, and was not."""

    def asked() -> bool:
        shown = installed.account.show(BOOTSTRAP, "Result", "ActiveState")
        return bool({"Result": "exec-condition", "ActiveState": "inactive"} == shown)

    installed.until(asked, "the bootstrap unit is asked")


def test_once_installed_it_does_nothing(bootstrapped: Installed) -> None:
    """A start after the first costs a look: nothing is installed or restarted."""
    before = (bootstrapped.root / "versions" / OLD).stat().st_ino
    reboot(bootstrapped)
    until_asked(bootstrapped)
    bootstrapped.until_runs(OLD)
    assert before == (bootstrapped.root / "versions" / OLD).stat().st_ino


def test_a_replaced_python_is_made_up_for(bootstrapped: Installed) -> None:
    """Where the program does not start any more, it is made anew, and unitward runs."""
    folder = bootstrapped.root / "versions" / OLD
    for python in (folder / "bin").glob("python*"):
        python.unlink()
    (folder / "bin/python").symlink_to("/usr/bin/python3.of-yesterday")
    reboot(bootstrapped)
    bootstrapped.until(lambda: bootstrapped.runs(OLD), "it is made anew", LONG_S)
    bootstrapped.until_runs(OLD)
    assert (OLD, True) == (bootstrapped.current, (folder / ".complete").is_file())
    assert (folder / "bin/python").exists()
    assert "active" == bootstrapped.account.show("api.service", "ActiveState")["ActiveState"]


def test_what_was_removed_is_not_made_anew(bootstrapped: Installed) -> None:
    """An account from which unitward was taken off stays without, though its stamp is there."""
    assert 0 == bootstrapped.unitward("uninstall", "--yes").returncode
    shutil.rmtree(bootstrapped.root / "versions")
    reboot(bootstrapped)
    until_asked(bootstrapped)
    assert not (bootstrapped.account.unit_dir / UNIT).exists()


def test_a_purge_is_for_good(bootstrapped: Installed) -> None:
    """The program goes too, and the bootstrap unit is disabled: no start installs it again."""
    account = bootstrapped.account
    ended = bootstrapped.unitward("uninstall", "--purge", "--yes", env=NO_LOGIND)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert f"disable {BOOTSTRAP}" in ended.stdout
    assert "versions/ (the program itself)" in ended.stdout
    assert not bootstrapped.root.exists()
    assert not list(account.unit_dir.rglob("*.wants/*"))
    reboot(bootstrapped)
    account.systemctl("is-system-running", "--wait")
    assert {"ActiveState": "inactive"} == account.show(BOOTSTRAP, "ActiveState")
    assert not bootstrapped.root.exists()
    assert not (account.unit_dir / UNIT).exists()
