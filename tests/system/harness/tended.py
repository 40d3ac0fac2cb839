"""An account whose units unitward keeps, and what a test asks about it."""

import json
from typing import Any, Final

from tests.system.harness.person import Person

from unitward.errors import Exit

DESIRED: Final = ".config/unitward/desired"
UNITS: Final = ".config/systemd/user"
SETTINGS: Final = "settle: 50ms\nstop_grace: 0s\nprune_after: 0s\n"

INSTALLED: Final = {Exit.OK, Exit.NOT_CONVERGED}


def declare(person: Person, text: str, name: str = "units.yaml") -> None:
    """Write one file of the desired-state folder."""
    person.write(f"{DESIRED}/{name}", text)


def tend(person: Person) -> None:
    """Install unitward for the account, which has a manager; return after its first pass."""
    person.write(".config/unitward/config.yaml", SETTINGS)
    installed = person.run("unitward", "install", "--yes")
    assert installed.returncode in INSTALLED, installed.stdout + installed.stderr


def sync(person: Person) -> None:
    """Wait until unitward runs and have it make a pass."""
    person.wait_for(lambda: person.is_active("unitward.service"), "unitward runs")
    person.must("unitward", "sync")


def status(person: Person) -> dict[str, Any]:
    """Return the document of `unitward status`."""
    document: dict[str, Any] = json.loads(person.must("unitward", "status", "--output=json"))
    return document


def unit_status(person: Person, unit: str) -> dict[str, Any]:
    """Return what `unitward status` says about one unit."""
    return next(found for found in status(person)["units"] if found["name"] == unit)
