"""The power fails in the middle of an upgrade: the manager is killed, and boots again."""

import pytest
from tests.integration.setup.upgrade.conftest import NEW, OLD, Installed, halt_before

DEAF = """
async def _hang(self, *_):
    import signal, time
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    while True:
        time.sleep(60)
Daemon._pass = _hang
"""


def _cut_power(installed: Installed) -> None:
    installed.account.kill_manager()
    installed.account.start_manager()


@pytest.mark.parametrize("function", ["keep_for_return", "point_to"])
def test_before_the_switch_the_old_version_stays(installed: Installed, function: str) -> None:
    """Cut off before the link is renamed, the upgrade never was: recorded, guard removed (O10)."""
    installed.put_beside(NEW)
    installed.fill(OLD, {"setup/upgrade/switch.py": halt_before(function)})
    installed.account.systemctl("restart", "unitward.service")
    upgrading = installed.begin_upgrade(NEW)
    installed.until_halted()
    _cut_power(installed)
    installed.until_runs(OLD)
    installed.until_tidy()
    assert (OLD, "refused") == (installed.current, installed.phase)
    assert "interrupted before the switch" in installed.record["reason"]
    assert 1 == upgrading.wait(30)
    assert "active" == installed.account.show("api.service", "ActiveState")["ActiveState"]


def test_after_the_switch_the_new_version_gets_its_time(installed: Installed) -> None:
    """Cut off after the link was renamed, the new version starts, and is confirmed (O10)."""
    installed.put_beside(NEW, {"setup/upgrade/settle.py": halt_before("decide")})
    installed.begin_upgrade(NEW)
    installed.until_halted()
    assert "switching" == installed.phase
    installed.account.kill_manager()
    installed.fill(NEW)
    installed.account.start_manager()
    installed.until_runs(NEW)
    installed.until_tidy()
    assert (NEW, "confirmed") == (installed.current, installed.phase)


def test_cut_in_the_confirmation(installed: Installed) -> None:
    """Cut off between the decision and the removal of the guard, nothing goes back any more."""
    installed.put_beside(NEW, {"setup/upgrade/settle.py": halt_before("disarm")})
    installed.begin_upgrade(NEW)
    installed.until_halted()
    installed.account.kill_manager()
    installed.fill(NEW)
    installed.account.start_manager()
    installed.until_runs(NEW)
    installed.until_tidy()
    assert (NEW, "confirmed") == (installed.current, installed.phase)


def test_new_version_that_fails_after_the_cut_is_undone(installed: Installed) -> None:
    """The guard comes back with the manager: its time begins anew, and it goes back."""
    installed.put_beside(NEW, {"daemon/loop.py": "Daemon._pass = None"})
    installed.begin_upgrade(NEW, "4")
    installed.until(lambda: NEW == installed.current, "the link is renamed")
    _cut_power(installed)
    installed.until_runs(OLD)
    installed.until_tidy()
    assert (OLD, "undone") == (installed.current, installed.phase)


def test_cut_while_going_back(installed: Installed) -> None:
    """Cut off while it goes back, it is finished at the next boot before unitward starts."""
    installed.put_beside(NEW, {"daemon/loop.py": DEAF})
    installed.begin_upgrade(NEW, "2")
    undoing = installed.state / "upgrade/undoing"
    installed.until(undoing.exists, "going back begins")
    assert NEW == installed.current
    _cut_power(installed)
    installed.until_runs(OLD)
    installed.until_tidy()
    assert (OLD, "undone") == (installed.current, installed.phase)
