"""What is unitward's in the unit folder and what is not, as documents.

The shapes are promises to scripts, as those of `document`.
"""

from typing import TypedDict

from unitward.model.observed import DiskFile, DiskKind
from unitward.model.recorded import Recorded
from unitward.store.unit_files import UnitFiles
from unitward.unitfile.mark import mark_holds
from unitward.unitfile.names import parse_dropin

MANAGED_SCHEMA = "unitward/managed/v1"
UNMANAGED_SCHEMA = "unitward/unmanaged/v1"


class LinkDocument(TypedDict):
    """One link: its path below the unit folder, and what it points to."""

    path: str
    target: str


class ManagedUnitDocument(TypedDict):
    """One unit of unitward's; `files` are paths below the unit folder, `source` is file:line."""

    name: str
    source: str
    files: list[str]
    links: list[LinkDocument]
    masked: bool


class ManagedDocument(TypedDict):
    """What `unitward managed -o json` prints; `dropins` are those for many units at once."""

    schema: str
    folder: str
    units: list[ManagedUnitDocument]
    dropins: list[str]


class UnmanagedFileDocument(TypedDict):
    """One file that is not unitward's; `kind` is file, drop-in, link, mask or other."""

    path: str
    unit: str
    kind: str


class UnmanagedDocument(TypedDict):
    """What `unitward unmanaged -o json` prints."""

    schema: str
    folder: str
    files: list[UnmanagedFileDocument]


def managed_document(recorded: Recorded, folder: str) -> ManagedDocument:
    """Return what the ledger says is unitward's."""
    units: list[ManagedUnitDocument] = [
        {
            "name": name,
            "source": f"{unit.place.file}:{unit.place.line}"
            if unit.place.line
            else unit.place.file,
            "files": sorted(path for path, file in recorded.files.items() if file.unit == name),
            "links": [
                {"path": path, "target": link.target}
                for path, link in sorted(recorded.links.items())
                if link.unit == name
            ],
            "masked": unit.masked,
        }
        for name, unit in sorted(recorded.units.items())
    ]
    loose = [path for path, file in recorded.files.items() if file.unit not in recorded.units]
    return {
        "schema": MANAGED_SCHEMA,
        "folder": folder,
        "units": units,
        "dropins": sorted(loose),
    }


def unmanaged_document(recorded: Recorded, files: UnitFiles) -> UnmanagedDocument:
    """Return the unit files and drop-ins that stand in the folder and are not unitward's.

    Raises UnitFileError when the folder cannot be listed.
    """
    owned = frozenset(recorded.files)
    masked = {unit.name for unit in recorded.units.values() if unit.masked}
    dropins = [path for paths in files.dropins(owned).values() for path in paths]
    found: list[UnmanagedFileDocument] = []
    for path in sorted([*files.fragments(), *dropins]):
        disk = files.look(path)
        ours = path in owned or path in recorded.links or _is_marked(disk, recorded)
        if ours or (path in masked and disk.kind is DiskKind.MASK):
            continue
        unit = parse_dropin(path).unit if "/" in path else path
        found.append({"path": path, "unit": unit, "kind": _kind(disk)})
    return {"schema": UNMANAGED_SCHEMA, "folder": str(files.root), "files": found}


def _is_marked(disk: DiskFile, recorded: Recorded) -> bool:
    content = disk.content
    return content is not None and mark_holds(content, recorded.installation, disk.path)


def _kind(disk: DiskFile) -> str:
    match disk.kind:
        case DiskKind.FILE:
            return "drop-in" if "/" in disk.path else "file"
        case DiskKind.MASK:
            return "mask"
        case DiskKind.LINK:
            return "link"
        case _:
            return "other"
