"""What is tried for long: `make chaos`. The seed and the figures are printed at the end.

CHAOS_SEED: of everything that is drawn. CHAOS_KILLS: kills on each side of each kind of action.
CHAOS_INSTANTS: kills at random moments. CHAOS_SOAK: length of the soak, CHAOS_FUZZ: of the fuzzing,
such as 30min.
"""

import os
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.conftest import account, fresh_account, manager_session
from tests.integration.loop.conftest import Loop, loop

from unitward.model.timespan import parse_timespan

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["account", "loop", "manager_session"]

SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(1 << 32))
TABLES = pytest.StashKey[list[str]]()


def seconds(name: str, usual: str) -> float:
    """Return the length of time that a variable of the environment gives."""
    found = parse_timespan(os.environ.get(name) or usual)
    assert found, f"{name}: not a length of time"
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Have a place for what is printed at the end."""
    config.stash[TABLES] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the seed and the figures."""
    terminalreporter.section("chaos")
    terminalreporter.write_line(f"CHAOS_SEED={SEED}\n")
    for text in config.stash[TABLES]:
        terminalreporter.write_line(f"{text}\n")


@pytest.fixture
def seed() -> int:
    """Give the seed of everything that is drawn."""
    return SEED


@pytest.fixture
def tables(pytestconfig: pytest.Config) -> list[str]:
    """Give the list of what is printed at the end; a test appends its figures."""
    return pytestconfig.stash[TABLES]


@pytest.fixture(scope="module")
def long_loop(manager_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Give a daemon, not started, on an account that all tests of a module share."""
    folder: Path = tmp_path_factory.mktemp("chaos")
    with fresh_account(manager_session) as made:
        daemon = Loop(made, folder)
        yield daemon
        daemon.close()
