"""How results look on a terminal and in a pipe."""

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

Document = Mapping[str, Any]

SYMBOLS = {
    "create": "+",
    "update": "~",
    "restore": "!",
    "delete": "-",
    "forget": "-",
    "stop": "-",
    "restart": "~",
    "reload": "~",
    "start": ">",
    "enable": "~",
}
RANKED = ("forget", "delete", "create", "restore", "update", "stop", "restart", "reload", "start")
COLORS = {"+": "32", "~": "33", "!": "35", "-": "31", ">": "32"}
SYNC_COLORS = {
    "in-sync": "32",
    "failed": "31",
    "invalid": "31",
    "blocked": "31",
    "drifted": "35",
    "overridden": "35",
    "held": "35",
}
QUIET_VERBS = frozenset({"reset-failed", "forget"})
OUTPUT_OPTION = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="What to print: text for people, one JSON document for scripts.",
)


def print_json(document: Document) -> None:
    """Print one document."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def paint(text: str, color: str) -> str:
    """Colour text where a person looks at a terminal and did not object (NO_COLOR)."""
    if not color or os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"\033[{color}m{text}\033[0m"


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> Iterable[str]:
    """Yield lines with columns as wide as their widest cell; the last one is not padded."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header) - 1)]
    for row in (header, *rows):
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*padded, row[-1]]).rstrip()


def print_plan(document: Document) -> None:
    """Print a plan: a paragraph for each unit, what is held, and one line of sums."""
    by_unit: dict[str, list[Document]] = {}
    for action in document["actions"]:
        if action["unit"]:
            by_unit.setdefault(action["unit"], []).append(action)
    width = max((len(unit) for unit in by_unit), default=0)
    for unit in sorted(by_unit):
        _print_unit_plan(unit, by_unit[unit], width)
    for held in document["held"]:
        print(paint(f"  ? held: {held['reason']}: {', '.join(held['units'])}", "35"))
        print(f"      let it pass with: unitward approve {held['digest']}")
    for note in document["notes"]:
        print(f"  note: {note}")
    print(plan_sums(document))


def _print_unit_plan(unit: str, actions: Sequence[Document], width: int) -> None:
    shown = [a for a in actions if a["action"] not in QUIET_VERBS] or list(actions)
    verbs = list(dict.fromkeys(a["action"] for a in shown))
    kinds = {a["action"] for a in actions}
    leading = next((verb for verb in RANKED if verb in kinds), verbs[0])
    symbol = SYMBOLS.get(leading, "~")
    line = f"  {symbol} {unit.ljust(width)}  {' + '.join(verbs)}"
    print(paint(line, COLORS.get(symbol, "")))
    source = next((a["source"] for a in actions if a["source"]), "")
    reasons = list(dict.fromkeys(a["reason"] for a in shown))
    for number, reason in enumerate(reasons):
        print(f"      {reason}{f'  ({source})' if source and not number else ''}")


def plan_sums(document: Document) -> str:
    """Return the sums of a plan in one line."""
    kinds: dict[str, set[str]] = {}
    for action in document["actions"]:
        kinds.setdefault(action["action"], set()).add(action["unit"])
    words = (
        ("create", "to create"),
        ("update", "to update"),
        ("restore", "to put back"),
        ("start", "to start"),
        ("restart", "to restart"),
        ("reload", "to reload"),
        ("stop", "to stop"),
        ("forget", "to remove"),
    )
    parts = [f"{len(kinds[kind])} {word}" for kind, word in words if kind in kinds]
    in_sync = sum(unit["sync"] == "in-sync" for unit in document["units"])
    others = len(document["units"]) - in_sync
    if not document["actions"]:
        tail = f"{in_sync} in sync" + (f", {others} not (see status)" if others else "")
        return f"Nothing to do: {tail}."
    return f"Plan: {', '.join(parts) or 'links only'}; {in_sync} in sync."


def print_problems(document: Document) -> None:
    """Print every problem with its source line and a hint, to stderr."""
    from unitward.manifest.show import format_problem
    from unitward.model.source import Place, Problem, Severity

    for item in document["problems"]:
        place = Place(item["file"], item["line"], item["column"])
        problem = Problem(
            place,
            Severity(item["severity"]),
            item["message"],
            item["hint"],
            item["snippet"],
            item["unit"],
            item["lint"],
        )
        print(format_problem(problem), file=sys.stderr)


def print_status(document: Document, only: Sequence[str] = ()) -> None:
    """Print the table of units, then what is held, noted or wrong."""
    units = [unit for unit in document["units"] if not only or unit["name"] in only]
    rows = [
        (
            unit["name"],
            unit["sync"],
            f"{unit['active']} ({unit['sub']})",
            "enabled" if unit["enabled"] else "-",
            unit["reason"],
        )
        for unit in units
    ]
    header = ("UNIT", "SYNC", "ACTIVE", "ENABLED", "REASON")
    for number, line in enumerate(table(rows, header)):
        sync = rows[number - 1][1] if number else ""
        print(paint(line, SYNC_COLORS.get(sync, "") if number and sync != "in-sync" else ""))
    if not units:
        print("  (nothing is declared)")
    for held in document["held"]:
        print(f"held: {held['reason']}: {', '.join(held['units'])}")
        print(f"  let it pass with: unitward approve {held['digest']}")
    for note in document["notes"]:
        print(f"note: {note}")
    if document["unavailable"]:
        print(f"the source cannot be read: {document['unavailable']}; everything stays as it is")


def ago(moment: float) -> str:
    """Return how long ago a wall-clock moment was."""
    seconds = max(0, round(time.time() - moment))
    if seconds < 1:
        return "just now"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min ago"
    return f"{minutes} min ago" if minutes else f"{rest} s ago"


def is_converged(document: Document) -> bool:
    """Tell whether every unit is where it should be, or waits for nothing of ours."""
    fine = {"in-sync", "waiting", "skipped", "stopped-by-hand", "overridden", "unsupported"}
    return not document["unavailable"] and all(u["sync"] in fine for u in document["units"])
