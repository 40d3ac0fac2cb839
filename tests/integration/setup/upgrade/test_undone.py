"""A version that passed its trial and fails all the same: the old one comes back by itself."""

import sqlite3
from collections.abc import Mapping

import pytest
from tests.integration.setup.upgrade.conftest import NEW, OLD, SHORT_S, UNIT, Installed
from tests.integration.setup.upgrade.sabotage import CRASHES, SABOTAGES

NEWER_LEDGER = """
MIGRATIONS = (*MIGRATIONS, "CREATE TABLE of_tomorrow (x);")
CURRENT = len(MIGRATIONS)
"""


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("sabotage", SABOTAGES.values(), ids=SABOTAGES)
def test_version_without_a_pass_is_undone(
    installed: Installed, sabotage: Mapping[str, str]
) -> None:
    """Whatever keeps a new version from its pass, the old one runs again, and says so (O10)."""
    dropin = installed.account.unit_dir / f"{UNIT}.d/impatient.conf"
    dropin.parent.mkdir()
    log = installed.account.home / "daemon.log"
    dropin.write_text(f"[Service]\nTimeoutStopSec=1\nStandardError=append:{log}\n")
    installed.account.systemctl("daemon-reload")
    installed.put_beside(NEW, {**sabotage, f"setup/{UNIT}": "# Of tomorrow."})
    unit = (installed.account.unit_dir / UNIT).read_bytes()

    ended = installed.upgrade(NEW, SHORT_S)

    said = f"upgrade to {NEW} was undone: no pass finished within {SHORT_S} s"
    assert (1, True) == (ended.returncode, said in ended.stderr), ended.stderr
    installed.until_runs(OLD)
    installed.until_tidy()
    assert (OLD, "undone") == (installed.current, installed.phase)
    assert unit == (installed.account.unit_dir / UNIT).read_bytes()
    assert said in installed.unitward("status").stdout
    assert said in installed.unitward("doctor").stdout
    assert 1 == log.read_text().count(said)
    assert [] == installed.account.systemctl("list-units", "--failed", "--plain", "-q").split()


@pytest.mark.usefixtures("undisturbed")
def test_ledger_of_the_failed_version_goes_too(installed: Installed) -> None:
    """The old version gets back the ledger that it can read, with what it remembered."""
    remembered = _tables(installed)
    installed.put_beside(NEW, {"store/migrations.py": NEWER_LEDGER, "daemon/loop.py": CRASHES})
    upgrading = installed.begin_upgrade(NEW, "6")
    installed.until(lambda: "of_tomorrow" in _tables(installed), "the new version migrates")
    assert 1 == upgrading.wait(60)
    installed.until_runs(OLD)
    assert remembered == _tables(installed)


def _tables(installed: Installed) -> dict[str, int]:
    """Return the tables of the ledger, with how much they hold of the units."""
    found: dict[str, int] = {}
    with sqlite3.connect(f"file:{installed.state}/ledger.sqlite?mode=ro", uri=True) as ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type='table'"):
            counted = name in {"units", "files", "links"}
            found[name] = (
                ledger.execute(f"SELECT count(*) FROM {name}").fetchone()[0] if counted else 0  # noqa: S608 - names of the schema
            )
    ledger.close()
    return found
