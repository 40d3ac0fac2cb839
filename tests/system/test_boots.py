"""Units of an account over logins, logouts and boots."""

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.machine import Machine
from tests.system.harness.tended import declare, sync, tend

WORKER = manifest(service("worker"))


def test_linger_brings_units_back_at_boot_without_a_login(machine: Machine) -> None:
    """After a reboot and after a power cut the declared unit runs, and nobody logged in."""
    ada = machine.new_person("ada")
    ada.linger(on=True)
    declare(ada, WORKER)
    tend(ada)
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker runs")

    for switch_off_and_on in (machine.reboot, machine.power_cut_and_boot):
        switch_off_and_on()
        ada.wait_for(lambda: ada.is_active("unitward.service"), "unitward is back")
        ada.wait_for(lambda: ada.is_active("worker.service"), "the worker is back")
        sync(ada)
        assert not ada.has_session()


def test_without_linger_units_live_from_login_to_logout(machine: Machine) -> None:
    """The last logout ends unitward and the units; the next login brings both back."""
    machine.let_managers_go_at_once()
    ada = machine.new_person("ada")
    session = ada.login()
    declare(ada, WORKER)
    tend(ada)
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker runs")
    before = ada.main_pid("worker.service")

    session.logout()
    ada.wait_for(lambda: not ada.has_manager(), "its manager is gone")
    assert 0 != machine.run("kill", "-0", str(before)).returncode

    ada.login()
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker is back")
    assert ada.is_active("unitward.service")
    assert ada.main_pid("worker.service") != before


def test_with_linger_a_logout_changes_nothing(machine: Machine) -> None:
    """Login and logout of a lingering account leave the processes that run."""
    machine.let_managers_go_at_once()
    ada = machine.new_person("ada")
    ada.linger(on=True)
    declare(ada, WORKER)
    tend(ada)
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker runs")
    before = ada.main_pid("worker.service"), ada.main_pid("unitward.service")

    ada.login().logout()
    ada.wait_for(lambda: not ada.has_session(), "the session is gone")
    sync(ada)

    assert before == (ada.main_pid("worker.service"), ada.main_pid("unitward.service"))


def test_what_was_declared_while_switched_off_runs_after_the_boot(machine: Machine) -> None:
    """A folder that changed between two boots counts at the second one, removals included."""
    ada = machine.new_person("ada")
    ada.linger(on=True)
    declare(ada, manifest(service("old")))
    tend(ada)
    ada.wait_for(lambda: ada.is_active("old.service"), "the old unit runs")
    ada.systemctl("stop", "unitward.service")
    declare(ada, manifest(service("new"), removed="[old.service]"))

    machine.reboot()

    ada.wait_for(lambda: ada.is_active("new.service"), "the new unit runs")
    ada.wait_for(lambda: not ada.has(".config/systemd/user/old.service"), "the old one is gone")
    ada.wait_for(lambda: not ada.is_active("old.service"), "the old one does not run")
