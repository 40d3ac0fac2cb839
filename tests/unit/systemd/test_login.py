"""Lingering: what happens where logind cannot be asked."""

import socket
from pathlib import Path

import pytest

from unitward.systemd.login import LoginUnavailableError, linger_command, set_linger


def test_the_one_command() -> None:
    """What an administrator types is a whole command."""
    assert "sudo loginctl enable-linger ada" == linger_command("ada")
    assert "sudo loginctl disable-linger ada" == linger_command("ada", enabled=False)


async def test_no_system_bus(tmp_path: Path) -> None:
    """A container without a system bus is told as such, with the address that was tried."""
    env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none"}

    with pytest.raises(LoginUnavailableError, match="No such file") as caught:
        await set_linger(1000, enabled=True, env=env)

    assert str(tmp_path) in str(caught.value)
    assert "container" in caught.value.hint


async def test_a_bus_that_is_silent(tmp_path: Path) -> None:
    """A socket that nobody serves is given up within the limit."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/bus"}

        with pytest.raises(LoginUnavailableError, match=r"within 0\.2 s"):
            await set_linger(1000, enabled=True, env=env, limit_seconds=0.2)
