"""The bootstrap unit in an account's hands, or an administrator's."""

from typing import Final

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.installed import WHEELS
from tests.system.harness.machine import Machine
from tests.system.harness.person import Person
from tests.system.harness.tended import DESIRED, UNITS
from tests.system.harness.wheels import PROJECT

BOOTSTRAP: Final = "unitward-bootstrap.service"
SETTINGS: Final = ".config/unitward/bootstrap.env"
STAMP: Final = ".local/share/unitward/bootstrapped"
FROM_WHEELS: Final = f"UNITWARD_WHEELS={WHEELS}\n"
WORKER: Final = manifest(service("worker"))

_TEXT: Final = (PROJECT / "deploy" / BOOTSTRAP).read_text(encoding="utf-8")
_FOR_ALL: Final = "/etc/systemd/user"
_MEND_LIMIT_S: Final = 120.0


def copy_to(person: Person) -> None:
    """Copy the unit into the account and enable it, as an image would: no manager is needed."""
    person.write(f"{UNITS}/{BOOTSTRAP}", _TEXT)
    person.must("mkdir", "--parents", f"{UNITS}/default.target.wants")
    person.must("ln", "--symbolic", f"../{BOOTSTRAP}", f"{UNITS}/default.target.wants/{BOOTSTRAP}")


def copy_for_all(machine: Machine) -> None:
    """Copy the unit to where every account's manager finds it, and enable it for all."""
    machine.put(f"{_FOR_ALL}/{BOOTSTRAP}", _TEXT)
    machine.must("systemctl", "--global", "enable", BOOTSTRAP)


def new_account(machine: Machine, settings: str, units: str) -> Person:
    """Add an account with the unit, its settings and a desired folder, and start its manager."""
    person = machine.new_person("ada")
    person.write(SETTINGS, settings)
    person.write(f"{DESIRED}/units.yaml", units)
    copy_to(person)
    person.linger(on=True)
    return person


def wait_until_done(person: Person, unit: str) -> None:
    """Wait until the bootstrap is over and a declared unit runs."""
    machine = person.machine
    machine.wait_for(lambda: person.has(STAMP), f"{person.name} is installed", limit=_MEND_LIMIT_S)
    person.wait_for(lambda: person.is_active("unitward.service"), "unitward runs")
    person.wait_for(lambda: person.is_active(unit), f"{unit} runs")
    person.wait_for(
        lambda: person.show(BOOTSTRAP, "ActiveState") == {"ActiveState": "inactive"},
        "the bootstrap has ended",
    )


def wait_until_said(person: Person, *texts: str) -> None:
    """Wait until the journal has each of the texts from the bootstrap unit."""
    person.machine.wait_for(
        lambda: all(text in person.said(BOOTSTRAP) for text in texts),
        f"{BOOTSTRAP} says: {texts}",
        limit=_MEND_LIMIT_S,
    )
