"""What is tried for long: `make chaos`. The seed and the figures are printed at the end.

Tests run in several workers, a file of tests in one of them.

CHAOS_SEED: of everything that is drawn. CHAOS_KILLS: kills on each side of each kind of action.
CHAOS_INSTANTS: kills at random moments. CHAOS_SOAK: length of the soak, CHAOS_FUZZ: of the fuzzing,
such as 30min.
"""

import os
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.conftest import account, bus, fresh_account, manager_session
from tests.integration.loop.conftest import Loop, loop

from unitward.model.timespan import parse_timespan

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["account", "bus", "loop", "manager_session"]

# Workers are started with the environment of the process that starts them, and so share its seed.
SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(1 << 32))
os.environ["CHAOS_SEED"] = str(SEED)
FIGURES = "figures"


def seconds(name: str, usual: str) -> float:
    """Return the length of time that a variable of the environment gives."""
    found = parse_timespan(os.environ.get(name) or usual)
    assert found, f"{name}: not a length of time"
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seed and the figures."""
    terminalreporter.section("chaos")
    terminalreporter.write_line(f"CHAOS_SEED={SEED}\n")
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, text in report.user_properties:
                if name == FIGURES:
                    terminalreporter.write_line(str(text))


@pytest.fixture
def seed() -> int:
    """Give the seed of everything that is drawn."""
    return SEED


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Give what takes a line of figures to be printed at the end."""
    return lambda line: record_property(FIGURES, line)


@pytest.fixture(scope="module")
def long_loop(manager_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Give a daemon, not started, on an account that all tests of a module share."""
    folder: Path = tmp_path_factory.mktemp("chaos")
    with fresh_account(manager_session) as made:
        daemon = Loop(made, folder)
        yield daemon
        daemon.close()
