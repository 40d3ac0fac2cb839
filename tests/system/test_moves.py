"""An account whose machine changes under it."""

from collections.abc import Callable

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.machine import Machine
from tests.system.harness.person import Person
from tests.system.harness.tended import INSTALLED, SETTINGS, UNITS, declare, status, sync, tend

from unitward.errors import Exit

CONFIG = ".config/unitward/config.yaml"
WORKER = manifest(service("worker"))


def standing(person: Person) -> str:
    """Return path, inode, time and link target of everything in the unit folder."""
    listed = person.must("find", UNITS, "-printf", "%p %i %T@ %C@ %l\n")
    return "\n".join(sorted(listed.splitlines()))


def test_another_host_name_changes_nothing(machine: Machine) -> None:
    """A renamed machine is the same machine, while it runs and after a reboot, removals too."""
    ada = machine.new_person("ada")
    ada.linger(on=True)
    declare(ada, WORKER)
    declare(ada, manifest(*(service(f"idle{n}") for n in range(3))), "idle.yaml")
    tend(ada)
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker runs")
    files, pid = standing(ada), ada.main_pid("worker.service")

    machine.must("hostname", "renamed")
    machine.put("/etc/hostname", "renamed\n")
    sync(ada)
    assert (files, pid) == (standing(ada), ada.main_pid("worker.service"))

    machine.reboot()
    assert "renamed\n" == machine.must("hostname")
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker is back")
    sync(ada)
    assert files == standing(ada)

    declare(ada, manifest(*(service(f"idle{n}") for n in range(2))), "idle.yaml")
    sync(ada)
    ada.wait_for(lambda: not ada.is_active("idle2.service"), "what is declared no more is gone")
    assert [] == status(ada)["held"]


def test_install_writes_down_who_this_is(machine: Machine) -> None:
    """R2: the static host name at that time; another identity removes nothing until approved."""
    machine.put("/etc/hostname", "alpha\n")
    machine.must("hostname", "by-the-network")
    ada = machine.new_person("ada")
    ada.linger(on=True)
    declare(ada, manifest(*(service(f"idle{n}") for n in range(5))))
    installed = ada.run("unitward", "install", "--yes")
    assert installed.returncode in INSTALLED, installed.stdout + installed.stderr
    written = ada.read(CONFIG)
    assert "\nidentity: ada@alpha\n" in written

    ada.write(CONFIG, f"{SETTINGS}identity: ada@beta\n")
    ada.systemctl("reload", "unitward.service")
    declare(ada, manifest(*(service(f"idle{n}") for n in range(4))))
    assert Exit.NOT_CONVERGED == ada.run("unitward", "sync").returncode
    said = ada.must("unitward", "status")
    assert "the identity changed from ada@alpha to ada@beta, so nothing is removed" in said
    assert ada.is_active("idle4.service")

    [held] = status(ada)["held"]
    ada.must("unitward", "approve", held["digest"])
    ada.wait_for(lambda: not ada.is_active("idle4.service"), "approved, it goes")


def test_a_home_from_another_machine_is_foreign_and_left_as_it_is(
    new_machine: Callable[..., Machine],
) -> None:
    """N3: on the new machine unitward says whose the home is, and no file of it changes."""
    machine = new_machine()
    machine.boot()
    ada = machine.new_person("ada")
    ada.linger(on=True)
    declare(ada, WORKER)
    tend(ada)
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker runs")
    machine.shut_down()

    machine.give_machine_id()
    machine.boot()
    restored = standing(ada)
    ada.wait_for(lambda: "another machine" in ada.said("unitward.service"), "unitward says it")
    declare(ada, manifest(service("worker", "/bin/sleep 3600")))
    refused = ada.run("unitward", "apply")
    assert 0 != refused.returncode
    assert "another machine" in refused.stderr
    assert restored == standing(ada)

    ada.must("mv", ".local/state/unitward", "moved-away")
    ada.wait_for(lambda: ada.is_active("unitward.service"), "unitward runs")
    blocked = ada.run("unitward", "sync")
    assert "the mark of another unitward installation" in blocked.stdout
    assert restored == standing(ada)
    assert ada.is_active("worker.service")

    ada.must("unitward", "adopt", "worker.service")
    sync(ada)
    ada.wait_for(
        lambda: "sleep 3600" in ada.show("worker.service", "ExecStart")["ExecStart"], "it is ours"
    )
