"""Which machine and account a ledger belongs to."""

import hashlib
from pathlib import Path


def identity(uid: int) -> str:
    """Return what tells this machine and account from others; keeps the machine id secret."""
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        machine = ""
    digest = hashlib.sha256(f"unitward {machine}".encode()).hexdigest()
    return f"{digest[:12]}-{uid}"
