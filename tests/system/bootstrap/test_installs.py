"""From an empty account to a running unitward, by copying files."""

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.bootstrapped import (
    BOOTSTRAP,
    FROM_WHEELS,
    SETTINGS,
    STAMP,
    WORKER,
    copy_for_all,
    copy_to,
    new_account,
    wait_until_done,
)
from tests.system.harness.machine import Machine
from tests.system.harness.tended import DESIRED


def test_a_copied_file_installs_unitward_at_boot_and_only_once(machine: Machine) -> None:
    """The first boot installs and starts everything without a login; later boots only start."""
    ada = machine.new_person("ada")
    ada.write(SETTINGS, f"{FROM_WHEELS}UNITWARD_CONFIG_SETTLE=70ms\n")
    ada.write(f"{DESIRED}/units.yaml", WORKER)
    copy_to(ada)
    machine.must("mkdir", "--parents", "/var/lib/systemd/linger")
    machine.must("touch", "/var/lib/systemd/linger/ada")

    machine.reboot()
    wait_until_done(ada, "worker.service")
    program = ".local/share/unitward/current/bin/unitward"
    assert f"{ada.home}/{program} run" in ada.must("systemctl", "--user", "cat", "unitward.service")
    assert "settle: 70ms" in ada.read(".config/unitward/config.yaml")
    assert not ada.has_session()

    machine.reboot()
    ada.wait_for(lambda: ada.is_active("worker.service"), "the worker is back")
    ada.wait_for(lambda: ada.is_active("unitward.service"), "unitward is back")
    shown = ada.show(BOOTSTRAP, "Result", "ActiveState", "ExecMainStartTimestampMonotonic")
    assert shown == {
        "Result": "exec-condition",
        "ActiveState": "inactive",
        "ExecMainStartTimestampMonotonic": "0",
    }


def test_a_replaced_python_is_made_up_for(machine: Machine) -> None:
    """Where the distribution took away the Python of the program, it is made anew and runs."""
    ada = new_account(machine, FROM_WHEELS, WORKER)
    wait_until_done(ada, "worker.service")
    python = f"{ada.home}/.local/share/unitward/current/bin/python"
    ada.must("ln", "--symbolic", "--force", "/usr/bin/python3.of-yesterday", f"{python}3")
    ada.must("ln", "--symbolic", "--force", "/usr/bin/python3.of-yesterday", python)
    machine.reboot()
    machine.wait_for(
        lambda: ada.run(python, "-c", "").returncode == 0, "the program is made anew", limit=120.0
    )
    wait_until_done(ada, "worker.service")


def test_a_purge_is_not_taken_back_by_the_unit_for_all_accounts(machine: Machine) -> None:
    """What the account cannot disable is kept from acting by the file that is left behind."""
    ada = machine.new_person("ada")
    ada.write(SETTINGS, FROM_WHEELS)
    ada.write(f"{DESIRED}/units.yaml", WORKER)
    copy_for_all(machine)
    ada.linger(on=True)
    wait_until_done(ada, "worker.service")
    program = f"{ada.home}/.local/share/unitward/current/bin/unitward"
    said = ada.must(program, "uninstall", "--purge", "--yes")
    assert "kept: ~/.local/share/unitward/bootstrapped" in said
    machine.reboot()
    ada.wait_for(
        lambda: ada.show(BOOTSTRAP, "Result") == {"Result": "exec-condition"}, "it is asked"
    )
    assert {STAMP} == ada.files(".local")
    assert not ada.is_active("unitward.service")


def test_one_file_for_all_accounts_acts_for_those_that_are_named(machine: Machine) -> None:
    """Of three accounts, one has settings, one is named by the machine, one stays untouched."""
    ada, bob, eve = (machine.new_person(name) for name in ("ada", "bob", "eve"))
    ada.write(SETTINGS, FROM_WHEELS)
    machine.put("/etc/unitward/accounts.d/bob.env", FROM_WHEELS)
    for person in (ada, bob):
        person.write(f"{DESIRED}/units.yaml", WORKER)
    copy_for_all(machine)
    empty = eve.files()

    for person in (ada, bob, eve):
        person.linger(on=True)
    for person in (ada, bob):
        wait_until_done(person, "worker.service")

    assert {"ConditionResult": "no"} == eve.show(BOOTSTRAP, "ConditionResult")
    assert empty == eve.files()
    assert eve.manager_is_up()


def test_a_power_cut_in_the_middle_is_made_up_for(machine: Machine) -> None:
    """What a half-done installation left is replaced at the next boot."""
    ada = new_account(machine, FROM_WHEELS, WORKER)
    versions = ".local/share/unitward/versions"
    ada.wait_for(lambda: ada.run("find", versions, "-name", "pip").stdout, "pip is at work")
    assert not ada.has(STAMP)
    machine.power_cut_and_boot()
    wait_until_done(ada, "worker.service")


def test_the_administrator_upgrades_and_the_bootstrap_does_not_take_it_back(
    machine: Machine,
) -> None:
    """A bootstrap that runs again, its stamp lost, leaves the versions as they are."""
    ada = new_account(machine, FROM_WHEELS, WORKER)
    wait_until_done(ada, "worker.service")
    root = f"{ada.home}/.local/share/unitward"
    version = ada.must("readlink", f"{root}/current").strip().removeprefix("versions/")
    ada.must("cp", "--archive", f"{root}/versions/{version}", f"{root}/versions/99")
    ada.must("ln", "--symbolic", "--force", "--no-dereference", "versions/99", f"{root}/current")
    complete = f"{root}/versions/{version}/.complete"
    ada.must("rm", STAMP, complete)
    before = ada.main_pid("worker.service")

    ada.systemctl("start", BOOTSTRAP)
    wait_until_done(ada, "worker.service")
    assert "versions/99\n" == ada.must("readlink", f"{root}/current")
    assert before == ada.main_pid("worker.service")
    assert not ada.has(complete)


def test_a_deployed_unitward_applies_what_is_declared_later(machine: Machine) -> None:
    """After the bootstrap the account runs what the folder says, from then on."""
    ada = new_account(machine, FROM_WHEELS, WORKER)
    wait_until_done(ada, "worker.service")
    ada.write(f"{DESIRED}/units.yaml", manifest(service("other"), removed="[worker.service]"))
    ada.wait_for(lambda: ada.is_active("other.service"), "the new unit runs")
    ada.wait_for(lambda: not ada.is_active("worker.service"), "the old one is gone")
