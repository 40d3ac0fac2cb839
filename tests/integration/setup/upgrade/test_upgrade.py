"""Another version takes over: from wheels, without a daemon, backwards, and not at all."""

import hashlib
import shutil
from pathlib import Path

import pytest
from tests.integration.setup.upgrade.conftest import NEW, OLD, UNIT, Installed

LEDGER_OF_TOMORROW = """
MIGRATIONS = (*MIGRATIONS, "CREATE TABLE of_tomorrow (x);")
CURRENT = len(MIGRATIONS)
"""
UNIT_OF_TOMORROW = "# Of tomorrow."


@pytest.mark.usefixtures("undisturbed")
def test_upgrade_from_wheels(installed: Installed, wheels: Path) -> None:
    """The version of a wheel folder is installed beside, tried, and takes over (O10).

    What an interrupted installation left is made anew, and only one older version is kept.
    """
    hashes = [
        f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
        for wheel in wheels.glob("*.whl")
        for name, version in [wheel.name.split("-")[:2]]
        if (name, version) != ("unitward", OLD)
    ]
    requirements = installed.account.home / "hashes.txt"
    requirements.write_text("".join(hashes))
    half_made = installed.root / "versions" / NEW / "bin"
    half_made.mkdir(parents=True)
    (half_made / "unitward").touch(0o755)
    (installed.root / "versions/0.0.9").mkdir()
    before = installed.pid

    ended = installed.unitward(
        "upgrade", "--yes", "--from", str(wheels), "--hashes", str(requirements)
    )

    assert 0 == ended.returncode, ended.stderr
    assert f"unitward {NEW} runs" in ended.stdout
    assert (NEW, "confirmed") == (installed.current, installed.phase)
    installed.until_runs(NEW)
    installed.until_tidy()
    assert before != installed.pid
    assert {OLD, NEW} == {path.name for path in (installed.root / "versions").iterdir()}
    assert f"unitward {NEW}" in installed.unitward("--version").stdout

    older = installed.account.home / "older"
    older.mkdir()
    shutil.copy2(wheels / f"unitward-{OLD}-py3-none-any.whl", older)
    newest = installed.unitward("upgrade", "--yes", "--from", str(older))
    assert f"unitward {NEW} runs; the newest in {older} is {OLD}." in newest.stdout

    ended = installed.upgrade(OLD)

    assert 0 == ended.returncode, ended.stderr
    installed.until_runs(OLD)
    installed.until_tidy()


def test_version_that_is_nowhere(installed: Installed, wheels: Path) -> None:
    """A version that the wheel folder lacks is refused with those that are there."""
    ended = installed.unitward("upgrade", "9.9", "--yes", "--from", str(wheels))
    assert 1 == ended.returncode
    assert "unitward==9.9 cannot be found" in ended.stderr
    assert f"{OLD}, {NEW}" in ended.stderr
    ended = installed.unitward("upgrade", "9.9", "--yes", "--from", "/no/wheels")
    assert "/no/wheels: no such folder of wheels" in ended.stderr


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize(
    ("module", "sabotage", "reason"),
    [
        ("cli/plan.py", "import no_such_module", "No module named 'no_such_module'"),
        (
            "store/migrations.py",
            'MIGRATIONS = (*MIGRATIONS, "CREATE TABLE units (x);")\nCURRENT = len(MIGRATIONS)',
            "table units already exists",
        ),
    ],
    ids=["import-error", "refused-ledger"],
)
def test_trial_refuses(installed: Installed, module: str, sabotage: str, reason: str) -> None:
    """A version that makes no plan is refused with its reason; the running one goes on."""
    installed.put_beside(NEW, {module: sabotage})
    before = installed.pid
    ended = installed.upgrade(NEW)
    assert 1 == ended.returncode
    assert f"upgrade to {NEW} was refused" in ended.stderr
    assert reason in ended.stderr
    assert (OLD, "refused") == (installed.current, installed.phase)
    assert before == installed.pid
    assert [] == installed.leftovers
    assert reason in installed.unitward("status").stdout


@pytest.mark.usefixtures("undisturbed")
def test_no_way_back_to_a_version_that_cannot_read_the_ledger(installed: Installed) -> None:
    """A new version may change ledger and unit file; then the old one is refused, with why.

    Without a daemon the command itself switches, and starts the new version.
    """
    appended = {"store/migrations.py": LEDGER_OF_TOMORROW, f"setup/{UNIT}": UNIT_OF_TOMORROW}
    installed.put_beside(NEW, appended)
    installed.account.systemctl("stop", UNIT)
    ended = installed.upgrade(NEW)
    assert 0 == ended.returncode, ended.stderr
    installed.until_runs(NEW)
    installed.until_tidy()
    unit = (installed.account.unit_dir / UNIT).read_text()
    assert UNIT_OF_TOMORROW in unit
    assert "no" == installed.account.show(UNIT, "NeedDaemonReload")["NeedDaemonReload"]

    ended = installed.upgrade(OLD)

    assert 1 == ended.returncode
    assert f"upgrade to {OLD} was refused" in ended.stderr
    assert "this unitward knows up to" in ended.stderr
    assert installed.runs(NEW)


def test_daemon_that_is_not_the_units(installed: Installed) -> None:
    """A daemon that somebody runs in a terminal cannot hand over, and says so."""
    installed.put_beside(NEW)
    installed.account.systemctl("stop", UNIT)
    installed.account.spawn(str(installed.root / "current/bin/unitward"), "run")
    installed.until_runs(OLD)
    ended = installed.upgrade(NEW)
    assert 1 == ended.returncode
    assert f"the running daemon is not the one of {UNIT}" in ended.stderr
    assert (OLD, "refused") == (installed.current, installed.phase)
    assert installed.runs(OLD)


def test_uninstall_before_the_first_pass(installed: Installed) -> None:
    """Who uninstalls in the middle of an upgrade does not get unitward back minutes later."""
    installed.put_beside(NEW, {"daemon/loop.py": "Daemon._pass = None"})
    installed.begin_upgrade(NEW)
    installed.until(lambda: NEW == installed.current, "the link is renamed")
    assert "unitward-undo.timer" in installed.account.units("active")
    ended = installed.unitward("uninstall", "--yes")
    assert 0 == ended.returncode, ended.stderr
    assert not [path.name for path in installed.account.unit_dir.rglob("*unitward*")]
    assert not {name for name in installed.account.units() if "undo" in name}


def test_other_installations_are_left_to_who_made_them(installed: Installed) -> None:
    """A unitward that runs from elsewhere says what upgrades it, and does nothing."""
    ended = installed.account.run("unitward", "upgrade", NEW, "--yes")
    assert 1 == ended.returncode
    assert "git pull there; then systemctl --user restart unitward.service" in ended.stderr
    assert {} == installed.record
