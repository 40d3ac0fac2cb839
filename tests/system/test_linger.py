"""Turning lingering on, asked of a real logind."""

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.machine import Machine
from tests.system.harness.tended import declare

PYTHON = "/opt/unitward/bin/python"
PROGRAM = """\
import asyncio, sys
from unitward.errors import UnitwardError
from unitward.systemd.login import set_linger
try:
    asyncio.run(set_linger(int(sys.argv[1]), enabled=sys.argv[2] == "on"))
except UnitwardError as error:
    print(type(error).__name__, error, error.hint, sep="\\n")
"""


def lingers(machine: Machine, name: str) -> bool:
    """Tell whether logind has the account linger."""
    return machine.run("stat", f"/var/lib/systemd/linger/{name}").returncode == 0


def test_linger_is_turned_on_and_off(machine: Machine) -> None:
    """Who may decide it does: the manager starts at once, and again at boot until it is off."""
    ada = machine.new_person("ada")

    assert "" == machine.must(PYTHON, "-c", PROGRAM, str(ada.uid), "on")
    assert lingers(machine, "ada")
    ada.wait_for(ada.has_manager, "the manager runs without a login")

    assert "" == machine.must(PYTHON, "-c", PROGRAM, str(ada.uid), "off")
    assert not lingers(machine, "ada")


def test_an_account_that_may_not_decide(machine: Machine) -> None:
    """Without a polkit that allows it logind refuses, and the one command is named."""
    ada = machine.new_person("ada")

    refused = ada.run(PYTHON, "-c", PROGRAM, str(ada.uid), "on", env={})

    kind, _, hint = refused.stdout.strip().splitlines()
    assert ("NotPermittedError", "sudo loginctl enable-linger ada") == (kind, hint)
    assert not lingers(machine, "ada")


def test_install_turns_it_on_where_the_account_may(machine: Machine) -> None:
    """Of root nothing is asked: after one command its units are there at the next boot."""
    root = machine.person("root")
    machine.must("systemctl", "start", "user@0.service")
    declare(root, manifest(service("worker")))
    assert not lingers(machine, "root")

    said = root.must("unitward", "install", "--yes")
    assert "linger" in said
    assert lingers(machine, "root")

    machine.reboot()
    root.wait_for(lambda: root.is_active("worker.service"), "the worker is back without a login")
    assert not root.has_session()
