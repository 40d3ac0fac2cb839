"""Saving manifests, and looking at what runs."""

from pathlib import Path
from typing import Any

from tests.integration.semantics.declare import BOOT, SLEEP, Keys, entry, manifest, service

from unitward.store.ledger import read_ledger

__all__ = [
    "BOOT",
    "SLEEP",
    "Keys",
    "apply",
    "begin",
    "command_of",
    "entry",
    "exists",
    "manifest",
    "notes_of",
    "pid_of",
    "said",
    "service",
    "state",
]


def begin(account: Any, loop: Any, *entries: str) -> None:
    """Save a manifest and start the daemon with it."""
    account.write("all.yaml", manifest(*entries))
    loop.start()


def apply(account: Any, loop: Any, *entries: str, removed: str = "") -> None:
    """Save a manifest and have it applied by the daemon that runs."""
    account.write("all.yaml", manifest(*entries, removed=removed))
    loop.sync()


def said(account: Any) -> list[str]:
    """Return the words in ~/said."""
    path: Path = account.home / "said"
    return path.read_text().split() if path.exists() else []


def state(account: Any, unit: str) -> str:
    """Return a unit's ActiveState."""
    return str(account.show(unit, "ActiveState")["ActiveState"])


def pid_of(account: Any, unit: str) -> int:
    """Return a unit's main process, 0 for none."""
    return int(account.show(unit, "MainPID")["MainPID"])


def command_of(account: Any, unit: str) -> str:
    """Return the command line of a unit's main process once it runs its program, "" for none."""
    process = Path(f"/proc/{pid_of(account, unit)}")
    account.wait_for(lambda: not process.exists() or _runs_its_program(process), f"{unit} runs")
    try:
        words = (process / "cmdline").read_bytes()
    except OSError:
        return ""
    return words.replace(b"\0", b" ").decode().strip()


def _runs_its_program(process: Path) -> bool:
    """Tell whether a process is past its exec: before, it is the manager's and not ours to read."""
    try:
        return (process / "exe").readlink().name != "systemd"
    except OSError:
        return False


def exists(pid: int) -> bool:
    """Tell whether a process lives."""
    return Path(f"/proc/{pid}/stat").exists()


def notes_of(loop: Any) -> list[str]:
    """Return the notes of every pass that changed something."""
    ledger = read_ledger(loop.ledger_path)
    assert ledger is not None
    with ledger:
        return [note for done in ledger.passes.generations() for note in done.report["notes"]]
