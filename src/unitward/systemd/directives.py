"""Which directives the installed systemd knows, asked of itself and remembered on disk."""

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from unitward.model.unittext import DirectiveTable

BINARIES = (
    Path("/usr/lib/systemd/systemd"),
    Path("/lib/systemd/systemd"),
    Path("/run/current-system/systemd/lib/systemd/systemd"),
)

LEGACY = "LEGACY"
"""The type of keys that systemd reads and ignores, saying that support has been removed."""

# The names that systemd 252's parser table holds beyond its dump; each parses with the message
# "Support for option ... has been removed and it is ignored".
_LEGACY_KEYS = {
    "Unit": ("IgnoreOnSnapshot",),
    "Service": ("BusPolicy", "Capabilities", "NetClass", "SysVStartPriority"),
    "Socket": ("Capabilities", "NetClass"),
    "Mount": ("Capabilities", "NetClass"),
    "Swap": ("Capabilities", "NetClass"),
    "Slice": ("NetClass",),
    "Scope": ("NetClass",),
}

_DUMP = "--dump-configuration-items"
_LIMIT_SECONDS = 10
_CACHE_NAME = "directives.json"
_SHIPPED = "directives-252.json"

Sections = Mapping[str, Mapping[str, str]]


def load_directives(
    cache_folder: Path | None, *, binaries: Iterable[Path] = BINARIES
) -> DirectiveTable:
    """Return the table of the first systemd found, from the cache while that file is the same.

    Where no systemd can be asked, the table shipped with unitward (systemd 252's) is returned
    with version 0. A cache that cannot be read or written costs 20 ms, nothing else.
    """
    return begin_to_load(cache_folder, binaries=binaries)()


def begin_to_load(
    cache_folder: Path | None, *, binaries: Iterable[Path] = BINARIES
) -> Callable[[], DirectiveTable]:
    """Begin `load_directives`, and return what ends it.

    Systemd, where it has to be asked, needs 15 ms to answer, in which others can work.
    """
    left = iter(binaries)
    for binary in left:
        try:
            identity = _identity(binary)
        except OSError:
            continue
        cached = _read_cache(cache_folder, identity) if cache_folder else None
        if cached is not None:
            return partial(_itself, cached)
        asked = [_begin(binary, option) for option in (_DUMP, "--version")]
        return partial(_finish, asked, cache_folder, identity, tuple(left))
    return shipped_directives


def _itself(table: DirectiveTable) -> DirectiveTable:
    return table


def _finish(
    asked: Iterable["subprocess.Popen[bytes] | None"],
    cache_folder: Path | None,
    identity: list[str | int],
    others: Iterable[Path],
) -> DirectiveTable:
    table = _table(*map(_read, asked))
    if table is None:
        return load_directives(cache_folder, binaries=others)
    if cache_folder is not None:
        _write_cache(cache_folder, identity, table)
    return table


def shipped_directives() -> DirectiveTable:
    """Return the table that comes with unitward; version 0 says that no systemd was asked."""
    from importlib import resources  # noqa: PLC0415 - 1.4 ms that no other way here needs

    text = resources.files(__package__).joinpath(_SHIPPED).read_text("utf-8")
    return DirectiveTable(0, _with_legacy(json.loads(text)))


def parse_dump(text: str) -> dict[str, dict[str, str]]:
    """Read the output of `systemd --dump-configuration-items`: section -> key -> value type."""
    sections: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = sections.setdefault(line[1:-1], {})
        else:
            key, equals, kind = line.partition("=")
            if equals:
                section[key] = kind
    return sections


def _table(dump: str, version: str) -> DirectiveTable | None:
    sections = parse_dump(dump)
    if "Unit" not in sections:
        return None
    words = version.split(maxsplit=2)
    number = words[1] if len(words) > 1 else ""
    return DirectiveTable(int(number) if number.isdecimal() else 0, _with_legacy(sections))


def _begin(binary: Path, option: str) -> "subprocess.Popen[bytes] | None":
    """Have systemd print something; it needs no bus and no privilege."""
    try:
        return subprocess.Popen(
            [binary, option],
            env={"LC_ALL": "C", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def _read(process: "subprocess.Popen[bytes] | None") -> str:
    """Return what systemd printed, "" when it failed."""
    if process is None:
        return ""
    with process:
        try:
            output, _ = process.communicate(timeout=_LIMIT_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            return ""
    return "" if process.returncode else output.decode("utf-8", "replace")


def _with_legacy(sections: Sections) -> dict[str, dict[str, str]]:
    return {
        section: dict.fromkeys(_LEGACY_KEYS.get(section, ()), LEGACY) | dict(keys)
        for section, keys in sections.items()
    }


def _identity(binary: Path) -> list[str | int]:
    status = binary.stat()
    return [str(binary), status.st_mtime_ns, status.st_size]


def _read_cache(folder: Path, identity: list[str | int]) -> DirectiveTable | None:
    try:
        cached: Any = json.loads((folder / _CACHE_NAME).read_text("utf-8"))
        if cached["systemd"] != identity:
            return None
        sections = {
            str(section): {str(key): str(kind) for key, kind in keys.items()}
            for section, keys in cached["sections"].items()
        }
        return DirectiveTable(int(cached["version"]), sections)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_cache(folder: Path, identity: list[str | int], table: DirectiveTable) -> None:
    """Replace the cache in one step, so that a reader never sees half of it."""
    import tempfile  # noqa: PLC0415 - 3 ms of CPU, once for each systemd

    content = {"systemd": identity, "version": table.version, "sections": table.sections}
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=folder, prefix=f"{_CACHE_NAME}.", delete=False
        ) as file:
            file.write(json.dumps(content))  # three times as fast as json.dump
        Path(file.name).replace(folder / _CACHE_NAME)
