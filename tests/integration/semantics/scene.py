"""What the tests of the semantics are made of: manifests, saving them, looking at processes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unitward.store.ledger import read_ledger

SLEEP = "/bin/sleep infinity"
BOOT = "default.target"

Keys = Mapping[str, str]


def manifest(*entries: str, removed: str = "") -> str:
    """Return a whole manifest; `removed` is the text of its list."""
    units = "units:\n" + "".join(entries) if entries else "units: {}\n"
    return f"version: 1\n{units}" + (f"removed: {removed}\n" if removed else "")


def service(
    name: str,
    command: str = SLEEP,
    *,
    unit: Keys | None = None,
    keys: Keys | None = None,
    own: Keys | None = None,
    wanted_by: str = BOOT,
) -> str:
    """Return one service's entry.

    unit: keys of `[Unit]`; keys: more keys of `[Service]`; own: unitward's own keys.
    wanted_by: "" for a service that nothing installs.
    """
    sections = {"Unit": unit or {}, "Service": {"ExecStart": command, **(keys or {})}}
    if wanted_by:
        sections["Install"] = {"WantedBy": wanted_by}
    return entry(f"{name}.service", sections, own)


def entry(name: str, sections: Mapping[str, Keys], own: Keys | None = None) -> str:
    """Return one unit's entry: its own keys, then its sections."""
    lines = [f"  {name}:", *(f"    {key}: {value}" for key, value in (own or {}).items())]
    for section, keys in sections.items():
        if keys:
            lines.append(f"    {section}:")
            lines += [f"      {key}: {value}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def begin(account: Any, loop: Any, *entries: str) -> None:
    """Save a manifest and start the daemon with it."""
    account.write("all.yaml", manifest(*entries))
    loop.start()


def apply(account: Any, loop: Any, *entries: str, removed: str = "") -> None:
    """Save a manifest and have it applied by the daemon that runs."""
    account.write("all.yaml", manifest(*entries, removed=removed))
    loop.sync()


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
        return [note for done in ledger.generations() for note in done.report["notes"]]
