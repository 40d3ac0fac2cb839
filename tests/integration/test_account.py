"""The account that the other tests work on keeps its own promises."""

from pathlib import Path
from typing import Any

import pytest

DIRTY = """\
[Service]
ExecStart=/bin/sleep infinity

[Install]
WantedBy=default.target
"""


@pytest.mark.parametrize("turn", [1, 2])
def test_account_is_clean(account: Any, turn: int) -> None:
    """A test finds nothing of the one before: no unit, file, link, failure or variable."""
    assert {"desired"} == {path.name for path in (account.home / ".config/unitward").iterdir()}
    assert [] == [*account.unit_dir.iterdir(), *account.desired.iterdir()]
    assert set() == account.units("failed")
    assert "dirty.service" not in account.units()
    assert "DIRTY" not in account.systemctl("show-environment")

    (account.unit_dir / "dirty.service").write_text(DIRTY, encoding="utf-8")
    account.systemctl("enable", "--now", "dirty.service")
    account.systemctl("set-environment", f"DIRTY={turn}")
    account.run("systemd-run", "--user", "--quiet", "false")
    account.write("a/b.yaml", "x").parent.chmod(0o500)

    assert {"ActiveState": "active"} == account.show("dirty.service", "ActiveState")
    account.wait_for(lambda: 1 == len(account.units("failed")), "a transient unit fails")


@pytest.mark.parametrize("how", ["stop_manager", "kill_manager"])
def test_enabled_units_return_with_the_manager(account: Any, how: str) -> None:
    """After the manager's end its services are gone; at the next boot the enabled ones run."""
    (account.unit_dir / "kept.service").write_text(DIRTY, encoding="utf-8")
    account.systemctl("enable", "--now", "kept.service")
    before = int(account.show("kept.service", "MainPID")["MainPID"])

    getattr(account, how)()
    gone = not Path(f"/proc/{before}").exists()
    account.start_manager()

    assert gone
    after = account.show("kept.service", "ActiveState", "MainPID")
    assert "active" == after["ActiveState"]
    assert before != int(after["MainPID"])
