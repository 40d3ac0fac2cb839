"""Lingering, asked for on real buses; the machine's own logind is left alone."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast.aio import MessageBus

from unitward.systemd.login import LoginUnavailableError, NotPermittedError, set_linger

# As the system bus has it (dbus-daemon(1), "system.conf"): what no policy allows is refused.
POLICY = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="org.freedesktop.login1"/>
    <deny send_type="method_call"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
</busconfig>
"""


@pytest.fixture
def strict_bus(account: Any, tmp_path: Path) -> Iterator[str]:
    """Give the address of a real bus with the policy of a system bus."""
    socket = tmp_path / "bus"
    config = tmp_path / "bus.conf"
    config.write_text(POLICY.format(path=socket))
    process = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"]
    )
    try:
        account.wait_for(socket.exists, "the bus listens")
        yield f"unix:path={socket}"
    finally:
        process.kill()
        process.wait(30)


async def test_a_refusal_names_the_one_command(strict_bus: str) -> None:
    """An account that may not decide that itself learns what an administrator types.

    The bus refuses the call, so whoever has logind's name never sees it.
    """
    owner = await MessageBus(bus_address=strict_bus).connect()
    try:
        await owner.request_name("org.freedesktop.login1")
        with pytest.raises(NotPermittedError) as caught:
            await set_linger(os.getuid(), enabled=True, env={"DBUS_SYSTEM_BUS_ADDRESS": strict_bus})
    finally:
        owner.disconnect()

    assert caught.value.hint.startswith("sudo loginctl enable-linger ")


async def test_a_bus_without_logind(bus: str) -> None:
    """Where nobody answers to logind's name, that is said, and no command that cannot work."""
    with pytest.raises(LoginUnavailableError) as caught:
        await set_linger(os.getuid(), enabled=True, env={"DBUS_SYSTEM_BUS_ADDRESS": bus})

    assert "logind cannot be asked" in str(caught.value)
    assert "loginctl" not in caught.value.hint
