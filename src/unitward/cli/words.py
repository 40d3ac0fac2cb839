"""What is said of units and plans in more than one command."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from unitward.cli.output import PURPLE, say
from unitward.errors import NoSuchUnitError

if TYPE_CHECKING:
    from unitward.reconcile.document import (
        HeldDocument,
        StatusDocument,
        VerdictDocument,
    )
    from unitward.reconcile.problem_document import ProblemDocument

# Units that are where they should be, or that wait for nothing that unitward could do.
SETTLED = frozenset(
    {"in-sync", "waiting", "skipped", "stopped-by-hand", "overridden", "unsupported", "absent"}
)
SHOWN_HELD = 8


def has_errors(problems: Iterable["ProblemDocument"]) -> bool:
    """Tell whether something declared could not be read as it was meant."""
    return any(problem["severity"] == "error" for problem in problems)


def is_converged(document: "StatusDocument") -> bool:
    """Tell whether every unit is where it should be, or waits for nothing of ours."""
    if document["unavailable"] or document["failing"] is not None:
        return False
    if has_errors(document["problems"]):
        return False
    return all(unit["sync"] in SETTLED for unit in document["units"])


def sync_sums(units: Sequence["VerdictDocument"]) -> str:
    """Return how many units stand how: `41 in sync, 1 failed`."""
    counts = Counter(unit["sync"] for unit in units)
    in_sync = counts.pop("in-sync", 0)
    others = [f"{number} {word.replace('-', ' ')}" for word, number in sorted(counts.items())]
    return ", ".join([f"{in_sync} in sync", *others])


def full_name(unit: str) -> str:
    """Return the unit's whole name: as systemctl(1) does, `.service` is the suffix left out."""
    return unit if "." in unit else f"{unit}.service"


def full_names(units: Iterable[str]) -> tuple[str, ...]:
    """Return the whole names of units."""
    return tuple(full_name(unit) for unit in units)


def check_names(units: Iterable[str], known: Iterable[str]) -> None:
    """Raise NoSuchUnitError for the first unit that is not among the known ones."""
    names = set(known)
    for unit in units:
        if unit not in names:
            raise NoSuchUnitError(
                f"{unit}: neither declared nor managed by unitward",
                hint="`unitward status` lists what is",
            )


def say_held(held: Sequence["HeldDocument"], notes: Sequence[str]) -> None:
    """Print what waits for a person and what a person should know."""
    for item in held:
        units = item["units"]
        more = f" and {len(units) - SHOWN_HELD} more" if len(units) > SHOWN_HELD else ""
        named = f": {', '.join(units[:SHOWN_HELD])}{more}" if units else ""
        say(f"held: {item['reason']}{named}", PURPLE)
        say(f"  let it pass with: unitward approve {item['digest']}")
    for note in notes:
        say(f"note: {note}")
