"""A plan for people: a paragraph for each unit, and one line of sums."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unitward.cli.output import GREEN, PURPLE, RED, YELLOW, say
from unitward.cli.show_status import reason_now
from unitward.cli.words import say_held, sync_sums

if TYPE_CHECKING:
    from unitward.reconcile.document import ActionDocument, PlanDocument, VerdictDocument

# From the weightiest down: the first one that a unit has gives its paragraph the symbol.
SYMBOLS = {
    "remove": "-",
    "delete": "-",
    "create": "+",
    "restore": "!",
    "stop": "-",
    "start": ">",
}
COLORS = {"+": GREEN, "~": YELLOW, "!": PURPLE, "-": RED, ">": GREEN}
# Steps that come with the others and decide nothing.
STEPS = frozenset({"reset-failed", "stamp", "keep copy"})
LEFT_ALONE = frozenset({"pending", "blocked", "drifted"})
REMOVAL = frozenset({"delete", "unlink", "remove"})
SUMS = (
    ("create", "create"),
    ("update", "update"),
    ("restore", "put back"),
    ("remove", "remove"),
    ("release", "release"),
    ("mask", "mask"),
    ("unmask", "unmask"),
    ("enable", "enable"),
    ("start", "start"),
    ("restart", "restart"),
    ("reload", "reload"),
    ("stop", "stop"),
)


def print_plan(document: "PlanDocument") -> None:
    """Print a plan."""
    by_unit: dict[str, list[ActionDocument]] = {}
    for action in document["actions"]:
        if action["unit"]:
            by_unit.setdefault(action["unit"], []).append(action)
    verdicts = {verdict["name"]: verdict for verdict in document["units"]}
    heads = {unit: _words(actions) for unit, actions in by_unit.items()}
    unit_width = max(map(len, heads), default=0)
    words_width = max(map(len, heads.values()), default=0)
    for unit, actions in sorted(by_unit.items()):
        symbol = _symbol(actions)
        source = next((a["source"] for a in actions if a["source"]), "")
        line = f"  {symbol} {unit:{unit_width}}  {heads[unit]:{words_width}}  {source}"
        say(line.rstrip(), COLORS[symbol])
        for reason in _reasons(actions, verdicts.get(unit)):
            say(f"      {reason}")
    shown = {*by_unit, *(action["path"] for action in document["actions"])}
    for verdict in document["units"]:
        if verdict["name"] not in shown and _is_left_alone(verdict):
            say(f"  = {verdict['name']}  {reason_now(verdict)}", PURPLE)
    say_held(document["held"], document["notes"])
    if not document["unavailable"]:
        say(plan_sums(document))


def plan_sums(document: "PlanDocument") -> str:
    """Return the sums of a plan in one line."""
    if not document["actions"]:
        return f"Nothing to do: {sync_sums(document['units'])}."
    units: dict[str, set[str]] = {}
    for action in document["actions"]:
        units.setdefault(action["action"], set()).add(action["unit"])
    parts = [f"{len(units[verb])} to {word}" for verb, word in SUMS if verb in units]
    in_sync = sum(unit["sync"] == "in-sync" for unit in document["units"])
    return f"Plan: {', '.join(parts) or 'links and files only'}; {in_sync} in sync."


def _words(actions: Sequence["ActionDocument"]) -> str:
    """Return what happens to one unit: `create + enable + start`."""
    verbs = [action["action"] for action in actions]
    removed = "remove" in verbs
    shown = ["remove" if removed and v in REMOVAL else v for v in verbs if v not in STEPS]
    return " + ".join(dict.fromkeys(shown or verbs))


def _symbol(actions: Sequence["ActionDocument"]) -> str:
    verbs = {action["action"] for action in actions}
    return next((symbol for verb, symbol in SYMBOLS.items() if verb in verbs), "~")


def _is_left_alone(verdict: "VerdictDocument") -> bool:
    """Tell whether a unit is not as declared and the plan does nothing to it for a reason."""
    if verdict["sync"] == "held":
        return verdict["reason"].startswith("held:")
    return verdict["sync"] in LEFT_ALONE


def _reasons(
    actions: Sequence["ActionDocument"], verdict: "VerdictDocument | None" = None
) -> list[str]:
    """Return each reason once, and what the verdict adds, such as `takes effect at next login`.

    A reason that another one repeats and adds to is left out.
    """
    given = [a["reason"] for a in actions if a["action"] not in STEPS]
    if verdict is not None and verdict["sync"] != "in-sync":
        given.append(reason_now(verdict))
    shown = [r for r in dict.fromkeys(given) if r]
    return [r for r in shown if not any(o != r and o.startswith(f"{r} (") for o in shown)]
