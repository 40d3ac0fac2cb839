"""Accounts that are not a person's usual one."""

from functools import partial

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.machine import Machine
from tests.system.harness.tended import declare, sync, tend

WORKER = manifest(service("worker"))


def test_a_system_account_is_tended_as_a_persons(machine: Machine) -> None:
    """A uid below 1000 has no journal of its own; its units run, and are back after a boot."""
    backup = machine.new_service_account("backup-agent")
    assert backup.uid < 1000
    backup.linger(on=True)
    declare(backup, WORKER)
    tend(backup)
    backup.wait_for(lambda: backup.is_active("worker.service"), "the worker runs")

    machine.reboot()

    backup.wait_for(lambda: backup.is_active("worker.service"), "the worker is back")
    sync(backup)


def test_two_accounts_of_a_machine_do_not_meet(machine: Machine) -> None:
    """Units of the same name in two accounts are two units; removing one leaves the other."""
    ada, bob = machine.new_person("ada"), machine.new_person("bob")
    for person in (ada, bob):
        person.linger(on=True)
        declare(person, WORKER)
        tend(person)
    for person in (ada, bob):
        person.wait_for(partial(person.is_active, "worker.service"), "the worker runs")
    kept = bob.main_pid("worker.service")

    declare(ada, manifest(removed="[worker.service]"))
    ada.wait_for(lambda: not ada.is_active("worker.service"), "ada's worker is gone")

    sync(bob)
    assert kept == bob.main_pid("worker.service")


def test_an_account_without_a_bus_is_tended_over_the_private_socket(machine: Machine) -> None:
    """Without dbus-user-session units are installed, changed, removed, and back at boot."""
    machine.must("dpkg", "--purge", "--force-depends", "dbus-user-session")
    ada = machine.new_person("ada")
    ada.linger(on=True)
    assert 0 != machine.run("stat", f"/run/user/{ada.uid}/bus").returncode
    declare(ada, manifest(service("worker"), service("other")))
    tend(ada)
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker runs")
    before = ada.main_pid("worker.service")

    declare(ada, manifest(service("worker", "/bin/sleep 3600"), removed="[other.service]"))
    ada.wait_for(lambda: ada.main_pid("worker.service") not in {0, before}, "the change is applied")
    ada.wait_for(lambda: not ada.is_active("other.service"), "the removed unit is gone")

    machine.reboot()
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker is back")
    sync(ada)
