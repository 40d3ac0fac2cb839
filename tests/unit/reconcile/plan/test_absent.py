"""Row R2: under another identity nothing is removed until a person approves."""

from typing import Any

import pytest

from unitward.model.source import Place

HELD = "the identity changed from ada@alpha to ada@beta, so nothing is removed"


@pytest.fixture
def renamed(scene: Any) -> Any:
    """Give a scene of five units, one of them long absent, under another identity."""
    for name in ("g.service", *(f"s{n}.service" for n in range(4))):
        scene.settled(name)
    del scene.units["g.service"]
    scene.recorded["absences"] = {"g.service": 9000.0}
    scene.recorded["identity"] = "ada@alpha"
    scene.set(identity="ada@beta")
    return scene


def test_nothing_is_removed(renamed: Any) -> None:
    """R2: the plan says why, and for what it waits."""
    assert [] == renamed.does()
    [held] = renamed.plan().held
    assert (HELD, ("g.service",)) == (held.reason, held.units)
    expected = f"held: its removal waits for `unitward approve {held.digest}`"
    assert expected == renamed.says("g.service")


def test_nor_what_is_listed_as_removed(renamed: Any) -> None:
    """R2: `removed:` may be meant for another host."""
    renamed.desired["removed"] = {"g.service": Place("a.yaml", 9)}
    assert [] == renamed.does()


def test_nor_a_dropin_of_a_unit_that_stays(renamed: Any) -> None:
    """R2: a drop-in that is declared no more waits as units do."""
    renamed.record_file("s0.service.d/x.conf", "[Service]\nNice=5\n")
    renamed.recorded["absences"]["s0.service.d/x.conf"] = 9000.0
    assert [] == renamed.does()
    assert "s0.service.d/x.conf" in renamed.plan().held[0].units


def test_everything_else_goes_on(renamed: Any) -> None:
    """R2: a new unit is written and started under the new identity."""
    renamed.declare("n.service")
    assert "start n.service" in renamed.does()
    assert "delete g.service" not in renamed.does()


def test_approved_it_is_taken(renamed: Any) -> None:
    """R2: the approval lets the removals pass, and the identity is the ledger's from then on."""
    [held] = renamed.plan().held
    renamed.recorded["approved"] = frozenset({held.digest})
    plan = renamed.plan()
    assert ((), "ada@beta", (held.digest,)) == (plan.held, plan.identity, plan.approvals)
    assert "delete g.service" in renamed.does()


def test_an_approval_of_fewer_removals_does_not_do(renamed: Any) -> None:
    """R2: it binds to what was shown."""
    [held] = renamed.plan().held
    renamed.recorded["approved"] = frozenset({held.digest})
    del renamed.units["s0.service"]
    assert "" == renamed.plan().identity
    assert [] == renamed.does()


def test_an_approval_waits_for_a_complete_reading(renamed: Any) -> None:
    """R2: while a file is invalid nobody knows what goes, so the approval is kept."""
    [held] = renamed.plan().held
    renamed.recorded["approved"] = frozenset({held.digest})
    renamed.desired.update(complete=False, incomplete_because="b.yaml:3")
    plan = renamed.plan()
    assert ("", ()) == (plan.identity, plan.approvals)
    assert [] == renamed.does()


def test_without_removals_it_is_said_too(renamed: Any) -> None:
    """R2: what goes later waits as well, so a person should know now."""
    renamed.settled("g.service")
    [held] = renamed.plan().held
    assert (HELD, ()) == (held.reason, held.units)
    renamed.recorded["approved"] = frozenset({held.digest})
    assert "ada@beta" == renamed.plan().identity


@pytest.mark.parametrize(("known", "configured"), [("", "ada@beta"), ("ada@alpha", "")])
def test_nothing_changed(renamed: Any, known: str, configured: str) -> None:
    """R2: a first identity is no change, and neither is one that is not configured."""
    renamed.recorded["identity"] = known
    renamed.set(identity=configured)
    assert "" == renamed.plan().identity
    assert "delete g.service" in renamed.does()
