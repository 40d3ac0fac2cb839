"""What a file of the desired-state folder is, told by its name alone."""

from __future__ import annotations

from enum import Enum, auto

from unitward.unitfile import names


class FileKind(Enum):
    """How a file is read. IGNORED is not read at all."""

    MANIFEST = auto()
    UNIT = auto()
    DROP_IN = auto()
    QUADLET = auto()
    IGNORED = auto()


QUADLET_SUFFIXES = (
    ".container",
    ".volume",
    ".network",
    ".kube",
    ".pod",
    ".build",
    ".image",
)
"""Files of podman-systemd.unit(5)."""

_MANIFEST_SUFFIXES = (".yaml", ".yml")
_LEFTOVER_SUFFIXES = ("~", "#", ".swp", ".swo", ".swx", ".tmp", ".bak", ".orig", ".rej")
_LINK_FOLDERS = (".wants", ".requires", ".upholds")


def classify(path: str) -> FileKind:
    """Return what the file is; `path` is relative to the desired-state folder.

    Folders only group, save those that systemd gives a meaning: `UNIT.d` holds drop-ins,
    and `UNIT.wants` and its like hold links, which belong to enablement and are ignored.
    """
    *folders, name = path.split("/")
    if path.startswith(".") or "/." in path or name.endswith(_LEFTOVER_SUFFIXES):
        return FileKind.IGNORED
    parent = folders[-1] if folders else ""
    if parent.endswith(".d") and names.is_dropin(f"{parent}/{name}"):
        return FileKind.DROP_IN
    if name.endswith(_MANIFEST_SUFFIXES):
        return FileKind.MANIFEST
    if _holds_no_units(parent):
        return FileKind.IGNORED
    if name.endswith(names.SUFFIXES):
        return FileKind.UNIT
    return FileKind.QUADLET if name.endswith(QUADLET_SUFFIXES) else FileKind.IGNORED


def unit_path(path: str) -> str:
    """Return the name below the unit folder that a unit or drop-in file declares."""
    *folders, name = path.split("/")
    return f"{folders[-1]}/{name}" if classify(path) is FileKind.DROP_IN else name


def _holds_no_units(folder: str) -> bool:
    for suffix in (".d", *_LINK_FOLDERS):
        if folder.endswith(suffix) and names.is_unit_name(folder.removesuffix(suffix)):
            return True
    return False
