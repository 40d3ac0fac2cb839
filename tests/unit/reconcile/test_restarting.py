"""Which conditions count before a unit is restarted (docs/semantics.md, C18)."""

import pytest

from unitward.model.declared import OnChange, Policy
from unitward.model.desired import Desired, DesiredFile, DesiredUnit
from unitward.model.recorded import Intent, IntentKind, Recorded, RecordedUnit
from unitward.model.source import Place, Revision
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.model.unittext import UnitText
from unitward.reconcile.contents import contents_digest
from unitward.reconcile.restarting import conditions_of, may_restart
from unitward.unitfile.syntax import parse

HERE = Place("a.yaml")


def unit(name: str, text: str, *, ours: bool = True, policy: Policy | None = None) -> DesiredUnit:
    """Return a declared unit: with a file of its own, or by drop-ins of ours only."""
    meaning = parse(text.encode()).text
    path = name if ours else f"{name}.d/50.conf"
    file = DesiredFile(path, text.encode(), "new", HERE, meaning)
    parts = {"fragment": file} if ours else {"dropins": (file,)}
    return DesiredUnit(name, HERE, meaning, policy or Policy(), **parts)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("ConditionPathExists=|!%h/x", ["ConditionPathExists=|!%h/x"]),
        ("ConditionPathExists=/a\nConditionUser=\nConditionHost=b", ["ConditionHost=b"]),
        ("AssertHost=a\nConditionUser=", ["AssertHost=a"]),
        ("ConditionPathExists=%t/%i%%/%p", ["ConditionPathExists=%t/one%%/w"]),
        ("Description=ConditionUser", []),
    ],
)
def test_conditions_in_force(text: str, counted: list[str]) -> None:
    """An empty one takes back those before it; only the name's specifiers are expanded."""
    declared = unit("w@one.service", f"[Unit]\n{text}\n")
    assert counted == conditions_of(declared, UnitDetail("w@one.service"), UnitText())


@pytest.mark.parametrize(
    ("text", "replaced", "counted"),
    [
        ("", "", ["ConditionPathExists=/100%%", "AssertHost=a"]),
        (
            "ConditionUser=me",
            "",
            ["ConditionPathExists=/100%%", "AssertHost=a", "ConditionUser=me"],
        ),
        ("ConditionUser=", "", ["AssertHost=a"]),
        ("", "ConditionPathExists=/100%", ["AssertHost=a"]),
    ],
    ids=["theirs", "both", "emptied", "no longer ours"],
)
def test_conditions_of_a_shipped_unit(text: str, replaced: str, counted: list[str]) -> None:
    """Of a unit that only has our drop-in, the manager tells what its own file asks for."""
    declared = unit("p.service", f"[Unit]\n{text}\n[Service]\nNice=1\n", ours=False)
    detail = UnitDetail(
        "p.service", conditions=("ConditionPathExists=/100%",), asserts=("AssertHost=a",)
    )
    old = parse(f"[Unit]\n{replaced}\n".encode()).text
    assert counted == conditions_of(declared, detail, old)


def test_units_that_a_pass_may_restart() -> None:
    """Changed files and contents, open intents and older processes count, of units that are up."""
    watching = Policy(restart_on=("/etc/a",))
    units = (
        {
            name: unit(name, "[Service]\n", policy=watching if name == "contents.service" else None)
            for name in ("same.service", "file.service", "contents.service", "intent.service")
        }
        | {
            "older.service": unit("older.service", "[Service]\n"),
            "kept.service": unit(
                "kept.service", "[Service]\n", policy=Policy(on_change=OnChange.KEEP)
            ),
        }
        | {"down.service": unit("down.service", "[Service]\n")}
    )
    old = contents_digest("contents.service", ("/etc/a",), {"/etc/a": "old"})
    recorded = Recorded(
        "here",
        units={
            "contents.service": RecordedUnit("contents.service", HERE, external_digest=old),
            "older.service": RecordedUnit("older.service", HERE, run_digest="old"),
            "kept.service": RecordedUnit("kept.service", HERE, run_digest="old"),
        },
        intents=(
            Intent(1, "intent.service", IntentKind.RUN),
            Intent(2, "same.service", IntentKind.WRITE),
        ),
    )
    stale = {"file.service", "down.service"}
    status = {
        name: UnitStatus(name, "loaded", "inactive" if name == "down.service" else "active", "")
        for name in units
    }
    found = may_restart(
        Desired(Revision("r"), units=units), recorded, stale, status, {"/etc/a": "new"}
    )
    expected = {"file.service", "contents.service", "intent.service", "older.service"}
    assert expected == {u.name for u in found}
