"""What is left of unitward after it was taken off an account."""

from functools import partial

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.machine import Machine
from tests.system.harness.person import Person
from tests.system.harness.tended import UNITS, declare, tend

WORKER = manifest(service("worker"))
OWN = "[Service]\nExecStart=/bin/sleep infinity\n\n[Install]\nWantedBy=default.target\n"


def with_a_unit_of_its_own(machine: Machine) -> Person:
    """Return an account that runs a declared unit, and one that is not unitward's."""
    ada = machine.new_person("ada")
    ada.linger(on=True)
    ada.write(f"{UNITS}/own.service", OWN)
    ada.systemctl("daemon-reload")
    ada.systemctl("enable", "--now", "own.service")
    declare(ada, WORKER)
    tend(ada)
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker runs")
    return ada


def test_uninstalled_units_run_on_and_are_back_after_a_reboot(machine: Machine) -> None:
    """Without unitward the units are the account's own: same processes, same files, same boots."""
    ada = with_a_unit_of_its_own(machine)
    before = {unit: ada.main_pid(unit) for unit in ("own.service", "worker.service")}

    said = ada.must("unitward", "uninstall", "--yes")
    assert "worker.service" in said
    assert before == {unit: ada.main_pid(unit) for unit in before}
    assert not ada.has(f"{UNITS}/unitward.service")

    machine.reboot()
    for unit in before:
        ada.wait_for(partial(ada.is_active, unit), f"{unit} is back")
    assert not ada.is_active("unitward.service")


def test_a_purge_leaves_the_account_as_it_was(machine: Machine) -> None:
    """No file, link, failed unit or process of unitward's is left; what is not its own stays."""
    ada = with_a_unit_of_its_own(machine)
    kept = ada.main_pid("own.service")

    ada.must("unitward", "uninstall", "--purge", "--yes")

    wants = f"{UNITS}/default.target.wants/own.service"
    assert {f"{UNITS}/own.service", wants} == ada.files(UNITS)
    assert set() == ada.files(".local")
    assert kept == ada.main_pid("own.service")
    for unit in ("worker.service", "unitward.service"):
        shown = ada.show(unit, "LoadState", "ActiveState")
        assert {"LoadState": "not-found", "ActiveState": "inactive"} == shown

    machine.reboot()
    ada.wait_for(lambda: ada.is_active("own.service"), "the account's own unit is back")
    assert "" == ada.systemctl("list-units", "--failed", "--plain", "--no-legend")
    assert not ada.is_active("worker.service")
