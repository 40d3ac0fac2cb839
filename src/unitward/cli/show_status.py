"""How units stand, for people: a table, one unit in detail, the outcome of a pass."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unitward.cli.output import PURPLE, RED, length, moment, say, table
from unitward.cli.words import SETTLED, say_held, sync_sums

if TYPE_CHECKING:
    from unitward.reconcile.document import (
        OutcomeDocument,
        StatusDocument,
        UnitDocument,
        VerdictDocument,
    )

COLORS = {
    "failed": RED,
    "invalid": RED,
    "blocked": RED,
    "drifted": PURPLE,
    "overridden": PURPLE,
    "held": PURPLE,
}
HEADER = ("UNIT", "SYNC", "ACTIVE", "ENABLED", "REASON")


def print_units(units: Sequence["UnitDocument"]) -> None:
    """Print the table of units."""
    rows = [
        (
            unit["name"],
            unit["sync"],
            _active(unit),
            "enabled" if unit["enabled"] else "-",
            reason_now(unit),
        )
        for unit in units
    ]
    header, *lines = table([HEADER, *rows])
    say(header)
    for line, unit in zip(lines, units, strict=True):
        say(line, COLORS.get(unit["sync"], ""))
    _say_what_to_do(units)


def print_unit(unit: "UnitDocument") -> None:
    """Print one unit in detail."""
    reason = reason_now(unit)
    if not reason.startswith(unit["sync"]):
        reason = f"{unit['sync']}{f': {reason}' if reason else ''}"
    say(unit["name"], COLORS.get(unit["sync"], ""))
    say(f"  sync:    {reason}")
    say(f"  active:  {_active(unit)}, {'enabled' if unit['enabled'] else 'not enabled'}")
    if unit["source"]:
        say(f"  source:  {unit['source']}")
    _say_what_to_do([unit])


def _say_what_to_do(units: Sequence["UnitDocument"]) -> None:
    """Name the commands for units that somebody stopped and that will be started again."""
    stopped = [u["name"] for u in units if u["sync"] == "stopped-by-hand" and u["until"]]
    if stopped:
        unit = stopped[0] if len(stopped) == 1 else "UNIT"
        leave = f"unitward hold {unit} --reason TEXT"
        say(f"`unitward resume {unit}` starts it now, `{leave}` leaves it stopped")


def print_outcome(document: "StatusDocument") -> None:
    """Print what a pass did: units it touched or could not settle, then one line of sums."""
    touched = {action["unit"] for action in document["actions"]}
    shown = [u for u in document["units"] if u["name"] in touched or u["sync"] not in SETTLED]
    if shown:
        print_units(shown)
    print_gone(document["actions"], {unit["name"] for unit in document["units"]})
    say_held(document["held"], document["notes"])
    if document["unavailable"]:
        say(f"the source cannot be read: {document['unavailable']}; everything stays as it is")
    else:
        did = "Done" if document["actions"] else "Nothing to do"
        say(f"{did}: {sync_sums(document['units'])}.")


def print_gone(actions: Sequence["OutcomeDocument"], known: set[str]) -> None:
    """Print which units a pass removed."""
    for action in actions:
        if action["action"] == "remove" and action["unit"] not in known:
            say(f"{action['unit']}  removed: {action['reason']}")


def reason_now(unit: "VerdictDocument") -> str:
    """Return the reason, with how long the verdict still holds."""
    left, reason = unit["until"] - time.time(), unit["reason"]
    if left <= 0:
        return reason
    if unit["sync"] == "held":
        return reason.replace("held:", f"held until {moment(unit['until'])}:", 1)
    return f"{reason} (in {length(left)})"


def footer(document: "StatusDocument") -> str:
    """Return revision, last pass and daemon in one line."""
    age = time.time() - document["finished_at"]
    ago = f"last pass {length(age)} ago" if age >= 1 else "last pass just now"
    parts = [
        "" if document["unavailable"] else f"revision {document['revision']}",
        ago if document["finished_at"] else "no pass yet",
        f"daemon running (process {document['daemon']})" if document["daemon"] else "no daemon",
    ]
    return " · ".join(part for part in parts if part)


def _active(unit: "UnitDocument") -> str:
    return f"{unit['active']} ({unit['sub']})"
