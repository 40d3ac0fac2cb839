"""Which machine and account a ledger belongs to, and what they call themselves."""

import hashlib
import pwd
from pathlib import Path


def identity(uid: int) -> str:
    """Return what tells this machine and account from others; keeps the machine id secret."""
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        machine = ""
    digest = hashlib.sha256(f"unitward {machine}".encode()).hexdigest()
    return f"{digest[:12]}-{uid}"


def own_name(uid: int, hostname: Path = Path("/etc/hostname")) -> str:
    """Return USER@HOST with the static host name, whatever a network calls the machine.

    `localhost` where the file names none (hostname(5): comments and empty lines do not count).
    """
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return f"{user}@{_static_host(hostname) or 'localhost'}"


def _static_host(hostname: Path) -> str:
    try:
        lines = [line.strip() for line in hostname.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line for line in lines if line and not line.startswith("#")), "")
