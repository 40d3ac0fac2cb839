"""What the tests of the systemd room share: a connected manager and units written on the way."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from unitward.systemd.events import Event
from unitward.systemd.manager import Manager

WriteUnit = Callable[..., str]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Give a folder whose path leaves room for a socket's name (unix(7): 107 bytes in all).

    pytest's own is too long for that in a worker of xdist.
    """
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


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


@pytest.fixture
def unit(account: Any) -> WriteUnit:
    """Write units under names not used before, so that none needs a reload."""
    numbers = itertools.count()

    def write(text: str, suffix: str = ".service") -> str:
        name = f"unit{next(numbers)}{suffix}"
        (account.unit_dir / name).write_text(text)
        return name

    return write
