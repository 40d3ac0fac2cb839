"""`unitward install` and `uninstall` on a terminal: they ask, and take no for an answer."""

from typing import Any

# The account is nested in a real one: nobody may make that one linger.
NO_LOGIND = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
OWN = "unitward.service"


def test_asked_and_denied(account: Any, on_terminal: Any, world: Any) -> None:
    """Whoever reads the plan and says no has changed nothing."""
    before = world()
    code, shown = on_terminal("install", keys="n\n", env=NO_LOGIND)
    assert 130 == code
    assert "To install unitward for " in shown
    assert "Install? [y/N]" in shown
    assert "Nothing was changed." in shown
    assert (account.runtime_dir / "unitward/install.lock").exists()
    (account.runtime_dir / "unitward/install.lock").unlink()
    (account.runtime_dir / "unitward").rmdir()
    assert before == world()


def test_asked_and_agreed(account: Any, on_terminal: Any) -> None:
    """Whoever says yes gets what was shown, and gets rid of it the same way."""
    code, shown = on_terminal("install", keys="y\n", env=NO_LOGIND)
    assert (0, True) == (code, "its first pass ended" in shown), shown
    assert "active" == account.show(OWN, "ActiveState")["ActiveState"]
    code, shown = on_terminal("uninstall", keys="n\n", env=NO_LOGIND)
    assert (130, True) == (code, "Uninstall? [y/N]" in shown), shown
    assert "active" == account.show(OWN, "ActiveState")["ActiveState"]
    code, shown = on_terminal("uninstall", "--purge", keys="y\n", env=NO_LOGIND)
    assert (0, True) == (code, "are gone from this account" in shown), shown
    assert "not-found" == account.show(OWN, "LoadState")["LoadState"]
