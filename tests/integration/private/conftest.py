"""An account without a bus: all that is there is the manager's private socket."""

from collections.abc import Iterator

import pytest
from tests.integration.loop.conftest import Loop, loop
from tests.integration.systemd.conftest import manager, unit

from unitward.errors import SandboxError
from unitward.systemd.sandbox import Sandbox, open_sandbox

__all__ = ["Loop", "loop", "manager", "manager_session", "unit"]


@pytest.fixture(scope="session")
def manager_session() -> Iterator[Sandbox]:
    """Boot a manager without a bus for this worker."""
    try:
        with open_sandbox(has_bus=False) as booted:
            yield booted
    except SandboxError as error:
        pytest.fail(f"{error}\nThese tests need a user manager of their own: run `make test`.")
