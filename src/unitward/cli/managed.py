"""`unitward managed` and `unmanaged`: whose the files in the unit folder are."""

from typing import TYPE_CHECKING

import click

from unitward.cli.daemon_door import own_folders
from unitward.cli.orders import recorded_of
from unitward.cli.output import OUTPUT_OPTION, print_json, say, table

if TYPE_CHECKING:
    from unitward.reconcile.inventory import ManagedDocument, UnmanagedDocument


@click.command("managed")
@OUTPUT_OPTION
def managed_command(output: str) -> None:
    """List what unitward manages: units, with their files and links.

    Reads the ledger only: no user manager is needed.
    """
    from unitward.reconcile.inventory import managed_document

    folders = own_folders()
    document = managed_document(recorded_of(folders), str(folders.unit_dir))
    if output == "json":
        print_json(document)
    else:
        _print_managed(document)


@click.command("unmanaged")
@OUTPUT_OPTION
def unmanaged_command(output: str) -> None:
    """List unit files and drop-ins in the unit folder that are not unitward's.

    `unitward adopt UNIT` gives one over.
    """
    from unitward.reconcile.inventory import unmanaged_document
    from unitward.store.unit_files import UnitFiles

    folders = own_folders()
    document = unmanaged_document(recorded_of(folders), UnitFiles(folders.unit_dir))
    if output == "json":
        print_json(document)
    else:
        _print_unmanaged(document)


def _print_managed(document: "ManagedDocument") -> None:
    for unit in document["units"]:
        say(f"{unit['name']}  {unit['source']}{'  masked' if unit['masked'] else ''}")
        for path in unit["files"]:
            say(f"  {path}")
        for link in unit["links"]:
            say(f"  {link['path']} -> {link['target']}")
    for path in document["dropins"]:
        say(path)
    say(f"{len(document['units'])} units in {document['folder']}")


def _print_unmanaged(document: "UnmanagedDocument") -> None:
    rows = [(file["path"], file["kind"]) for file in document["files"]]
    for line in table(rows) if rows else ():
        say(line)
    say(f"{len(rows)} files in {document['folder']} are not unitward's")
