"""`unitward doctor` on whole machines: logind, linger, an empty environment, a system account."""

import json
import re
from typing import Any

from tests.system.harness.machine import Machine
from tests.system.harness.person import Ended, Person
from tests.system.harness.ssh import let_in, serve

from unitward.systemd.login import linger_command

DOCTOR = ("/usr/local/bin/unitward", "doctor", "-o", "json")


def examine(person: Person) -> tuple[int, dict[str, Any]]:
    """Run doctor with no variable at all; return its exit code and the findings by check."""
    return judged(person.run("env", "-i", *DOCTOR, env={}))


def over_ssh(person: Person, host: str, *command: str) -> Ended:
    """Run a command for another account of the machine, as `ssh HOST COMMAND` does."""
    return person.run("ssh", "-o", "BatchMode=yes", f"{host}@127.0.0.1", *command, env={})


def examine_over_ssh(person: Person, host: str, *prefix: str) -> tuple[int, dict[str, Any]]:
    """Run doctor for another account of the machine, as `examine` does."""
    return judged(over_ssh(person, host, *prefix, *DOCTOR))


def judged(ended: Ended) -> tuple[int, dict[str, Any]]:
    """Return doctor's exit code, and its findings by check."""
    assert "Traceback" not in ended.stderr, ended.stderr
    findings = json.loads(ended.stdout)["findings"]
    return ended.returncode, {finding["check"]: finding for finding in findings}


def test_from_no_bus_to_a_healthy_account(machine: Machine) -> None:
    """An account that nobody logged in to: what is missing is said, and the commands mend it."""
    ada = machine.new_person("ada")

    code, found = examine(ada)

    assert (1, "error") == (code, found["user manager"]["level"])
    assert f"/run/user/{ada.uid} does not exist" in found["user manager"]["found"]
    first = found["user manager"]["mend"][0]
    assert linger_command("ada") == first
    assert ("warning", [first]) == (found["linger"]["level"], found["linger"]["mend"])

    machine.must(*first.removeprefix("sudo ").split())
    ada.wait_for(ada.has_manager, "the manager runs")

    code, found = examine(ada)
    assert (0, "ok", "ok") == (code, found["linger"]["level"], found["user manager"]["level"])
    assert "ok" == found["bus"]["level"], found["bus"]


def test_a_system_account_learns_of_its_journal(machine: Machine) -> None:
    """A uid below 1000 has no journal of its own, which nobody guesses."""
    backup = machine.new_service_account("backup-agent")
    backup.linger(on=True)

    code, found = examine(backup)

    assert (0, "warning") == (code, found["journal"]["level"])
    join = found["journal"]["mend"][0]
    assert join.endswith("--groups systemd-journal backup-agent")
    machine.must(*join.removeprefix("sudo ").split())
    assert "ok" == examine(backup)[1]["journal"]["level"]


def test_a_machine_without_the_session_bus(machine: Machine) -> None:
    """Without dbus-user-session the manager is reached all the same, and that is said."""
    machine.must("dpkg", "--purge", "--force-depends", "dbus-user-session")
    ada = machine.new_person("ada")
    ada.linger(on=True)

    code, found = examine(ada)

    assert (0, "ok") == (code, found["user manager"]["level"])
    assert "info" == found["bus"]["level"]
    assert "private socket" in found["bus"]["found"]


def test_over_ssh_as_people_meet_it(machine: Machine) -> None:
    """Where ssh makes no session `systemctl --user` finds no bus; doctor finds what there is."""
    ada, visitor = machine.new_person("ada"), machine.new_person("visitor")
    serve(machine, pam=False)
    let_in(ada, visitor)

    code, found = examine_over_ssh(visitor, "ada")
    assert (1, "error") == (code, found["user manager"]["level"])
    first = found["user manager"]["mend"][0]
    assert linger_command("ada") == first
    machine.must(*first.removeprefix("sudo ").split())
    ada.wait_for(ada.manager_is_up, "its manager is up")

    refused = over_ssh(visitor, "ada", "systemctl", "--user", "list-units")
    assert re.match("Failed to connect to .*bus", refused.stderr), refused.stderr
    for empty in ((), ("env", "-i")):
        code, found = examine_over_ssh(visitor, "ada", *empty)
        levels = {check: found[check]["level"] for check in ("user manager", "bus", "linger")}
        assert (0, {"ok"}) == (code, set(levels.values())), levels
        assert "info" == found["runtime folder"]["level"], found["XDG_RUNTIME_DIR"]

    serve(machine)
    code, found = examine_over_ssh(visitor, "ada")
    assert (0, "ok") == (code, found["runtime folder"]["level"])
