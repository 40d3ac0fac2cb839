"""The private socket of a real manager: reaching it, asking much of it, hearing it, losing it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from unitward.errors import ManagerUnreachableError
from unitward.model.unitstate import JobResult
from unitward.systemd.connection import UNIT, all_properties, manager_call
from unitward.systemd.events import (
    BusAppeared,
    Disconnected,
    Event,
    JobFinished,
    ReloadFinished,
    UnitChanged,
)
from unitward.systemd.jobs import JobRequest, Verb
from unitward.systemd.manager import Manager
from unitward.systemd.units import path_of

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"
CONNECTS = 200
UNITS = 100


@pytest.fixture
async def manager(account: Any) -> AsyncIterator[Manager]:
    """Connect to the throw-away manager."""
    connected = await Manager.connect(account.env)
    yield connected
    await connected.close()


@pytest.fixture
def events(manager: Manager) -> list[Event]:
    """Collect every event from here on."""
    heard: list[Event] = []
    manager.listen(heard.append)
    return heard


async def until(heard: list[Event], event: Event) -> None:
    """Wait until an event was heard."""
    async with asyncio.timeout(20):
        while event not in heard:  # noqa: ASYNC110 - the list is what the tests look at
            await asyncio.sleep(0.01)


def write(account: Any, name: str, text: str) -> str:
    """Write a unit file under a name not used before; returns the name."""
    (account.unit_dir / name).write_text(text)
    return name


def open_files() -> set[Path]:
    """Return the file descriptors of this process."""
    return set(Path("/proc/self/fd").iterdir())


async def test_every_connect_succeeds(account: Any) -> None:
    """200 connects in a row each get an answer, and leave no task and no file descriptor."""
    tasks, files = asyncio.all_tasks(), open_files()
    states = set()
    for _ in range(CONNECTS):
        manager = await Manager.connect(account.env, limit_seconds=5)
        assert manager.private
        states.add(await manager.system_state())
        await manager.close()

    assert {"running"} == states
    assert tasks == asyncio.all_tasks()
    assert files == open_files()


async def test_many_at_once(account: Any) -> None:
    """Fifty connections at the same time are all served."""
    managers = await asyncio.gather(*(Manager.connect(account.env) for _ in range(50)))
    states = await asyncio.gather(*(manager.system_state() for manager in managers))
    for manager in managers:
        await manager.close()

    assert ["running"] * 50 == states


async def test_a_dead_socket_is_named(account: Any) -> None:
    """Where a socket has nobody behind it, the error names it and says what to do."""
    tmp_path = account.home
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd/private").touch()
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}

    with pytest.raises(ManagerUnreachableError) as unreachable:
        await Manager.connect(env)

    assert f"{tmp_path}/systemd/private: Connection refused" in str(unreachable.value)
    assert f"{tmp_path}/bus: No such file" in str(unreachable.value)
    assert "systemctl" in unreachable.value.hint


async def test_big_replies_and_partial_writes(account: Any, manager: Manager) -> None:
    """Far more than a socket's buffer, in both directions, arrives whole and in order."""
    names = [write(account, f"b{n}.service", SLEEP) for n in range(UNITS)]
    long = [f"n{n}{'x' * 200}.service" for n in range(5000)]

    listed = await manager.list_units([*names, *long])
    details = await manager.details(names)
    calls = [all_properties(path_of(name), UNIT) for name in names for _ in range(10)]
    replies = await manager._connection.call_all(calls)

    assert UNITS + 5000 == len(listed)
    assert {"not-found"} == {listed[name].load for name in long}
    assert [f"/{name}" for name in names] == [
        details[name].fragment_path.removeprefix(str(account.unit_dir)) for name in names
    ]
    ids = [reply[0]["Id"].value for reply in replies if isinstance(reply, list)]
    assert [name for name in names for _ in range(10)] == ids


async def test_all_that_a_pass_asks(account: Any, manager: Manager) -> None:
    """Facts, links, jobs and reloads work as over a bus; a refusal has its name."""
    name = write(account, "api.service", f"{SLEEP}[Install]\nWantedBy=default.target\n")
    facts = await manager.facts()
    changes = await manager.enable([name])
    await manager.reload()
    job = await manager.start(name)
    results = await manager.wait([job], limit_seconds=20)
    [missing] = await manager.submit([JobRequest(Verb.START, "none.service")])
    loaded = await manager.facts()
    masked = await manager.mask(["other.service"])
    unmasked = await manager.unmask(["other.service"])

    assert facts.private
    assert {job: JobResult.DONE} == results
    assert [str(account.unit_dir / "default.target.wants/api.service")] == [c.path for c in changes]
    assert "active" == account.show(name, "ActiveState")["ActiveState"]
    assert "NoSuchUnit" in getattr(missing, "name", "")
    assert facts.loaded_at < loaded.loaded_at
    assert facts.life == loaded.life
    assert (1, 1) == (len(masked), len(unmasked))


async def test_only_watched_units_are_told(
    account: Any, manager: Manager, events: list[Event]
) -> None:
    """Of all the signals on the private socket, those of watched units become events, once each."""
    watched, other = (write(account, name, SLEEP) for name in ("w.service", "o.service"))
    manager.watch([watched])
    for name in (other, watched):
        account.systemctl("start", name)
    await until(events, UnitChanged(watched, "active", "running"))
    account.systemctl("daemon-reload")
    await until(events, ReloadFinished())
    account.systemctl("stop", watched)
    await until(events, UnitChanged(watched, "inactive", "dead"))
    async with asyncio.timeout(20):
        while len([e for e in events if isinstance(e, JobFinished)]) < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)

    assert {watched} == {e.name for e in events if isinstance(e, UnitChanged)}
    assert [watched] * 2 == [e.unit for e in events if isinstance(e, JobFinished)]
    assert 1 == events.count(ReloadFinished())


@pytest.mark.parametrize("end", ["reexec", "stop_manager", "kill_manager"])
async def test_the_end_of_the_connection(
    account: Any, manager: Manager, events: list[Event], end: str
) -> None:
    """A manager that ends, or executes itself anew, is told once; the next connection works."""
    name = write(account, "long.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 60\n")
    job = await manager.start(name)
    waiting = asyncio.create_task(manager.wait([job], limit_seconds=60))
    life = (await manager.facts()).life

    if end == "reexec":
        account.systemctl("daemon-reexec")
    else:
        await asyncio.to_thread(getattr(account, end))
    await until(events, Disconnected())
    async with asyncio.timeout(5):
        assert (await waiting)[job] in {None, JobResult.CANCELED}
    with pytest.raises(ManagerUnreachableError):
        await manager.system_state()
    if end != "reexec":
        with pytest.raises(ManagerUnreachableError):
            await Manager.connect(account.env)
        await asyncio.to_thread(account.start_manager)
    again = await Manager.connect(account.env)
    facts = await again.facts()
    await again.close()

    assert 1 == events.count(Disconnected())
    assert (life == facts.life) is (end == "reexec")


async def test_a_call_that_is_not_answered(manager: Manager) -> None:
    """Closing in the middle of a call fails it, without a word of the end."""
    call = asyncio.create_task(manager._connection.call(manager_call("Reload")))
    await asyncio.sleep(0)
    await manager.close()

    with pytest.raises(ManagerUnreachableError, match="Reload"):
        await call


async def test_a_bus_that_appears_is_told(account: Any, events: list[Event]) -> None:
    """When the account gets a bus, that is told, and the next connection goes over it."""
    account.give_bus()
    await until(events, BusAppeared())
    again = await Manager.connect(account.env)
    over_bus = not again.private
    state = await again.system_state()
    await again.close()

    assert over_bus
    assert "running" == state
