"""What a manager says of itself."""

import time
from typing import Any

import pytest

from unitward.errors import ManagerUnreachableError
from unitward.systemd.vitals import read_vitals


async def test_vitals_of_a_real_manager(account: Any) -> None:
    """Version, state, start and the units asked for are those that systemctl tells."""
    (account.unit_dir / "a.service").write_text("[Service]\nExecStart=/bin/sleep infinity\n")
    account.systemctl("daemon-reload")
    account.systemctl("start", "a.service")

    vitals = await read_vitals(account.env, ["a.service", "none.service"])

    assert vitals.version.major >= 249
    assert vitals.version.text == account.systemctl("show", "-P", "Version").strip()
    assert vitals.state in {"running", "starting"}
    assert 0 < time.time() - vitals.started_at < 600
    assert 0 < time.monotonic() - vitals.started_monotonic < 600
    assert str(account.unit_dir) in vitals.unit_path
    assert vitals.control_group.startswith("/")
    assert "active" == vitals.details["a.service"].active_state
    assert "not-found" == vitals.details["none.service"].load_state


async def test_no_manager(account: Any) -> None:
    """Without a manager there is an error of ours, and nothing is left open."""
    account.kill_manager()

    with pytest.raises(ManagerUnreachableError):
        await read_vitals(account.env, [])
