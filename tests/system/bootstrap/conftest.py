"""Machines for accounts that begin empty: wheels are there, unitward is not."""

from collections.abc import Callable

import pytest
from tests.system.harness.machine import Machine


@pytest.fixture
def machine(new_machine: Callable[..., Machine]) -> Machine:
    """Give a machine that is up and has a wheel folder, but no unitward."""
    made = new_machine(has_unitward=False)
    made.boot()
    return made
