"""Whether units that a pass may restart would start again (semantics.md C18)."""

from collections.abc import Collection, Mapping

from unitward.model.declared import OnChange
from unitward.model.desired import Desired, DesiredUnit
from unitward.model.recorded import IntentKind, Recorded, RecordedUnit
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.model.unittext import UnitText
from unitward.reconcile.contents import contents_changed
from unitward.reconcile.outside import is_to_change
from unitward.systemd.conditions import failing_condition
from unitward.unitfile.names import UnitName, parse_name
from unitward.unitfile.specifiers import KNOWN, expand
from unitward.unitfile.syntax import parse

PREFIXES = ("Condition", "Assert")
UP = frozenset({"active", "reloading", "activating"})
NOT_OF_THE_NAME = {letter: f"%{letter}" for letter in KNOWN - frozenset("iIjJnNpP%")}


def may_restart(
    desired: Desired,
    recorded: Recorded,
    changed: Collection[str],
    units: Mapping[str, UnitStatus],
    external: Mapping[str, str | None],
) -> list[DesiredUnit]:
    """Return the running units with changed files or contents, or with an open intent to run.

    Those too whose process is older than their file, so that later passes say why.
    changed: the units with a file that is not on disk as it should be.
    """
    intended = {i.unit for i in recorded.intents if i.kind is IntentKind.RUN}
    found = []
    for name, unit in desired.units.items():
        status = units.get(name)
        if status is None or status.active not in UP:
            continue
        known = recorded.units.get(name)
        due = name in intended or is_to_change(unit, changed) or _is_older(unit, known)
        if not due and external and known is not None:
            due = any(contents_changed(unit, known, external))
        if due and not unit.is_template:
            found.append(unit)
    return found


def _is_older(unit: DesiredUnit, known: RecordedUnit | None) -> bool:
    if known is None or known.run_digest in ("", unit.run_digest):
        return False
    return unit.policy.on_change not in (OnChange.KEEP, OnChange.RELOAD)


async def failing_conditions(
    units: list[DesiredUnit],
    details: Mapping[str, UnitDetail],
    recorded: Recorded,
    env: Mapping[str, str],
) -> dict[str, str]:
    """Return for each of the units the first of its conditions that does not hold now, if any."""
    found: dict[str, str] = {}
    for unit in units:
        conditions = conditions_of(unit, details.get(unit.name), _replaced_dropins(unit, recorded))
        failing = await failing_condition(conditions, env) if conditions else ""
        if failing:
            found[unit.name] = failing
    return found


def conditions_of(unit: DesiredUnit, detail: UnitDetail | None, replaced: UnitText) -> list[str]:
    """Return the lines that systemd would check before it started the unit.

    Specifiers of the unit's name are expanded, those of the account are not. Where the unit's own
    file is not ours, the manager tells what else is loaded; `replaced`, the text of our drop-ins
    until now, does not count.
    """
    name = parse_name(unit.name)
    declared = [_expanded(line, name) for line in _conditions(unit.text)]
    if not unit.is_policy_only or detail is None:
        return declared
    emptied = {
        prefix
        for entry in unit.text.entries
        for prefix in PREFIXES
        if entry.key.startswith(prefix) and not entry.value
    }
    ours = {line.partition("=")[0] for line in _conditions(replaced)}
    loaded = [line.replace("%", "%%") for line in (*detail.conditions, *detail.asserts)]
    theirs = [
        line
        for line in loaded
        if line.partition("=")[0] not in ours and not line.startswith(tuple(emptied))
    ]
    return list(dict.fromkeys([*theirs, *declared]))


def _conditions(text: UnitText) -> list[str]:
    """Return the conditions of a text; an empty one takes back all before it (systemd.unit(5))."""
    found: list[str] = []
    for entry in text.entries:
        for prefix in PREFIXES if entry.section == "Unit" else ():
            if not entry.key.startswith(prefix):
                continue
            if entry.value:
                found.append(f"{entry.key}={entry.value}")
            else:
                found = [line for line in found if not line.startswith(prefix)]
    return found


def _expanded(line: str, name: UnitName) -> str:
    parts = [expand(part, name, NOT_OF_THE_NAME) for part in line.split("%%")]
    return line if None in parts else "%%".join(part for part in parts if part is not None)


def _replaced_dropins(unit: DesiredUnit, recorded: Recorded) -> UnitText:
    files = [file for file in recorded.files.values() if file.unit == unit.name]
    return UnitText(tuple(entry for file in files for entry in parse(file.content).text.entries))
