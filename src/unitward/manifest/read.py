"""One file of the folder, whatever it is, to what it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unitward.manifest.decode import decode
from unitward.manifest.files import FileKind, classify
from unitward.manifest.raw import decode_raw
from unitward.manifest.report import At, Report, finished
from unitward.model.declared import Manifest
from unitward.model.source import Unreadable

if TYPE_CHECKING:
    from unitward.model.source import SourceFile
    from unitward.model.unittext import DirectiveTable

_OVERLAYS = ("hosts/", "labels/")


def read_file(file: SourceFile, table: DirectiveTable, *, folder: str, home: str) -> Manifest:
    """Return what a file declares. Never raises.

    A file that exists and cannot be read is an invalid manifest, never an absent one.
    `folder` is the desired-state folder's and `home` the account's absolute path.
    """
    kind = classify(file.path)
    if kind is FileKind.IGNORED:
        return Manifest(file.path, is_manifest=False)
    if file.path.startswith(_OVERLAYS):
        return _refused(
            file.path,
            f"overlays ({file.path.partition('/')[0]}/) are not supported yet",
            "move the file to another folder",
        )
    if isinstance(file.content, Unreadable):
        return _refused(file.path, file.content.reason, file.content.hint)
    match kind:
        case FileKind.MANIFEST:
            return decode(file.path, file.content, table, folder=folder, home=home)
        case FileKind.UNIT | FileKind.DROP_IN:
            return decode_raw(file.path, file.content, table, folder=folder, home=home)
        case FileKind.QUADLET:
            suffix = file.path.rpartition(".")[2]
            return _refused(
                file.path,
                f"Quadlet files (.{suffix}) are not supported yet",
                "install it with podman, or write the service that it makes",
            )


def _refused(path: str, message: str, hint: str) -> Manifest:
    report = Report(path)
    report.error(At(), message, hint)
    return Manifest(path, problems=finished(report.shared.problems, ()), invalid=True)
