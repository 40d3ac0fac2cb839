"""Reaching a real manager, calling it within limits, and leaving nothing behind."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unitward.errors import ManagerTimeoutError, ManagerUnreachableError
from unitward.systemd.connection import manager_call
from unitward.systemd.events import Disconnected, Event
from unitward.systemd.manager import Manager
from unitward.systemd.signals import subscribe

Unit = Callable[..., str]


def open_files() -> set[str]:
    """Return the file descriptors of this process."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


async def test_subscribing_twice_is_no_error(manager: Manager) -> None:
    """A client that is subscribed already may ask again."""
    await subscribe(manager._connection)

    assert await manager.system_state()


async def test_thousands_of_calls_in_one_batch(manager: Manager) -> None:
    """A batch far larger than the socket's buffer is answered whole and in order."""
    names = [f"u{number}.service" for number in range(3000)]

    replies = await manager._connection.call_all(
        [manager_call("LoadUnit", "s", [name]) for name in names]
    )
    paths = [reply[0] for reply in replies if isinstance(reply, list)]

    assert len(paths) == 3000
    assert paths[0].endswith("/u0_2eservice")
    assert paths[-1].endswith("/u2999_2eservice")


async def test_a_call_ends_at_its_limit(manager: Manager) -> None:
    """A call that is not answered in time raises, names the call, and harms no later one."""
    with pytest.raises(ManagerTimeoutError, match=r"Reload within 0\.001 s"):
        await manager._connection.call(manager_call("Reload"), limit_seconds=0.001)

    assert await manager.system_state()


async def test_connecting_has_a_limit_too(account: Any) -> None:
    """A bus that does not answer in time is unreachable."""
    with pytest.raises(ManagerUnreachableError, match="no answer within"):
        await Manager.connect(account.env, limit_seconds=1e-6)


async def test_a_call_across_the_end_of_the_connection_fails(account: Any) -> None:
    """Closing while a call is under way ends that call with one of our errors."""
    manager = await Manager.connect(account.env)
    call = asyncio.create_task(manager.reload())
    await asyncio.sleep(0.01)
    await manager.close()

    with pytest.raises(ManagerUnreachableError, match="Reload"):
        await call


async def test_close_leaves_nothing_behind(account: Any) -> None:
    """After close no task and no file descriptor of the connection is left; no event is told."""
    events: list[Event] = []
    tasks, files = asyncio.all_tasks(), open_files()
    manager = await Manager.connect(account.env)
    manager.listen(events.append)
    await manager.system_state()
    await manager.close()
    await manager.close()
    await asyncio.sleep(0)

    assert tasks == asyncio.all_tasks()
    assert files == open_files()
    assert Disconnected() not in events


async def test_a_stale_address_does_not_hide_the_manager(account: Any) -> None:
    """DBUS_SESSION_BUS_ADDRESS of an ended session does not keep the manager from being found."""
    for stale in ("unix:path=/nonexistent/bus", "garbage", "autolaunch:", "disabled:"):
        manager = await Manager.connect(dict(account.env) | {"DBUS_SESSION_BUS_ADDRESS": stale})
        state = await manager.system_state()
        await manager.close()

        assert state


@pytest.mark.parametrize("value", ["", "/nonexistent"])
async def test_unreachable_says_what_to_do(value: str) -> None:
    """Without a way to a manager the error says what is missing, and what to type."""
    with pytest.raises(ManagerUnreachableError) as unreachable:
        await Manager.connect({"XDG_RUNTIME_DIR": value})

    assert "XDG_RUNTIME_DIR" in str(unreachable.value)
    assert "enable-linger" in unreachable.value.hint or "export" in unreachable.value.hint


async def test_a_bus_without_a_manager_is_told(tmp_path: Path) -> None:
    """A bus on which no manager is, as dbus-run-session gives, is not taken for one."""
    address = f"unix:path={tmp_path}/bus"
    bus = await asyncio.create_subprocess_exec(
        *("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"),
        *("--print-address=1",),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert bus.stdout is not None
    try:
        await asyncio.wait_for(bus.stdout.readline(), 10)

        with pytest.raises(ManagerUnreachableError) as unreachable:
            await Manager.connect({"XDG_RUNTIME_DIR": str(tmp_path)})
    finally:
        bus.terminate()
        await bus.communicate()

    assert f"no user manager runs in {tmp_path}" in str(unreachable.value)
