"""Manifests in a few words."""

from collections.abc import Mapping

SLEEP = "/bin/sleep infinity"
BOOT = "default.target"
PATIENT = "stop_grace: 5min\nprune_after: 0s\n"
"""config.yaml under which what a person stopped stays down for the rest of a test."""

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


def saying(word: str, then: str = "exec sleep infinity") -> str:
    """Return a command that adds a word to ~/said and goes on."""
    return f"/bin/sh -c 'echo {word} >> %h/said; {then}'"
