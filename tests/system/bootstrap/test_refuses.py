"""What keeps the bootstrap unit from its work: it says so, changes nothing, and mends itself."""

from tests.system.harness.bootstrapped import (
    BOOTSTRAP,
    FROM_WHEELS,
    SETTINGS,
    STAMP,
    WORKER,
    copy_for_all,
    new_account,
    wait_until_done,
    wait_until_said,
)
from tests.system.harness.debian import DEBIANS, Debian
from tests.system.harness.installed import WHEELS
from tests.system.harness.machine import Machine
from tests.system.harness.person import Person
from tests.system.harness.tended import DESIRED, UNITS
from tests.system.harness.wheels import dependencies_for


def is_untouched(person: Person) -> bool:
    """Tell whether nothing is installed: no program, no unit, no configuration."""
    left = (".local/share/unitward/current", STAMP, f"{UNITS}/unitward.service")
    return not any(person.has(path) for path in (*left, ".config/unitward/config.yaml"))


def test_an_unknown_key(machine: Machine) -> None:
    """The file, the line, the key and those there are; the corrected file is read by itself."""
    ada = new_account(machine, f"# from here\nUNITWARD_WHEEL={WHEELS}\n", WORKER)
    wait_until_said(
        ada, f"{SETTINGS}:2: unknown key UNITWARD_WHEEL", "the keys are UNITWARD_WHEELS"
    )
    assert is_untouched(ada)
    ada.write(SETTINGS, FROM_WHEELS)
    wait_until_done(ada, "worker.service")


def test_a_bad_value_for_the_configuration(machine: Machine) -> None:
    """What unitward says about it is in the journal; the configuration is written anew."""
    ada = new_account(machine, f"{FROM_WHEELS}UNITWARD_CONFIG_SETTLE=soon\n", WORKER)
    wait_until_said(ada, "config.yaml:3", "settle", "soon")
    assert not ada.has(STAMP)
    assert not ada.has(f"{UNITS}/unitward.service")
    ada.write(SETTINGS, f"{FROM_WHEELS}UNITWARD_CONFIG_SETTLE=1s\n")
    wait_until_done(ada, "worker.service")
    assert "settle: 1s" in ada.read(".config/unitward/config.yaml")


def test_a_configuration_of_the_accounts_own_stays(machine: Machine) -> None:
    """A config.yaml that is there already is not overwritten, and that is said."""
    ada = machine.new_person("ada")
    ada.write(".config/unitward/config.yaml", "settle: 80ms\n")
    ada.write(SETTINGS, f"{FROM_WHEELS}UNITWARD_CONFIG_SETTLE=1s\n")
    ada.write(f"{DESIRED}/units.yaml", WORKER)
    copy_for_all(machine)
    ada.linger(on=True)
    wait_until_done(ada, "worker.service")
    wait_until_said(ada, "config.yaml is there already and stays as it is")
    assert "settle: 80ms\n" == ada.read(".config/unitward/config.yaml")


def test_python_without_venv(debian: Debian, machine: Machine) -> None:
    """It names Debian's package, and goes on once that is installed."""
    module = f"/usr/lib/python{debian.python}/ensurepip"
    machine.must("mv", module, "/root/ensurepip")
    ada = new_account(machine, FROM_WHEELS, WORKER)
    wait_until_said(ada, "cannot make virtual environments", "sudo apt install python3-venv")
    assert is_untouched(ada)
    machine.must("mv", "/root/ensurepip", module)
    wait_until_done(ada, "worker.service")


def test_wheels_for_another_python(debian: Debian, machine: Machine) -> None:
    """It says which Python the wheels have to be for, and leaves no half-made environment."""
    (other,) = (each for each in DEBIANS if each != debian)
    machine.copy_in(dependencies_for(other), "/srv/other")
    machine.must("sh", "-c", f"cp {WHEELS}/unitward-* {WHEELS}/requirements.txt /srv/other/")
    ada = new_account(machine, "UNITWARD_WHEELS=/srv/other\n", WORKER)
    wait_until_said(ada, f"have to be for Python {debian.python}")
    ada.wait_for(lambda: not ada.files(".local/share/unitward"), "nothing is left of it")
    assert is_untouched(ada)
    ada.write(SETTINGS, FROM_WHEELS)
    wait_until_done(ada, "worker.service")


def _with_another_hash(requirements: str) -> str:
    digest = requirements.partition("sha256:")[2].split()[0]
    return requirements.replace(digest, "0" * len(digest))


def test_a_wheel_whose_hash_is_another(machine: Machine) -> None:
    """Nothing is installed that is not pinned to the byte."""
    text = machine.must("cat", f"{WHEELS}/requirements.txt")
    machine.put("/srv/requirements.txt", _with_another_hash(text))
    pinned = f"{FROM_WHEELS}UNITWARD_REQUIREMENTS=/srv/requirements.txt\n"
    ada = new_account(machine, pinned, WORKER)
    wait_until_said(ada, "cannot be installed")
    assert is_untouched(ada)
    machine.put("/srv/requirements.txt", text)
    wait_until_done(ada, "worker.service")


def test_an_index_that_is_not_reached(machine: Machine) -> None:
    """Without the network it tries again, with pauses that grow; then the index serves."""
    index = "UNITWARD_INDEX=http://127.0.0.1:8000/\n"
    pinned = f"{index}UNITWARD_REQUIREMENTS={WHEELS}/requirements.txt\n"
    ada = new_account(machine, pinned, WORKER)
    wait_until_said(ada, "an index has to be reached", "next try in 5 s", "next try in 10 s")
    assert is_untouched(ada)
    machine.must("sh", "-ec", _SERVE)
    wait_until_done(ada, "worker.service")


_SERVE = f"""
for wheel in {WHEELS}/*.whl; do
    name=$(basename "$wheel" | cut -d- -f1 | tr _ -)
    mkdir -p "/srv/index/$name"
    cp "$wheel" "/srv/index/$name"
done
systemd-run --quiet --working-directory=/srv/index python3 -m http.server --bind 127.0.0.1 8000
"""


def test_a_home_that_cannot_be_written(machine: Machine) -> None:
    """A read-only home is named; once it is writable, the account is set up."""
    ada = machine.new_person("ada")
    ada.write(f"{DESIRED}/units.yaml", WORKER)
    ada.must("mkdir", "--parents", UNITS)
    machine.put("/etc/unitward/accounts.d/ada.env", FROM_WHEELS)
    copy_for_all(machine)
    machine.must("mount", "--bind", ada.home, ada.home)
    machine.must("mount", "--options=remount,bind,ro", ada.home)
    ada.linger(on=True)
    wait_until_said(ada, "cannot be written", "is the home folder writable?")
    machine.must("mount", "--options=remount,bind,rw", ada.home)
    wait_until_done(ada, "worker.service")


def test_a_home_that_is_not_there(machine: Machine) -> None:
    """An account without its home folder is set up once root has made one."""
    machine.must("useradd", "--no-create-home", "--shell=/bin/bash", "ada")
    ada = machine.person("ada")
    machine.put("/etc/unitward/accounts.d/ada.env", FROM_WHEELS)
    copy_for_all(machine)
    machine.must("loginctl", "enable-linger", "ada")
    wait_until_said(ada, "cannot be written", "is the home folder writable?")
    machine.must("install", "--directory", "--owner=ada", "--group=ada", ada.home)
    ada.write(f"{DESIRED}/units.yaml", WORKER)
    wait_until_done(ada, "worker.service")


def test_no_right_to_linger(machine: Machine) -> None:
    """It installs all the same, and says which command of root's lets units start at boot."""
    ada = machine.new_person("ada")
    ada.write(SETTINGS, FROM_WHEELS)
    ada.write(f"{DESIRED}/units.yaml", WORKER)
    copy_for_all(machine)
    ada.login()
    wait_until_done(ada, "worker.service")
    wait_until_said(ada, "linger is off", "loginctl enable-linger ada")


def test_a_foreign_unitward_service(machine: Machine) -> None:
    """Somebody's own unit of that name stays to the byte, and is named; without it, it goes on."""
    foreign = "[Service]\nExecStart=/bin/sleep infinity\n"
    ada = machine.new_person("ada")
    ada.write(f"{UNITS}/unitward.service", foreign)
    ada.write(SETTINGS, FROM_WHEELS)
    ada.write(f"{DESIRED}/units.yaml", WORKER)
    copy_for_all(machine)
    ada.linger(on=True)
    wait_until_said(ada, "unitward.service: stands in the way")
    assert foreign == ada.read(f"{UNITS}/unitward.service")
    assert not ada.has(STAMP)
    ada.must("rm", f"{UNITS}/unitward.service")
    wait_until_done(ada, "worker.service")


def test_the_unit_is_idle_where_nobody_asked_for_it(machine: Machine) -> None:
    """Without settings it does not run, and a login is as it was."""
    copy_for_all(machine)
    ada = machine.new_person("ada")
    before = ada.files()
    session = ada.login()
    assert "inactive" == ada.show(BOOTSTRAP, "ActiveState")["ActiveState"]
    assert before == ada.files()
    session.logout()
