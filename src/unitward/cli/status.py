"""`unitward status`: each unit in words, with and without the daemon."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unitward.cli.daemon_door import daemon_pid, failing, last_report, own_folders
from unitward.cli.output import OUTPUT_OPTION, RED, length, moment, print_json, print_problems, say
from unitward.cli.words import check_names, full_names, has_errors, is_converged, say_held
from unitward.errors import Exit, UnitwardError

if TYPE_CHECKING:
    from unitward.model.folders import Folders
    from unitward.reconcile.document import FailingDocument, StatusDocument


@click.command("status")
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 3 when a unit is not where it should be."
)
@OUTPUT_OPTION
def status_command(units: tuple[str, ...], detailed_exitcode: bool, output: str) -> int:
    """Show how every unit stands, and why."""
    folders = own_folders()
    pid = daemon_pid(folders)
    document = _published(folders) if pid else None
    if document is None:
        document = _look(folders)
    document["daemon"] = pid
    document["notes"] += _upgrade_notes(folders)
    document["failing"] = failing(folders, pid) if pid else None
    names = full_names(units)
    if names:
        _narrow(document, names)
    if output == "json":
        print_json(document)
    else:
        print_problems(document["problems"])
        _print(document, folders, in_detail=bool(names))
    done = is_converged(document) or not detailed_exitcode
    return Exit.OK if done else Exit.NOT_CONVERGED


def _upgrade_notes(folders: "Folders") -> list[str]:
    from unitward.setup.upgrade.record import upgrade_note

    note = upgrade_note(folders, time.time())
    return [note] if note else []


def _published(folders: "Folders") -> "StatusDocument | None":
    """Return the daemon's last report, with the states that the manager gives now."""
    document = last_report(folders)
    if document is not None and document["units"]:
        from unitward.cli.asynchronous import result_of

        result_of(_refresh(document, folders))
    return document


async def _refresh(document: "StatusDocument", folders: "Folders") -> None:
    from unitward.systemd.manager import Manager

    try:
        where = {"XDG_RUNTIME_DIR": str(folders.runtime), **os.environ}
        manager = await Manager.connect(where, listening=False)
        try:
            live = await manager.list_units([unit["name"] for unit in document["units"]])
        finally:
            await manager.close()
    except UnitwardError as error:
        document["notes"].append(f"unit states are those of the last pass: {error}")
        return
    for unit in document["units"]:
        status = live.get(unit["name"])
        if status is not None:
            unit["active"], unit["sub"] = status.active, status.sub


def _look(folders: "Folders") -> "StatusDocument":
    """Return a fresh look at the account, without the daemon."""
    from unitward.cli.look import look
    from unitward.reconcile.document import report_document

    document = report_document(look().report())
    last = last_report(folders)
    document["finished_at"] = last["finished_at"] if last else 0.0
    return document


def _narrow(document: "StatusDocument", names: tuple[str, ...]) -> None:
    """Keep what concerns the named units. Raises NoSuchUnitError."""
    check_names(names, (unit["name"] for unit in document["units"]))
    document["units"] = [unit for unit in document["units"] if unit["name"] in names]
    document["actions"] = [action for action in document["actions"] if action["unit"] in names]
    document["held"] = [held for held in document["held"] if {*held["units"]} & {*names}]
    document["problems"] = [
        problem for problem in document["problems"] if problem["unit"] in {"", *names}
    ]


def _print(document: "StatusDocument", folders: "Folders", *, in_detail: bool) -> None:
    from unitward.cli.show_status import footer, print_unit, print_units

    if in_detail:
        for unit in document["units"]:
            print_unit(unit)
    elif document["units"]:
        print_units(document["units"])
    say_held(document["held"], document["notes"])
    if document["failing"] is not None:
        _print_failing(document["failing"])
    if document["unavailable"]:
        say(f"the source cannot be read: {document['unavailable']}; everything stays as it is")
    if not document["units"] and not has_errors(document["problems"]):
        _print_first_steps(folders)
    say(footer(document))


def _print_failing(trouble: "FailingDocument") -> None:
    age = length(time.time() - trouble["since"])
    say(
        f"the daemon's passes fail since {moment(trouble['since'])} ({age}): {trouble['reason']}",
        RED,
    )
    if trouble["hint"]:
        say(f"  {trouble['hint']}")
    say("  reasons above are those of the last pass that ended")


def _print_first_steps(folders: "Folders") -> None:
    """Say which folder is read and what to do with it."""
    from unitward.config import load_settings

    source = load_settings(folders.config_file).source
    folder = Path(source) if source else folders.desired
    if not folder.is_dir():
        say(f"To begin, make the folder that unitward reads: mkdir -p {folder}")
        return
    say(f"Nothing is declared in {folder}.")
    say("Put a manifest (hello.yaml) or a unit file (hello.service) there; then")
    say("`unitward plan` shows what would change, `unitward apply` carries it out.")
