"""ssh on a machine: its server, and who gets in where, over loopback."""

from typing import Final

from tests.system.harness.machine import Machine
from tests.system.harness.person import Person

KEY: Final = ".ssh/id_ed25519"

_KNOWN: Final = ".ssh/known_hosts"
_SERVER: Final = "/etc/ssh/sshd_config.d/tests.conf"


def serve(machine: Machine, *, pam: bool = True) -> None:
    """Have the server answer with the settings of the release; without PAM, no session is made."""
    machine.put(_SERVER, f"UsePAM {'yes' if pam else 'no'}\n")
    machine.must("systemctl", "restart", "ssh.service")
    machine.wait_for(lambda: "SSH-2.0" in _greeting(machine), "the ssh server answers")


def _greeting(machine: Machine) -> str:
    scanned = machine.run("ssh-keyscan", "-t", "ed25519", "127.0.0.1")
    return scanned.stdout + scanned.stderr


def let_in(person: Person, *guests: Person) -> None:
    """Let people log in as a person with their key, made if need be; they know the host."""
    # Locked with "!", as useradd leaves it, the server refuses without PAM whatever the key.
    person.machine.must("usermod", "--password=*", person.name)
    keys = "".join(_key_of(guest) for guest in guests)
    person.write(".ssh/authorized_keys", keys)
    person.must("chmod", "--recursive", "go=", ".ssh")


def _key_of(guest: Person) -> str:
    if not guest.has(KEY):
        guest.must("install", "--directory", "--mode=0700", ".ssh")
        guest.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
        guest.write(_KNOWN, guest.must("ssh-keyscan", "-t", "ed25519", "127.0.0.1"))
    return guest.read(f"{KEY}.pub")
