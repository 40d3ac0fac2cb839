"""How results look on a terminal and in a pipe."""

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from unitward.reconcile.problem_document import ProblemDocument

GREEN, YELLOW, RED, PURPLE, FAINT = "32", "33", "31", "35", "2"
OUTPUT_OPTION = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="What to print: text for people, one JSON document for scripts.",
)


def print_json(document: Mapping[str, object]) -> None:
    """Print one document."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def say(text: str, color: str = "") -> None:
    """Print one line of a result; what a manifest says cannot steer the terminal."""
    print(paint(clean(text), color))


def warn(text: str, hint: str = "") -> None:
    """Print what went wrong, and what to do about it, to standard error."""
    print(f"unitward: {clean(text)}", file=sys.stderr)
    if hint:
        print(f"  {clean(hint)}", file=sys.stderr)


def clean(text: str) -> str:
    """Return the text without control characters."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def paint(text: str, color: str) -> str:
    """Colour text where a person looks at a terminal and did not object (NO_COLOR)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if not color or plain or not sys.stdout.isatty():
        return text
    return f"\033[{color}m{text}\033[0m"


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield lines with columns as wide as their widest cell; the last one is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*padded, row[-1]]).rstrip()


def print_problems(problems: Sequence["ProblemDocument"], *, notes: bool = False) -> None:
    """Print every problem with its source line and a hint, to standard error.

    notes: print notes too, such as what only this machine lacks.
    """
    problems = [p for p in problems if notes or p["severity"] != "note"]
    if not problems:
        return
    from unitward.manifest.show import format_problem
    from unitward.model.source import Place, Problem, Severity

    for item in problems:
        problem = Problem(
            Place(item["file"], item["line"], item["column"]),
            Severity(item["severity"]),
            item["message"],
            item["hint"],
            item["snippet"],
            item["unit"],
            item["lint"],
        )
        print(format_problem(problem), file=sys.stderr)


def moment(at: float) -> str:
    """Return a time (wall clock, seconds) as a clock here shows it, with its day if not today."""
    then = time.localtime(at)
    today = then[:3] == time.localtime()[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", then)


def length(seconds: float) -> str:
    """Return a length of time as people say it, in its two largest units: `4 min 10 s`."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for word, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {word}")
        if len(parts) == 2 or (parts and not number):  # noqa: PLR2004 - two units, side by side
            break
    return " ".join(parts) or "0 s"
