"""What bears this installation's mark although the ledger does not know it (it was lost)."""

from dataclasses import replace

from unitward.manifest.guards import OWN_UNIT
from unitward.model.recorded import Recorded, RecordedFile, RecordedLink, RecordedUnit
from unitward.model.source import Place
from unitward.store.unit_files import UnitFiles
from unitward.unitfile.mark import mark_holds
from unitward.unitfile.names import is_unit_name, parse_name


def with_marked(recorded: Recorded, files: UnitFiles) -> Recorded:
    """Return the ledger's content with the units, files and links that marks add to it.

    unitward's own unit file is left out. Raises UnitFileError when the folder cannot be listed.
    """
    found = _marked_files(recorded, files)
    if not found:
        return recorded
    known = {**recorded.files, **found}
    names = {file.unit for file in found.values() if is_unit_name(file.unit)}
    links = {
        path: RecordedLink(path, target, path.rpartition("/")[2])
        for path, target in files.links().items()
        if path not in recorded.links and _belongs(path.rpartition("/")[2], target, found)
    }
    names |= {link.unit for link in links.values()}
    units = {name: RecordedUnit(name, Place(name)) for name in sorted(names)}
    return replace(
        recorded,
        units={**units, **recorded.units},
        files=known,
        links={**recorded.links, **links},
    )


def _marked_files(recorded: Recorded, files: UnitFiles) -> dict[str, RecordedFile]:
    dropins = files.dropins(frozenset(recorded.files))
    paths = {path: unit for unit, of in dropins.items() for path in of}
    paths |= {name: name for name in files.fragments() if name not in recorded.files}
    found: dict[str, RecordedFile] = {}
    for path, unit in paths.items():
        disk = files.look(path)
        ours = disk.content is not None and mark_holds(disk.content, recorded.installation, path)
        if ours and disk.content is not None and path != OWN_UNIT:
            found[path] = RecordedFile(path, unit, disk.digest, disk.content)
    return found


def _belongs(name: str, target: str, found: dict[str, RecordedFile]) -> bool:
    """Tell whether a link of that name was made for one of the files."""
    if not is_unit_name(name) or target.rpartition("/")[2] not in found:
        return False
    return name in found or parse_name(name).template in found
