"""git and ssh beside, in, and below the hardened unit that unitward is."""

from functools import partial

import pytest
from tests.integration.semantics.scene import manifest, service
from tests.system.harness.machine import Machine
from tests.system.harness.person import Person
from tests.system.harness.ssh import KEY, let_in, serve
from tests.system.harness.tended import DESIRED, status, sync, tend

SEED = "seed"
PIPE = "/usr/bin/ssh -W 127.0.0.1:22 gate"
# `gate` is reached directly, `forge` through it: by a command of the proxy, and one shared line.
CONFIG = f"""\
Host *
  BatchMode yes
Host gate
  HostName 127.0.0.1
  User forge
  ControlMaster auto
  ControlPath ~/.ssh/%C
  ControlPersist 30s
Host forge
  User forge
  HostKeyAlias 127.0.0.1
  ProxyCommand {PIPE}
"""
PULLED_BEFORE_START = """\
  unitward.service.d/50-pull.conf:
    Service: {ExecStartPre: /usr/bin/git -C %h/.config/unitward/desired pull --quiet}
"""
PULLED = """\
  pull.service:
    Service:
      Type: oneshot
      ExecStart: /usr/bin/git -C %h/.config/unitward/desired pull --quiet
"""
TUNNEL = """\
  tunnel.service:
    Service:
      ExecStart: >-
        /usr/bin/ssh -N -T -o ExitOnForwardFailure=yes -o ControlPath=none
        -L 127.0.0.1:8022:127.0.0.1:22 gate
      Restart: always
      RestartSec: 100ms
    Install: {WantedBy: default.target}
"""


@pytest.fixture
def forge(machine: Machine) -> Person:
    """Give an account with a repository, on a machine that serves ssh."""
    serve(machine)
    forge = machine.new_person("forge")
    forge.must("git", "init", "--quiet", "--bare", "--initial-branch=main", "units.git")
    forge.must("git", "clone", "--quiet", "units.git", SEED)
    forge.must("git", "-C", SEED, "checkout", "-B", "main")
    return forge


def push(forge: Person, *entries: str) -> str:
    """Put a manifest into the repository; return the commit."""
    forge.write(f"{SEED}/units.yaml", manifest(*entries))
    git = ("git", "-C", SEED, "-c", "user.name=Forge", "-c", "user.email=forge@localhost")
    forge.must(*git, "add", "--all")
    forge.must(*git, "commit", "--quiet", "--message=Change units")
    forge.must(*git, "push", "--quiet", "origin", "main")
    return forge.must(*git, "rev-parse", "HEAD").strip()


def guest_of(forge: Person) -> Person:
    """Return an account whose key the forge knows, and whose ssh is configured."""
    ada = forge.machine.new_person("ada")
    ada.linger(on=True)
    let_in(forge, ada)
    ada.write(".ssh/config", CONFIG)
    return ada


def confinement(person: Person, unit: str) -> set[str]:
    """Return what the kernel holds a service's process to, of what the hardening sets."""
    status = person.must("cat", f"/proc/{person.main_pid(unit)}/status")
    return {" ".join(line.split()) for line in status.splitlines() if "Privs" in line}


def test_commits_arrive_over_ssh_by_a_unit_and_by_the_hardened_unit_itself(
    forge: Person,
) -> None:
    """Git pulls over ssh, with proxy command and shared connection, in both; the units run."""
    ada = guest_of(forge)
    push(forge, service("first"), PULLED, PULLED_BEFORE_START)
    ada.must("git", "clone", "--quiet", "forge:units.git", DESIRED)
    ada.must(
        "git", "-C", DESIRED, "remote", "set-url", "origin", "ssh://forge/home/forge/units.git"
    )
    tend(ada)
    ada.wait_for(lambda: ada.is_active("first.service"), "the first unit runs")
    sync(ada)
    assert {"NoNewPrivs: 1"} == confinement(ada, "unitward.service")
    assert {"NoNewPrivs: 0"} == confinement(ada, "first.service")

    rest = (PULLED, PULLED_BEFORE_START)
    commit = push(forge, service("first"), service("second"), *rest)
    ada.systemctl("start", "pull.service")
    ada.wait_for(lambda: ada.is_active("second.service"), "the unit of the commit runs")
    assert commit.startswith(status(ada)["revision"])

    commit = push(forge, service("first"), service("second"), service("third"), *rest)
    ada.systemctl("restart", "unitward.service")
    ada.wait_for(lambda: ada.is_active("third.service"), "the unit of the next commit runs")
    sync(ada)
    assert commit.startswith(status(ada)["revision"])
    assert "0" == ada.show("unitward.service", "NRestarts")["NRestarts"]


def test_a_tunnel_is_a_unit_as_any_other(forge: Person) -> None:
    """What unitward starts reaches the far side; a line that was cut is there again."""
    ada = guest_of(forge)
    ada.write(f"{DESIRED}/units.yaml", manifest(TUNNEL))
    tend(ada)
    through = (
        "ssh",
        "-p",
        "8022",
        "-i",
        KEY,
        "-o",
        "BatchMode=yes",
        "-o",
        "HostKeyAlias=127.0.0.1",
    )
    asked = partial(ada.run, *through, "forge@127.0.0.1", "id", "--user", "--name")
    ada.wait_for(lambda: asked().stdout == "forge\n", "the tunnel carries a connection")
    before = ada.main_pid("tunnel.service")

    ada.must("kill", "-KILL", str(before))
    ada.wait_for(lambda: ada.main_pid("tunnel.service") not in {0, before}, "it is made anew")
    ada.wait_for(lambda: asked().stdout == "forge\n", "it carries one again")
    sync(ada)
