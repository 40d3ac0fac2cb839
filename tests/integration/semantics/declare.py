"""Manifests in a line, and what units wrote."""

from pathlib import Path
from typing import Any

SLEEP = "/bin/sleep infinity"
PATIENT = "stop_grace: 5min\nprune_after: 0s\n"
"""config.yaml under which what a person stopped stays down for the rest of a test."""


def service(
    name: str,
    command: str = SLEEP,
    *lines: str,
    unit: str = "",
    own: str = "",
    install: str = "{WantedBy: default.target}",
) -> str:
    """Return a manifest's entry for a service.

    lines: further lines of [Service]. unit, install: those sections in braces, "" for none.
    own: a key of unitward's own.
    """
    keys = [own] if own else []
    keys += [f"Unit: {unit}"] if unit else []
    keys += [f"Install: {install}"] if install else []
    body = "".join(f"      {line}\n" for line in (f"ExecStart: {command}", *lines))
    return f"  {name}.service:\n    Service:\n{body}" + "".join(f"    {key}\n" for key in keys)


def manifest(*entries: str) -> str:
    """Return a whole manifest."""
    return "version: 1\nunits:\n" + "".join(entries)


def saying(word: str, then: str = "exec sleep infinity") -> str:
    """Return a command that adds a word to ~/said and goes on."""
    return f"/bin/sh -c 'echo {word} >> %h/said; {then}'"


def said(account: Any) -> list[str]:
    """Return the words in ~/said."""
    path: Path = account.home / "said"
    return path.read_text().split() if path.exists() else []


def state(account: Any, unit: str) -> str:
    """Return a unit's ActiveState."""
    return str(account.show(unit, "ActiveState")["ActiveState"])


def command_of(account: Any, unit: str) -> str:
    """Return the command line of a unit's main process, "" when there is none."""
    pid = account.show(unit, "MainPID")["MainPID"]
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except FileNotFoundError:
        return ""
