"""A plan as people read it."""

import pytest

from unitward.cli.show_plan import print_plan
from unitward.reconcile.document import (
    ActionDocument,
    PlanDocument,
    VerdictDocument,
)


def _action(action: str, unit: str, reason: str = "", source: str = "a.yaml:3") -> ActionDocument:
    return {
        "action": action,
        "unit": unit,
        "path": "",
        "reason": reason,
        "source": source,
        "summary": f"{action} {unit}: {reason}",
    }


def _plan(*actions: ActionDocument, syncs: tuple[str, ...] = ()) -> PlanDocument:
    units: list[VerdictDocument] = [
        {"name": f"u{number}.service", "sync": sync, "reason": "", "until": 0.0}
        for number, sync in enumerate(syncs)
    ]
    return {
        "schema": "unitward/plan/v1",
        "revision": "r",
        "digest": "d",
        "unavailable": "",
        "actions": list(actions),
        "units": units,
        "held": [],
        "notes": [],
        "problems": [],
    }


def test_units_align_and_reasons_stand_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Each unit is one line with its place, its reasons below; steps without news are left out."""
    print_plan(
        _plan(
            _action("stop", "old.service", "no longer declared", "b.yaml:1"),
            _action("create", "api.service", "new"),
            _action("daemon-reload", "", "unit files changed", ""),
            _action("enable", "api.service", "new"),
            _action("start", "api.service", "pulled in by default.target"),
            _action("reset-failed", "api.service", "counting anew"),
            _action("unlink", "old.service", "no longer declared", "b.yaml:1"),
            _action("delete", "old.service", "no longer declared", "b.yaml:1"),
            _action("remove", "old.service", "no longer declared", "b.yaml:1"),
            syncs=("in-sync",),
        )
    )
    assert [
        "  + api.service  create + enable + start  a.yaml:3",
        "      new",
        "      pulled in by default.target",
        "  - old.service  stop + remove            b.yaml:1",
        "      no longer declared",
        "Plan: 1 to create, 1 to remove, 1 to enable, 1 to start, 1 to stop; 1 in sync.",
    ] == capsys.readouterr().out.splitlines()


def test_without_actions_it_says_how_things_stand(capsys: pytest.CaptureFixture[str]) -> None:
    """A plan without actions is one line that counts the units by how they stand."""
    print_plan(_plan(syncs=("in-sync", "stopped-by-hand", "in-sync")))
    assert "Nothing to do: 2 in sync, 1 stopped by hand.\n" == capsys.readouterr().out


def test_held_plans_name_the_way_on(capsys: pytest.CaptureFixture[str]) -> None:
    """What is held says why, which units, and the command that lets it pass."""
    plan = _plan()
    plan["held"].append({"reason": "30 restarts", "units": ["a.service"], "digest": "0123"})
    print_plan(plan)
    assert [
        "held: 30 restarts: a.service",
        "  let it pass with: unitward approve 0123",
    ] == capsys.readouterr().out.splitlines()[:2]


def test_nothing_is_summed_up_of_a_source_that_cannot_be_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A plan of an unreadable source makes no claim about units."""
    plan = _plan()
    plan["unavailable"] = "gone"
    print_plan(plan)
    assert "" == capsys.readouterr().out


def test_units_on_hold_are_shown_with_what_would_be_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """H1: a plan shows what a hold keeps from happening; a change that waits is not on hold."""
    plan = _plan(syncs=("held", "held"))
    plan["units"][0]["reason"] = "held: moving; would: update"
    plan["units"][1]["reason"] = "would restart 21 units; waits for `unitward approve d`"
    print_plan(plan)
    assert [
        "  = u0.service  held: moving; would: update",
        "Nothing to do: 0 in sync, 2 held.",
    ] == capsys.readouterr().out.splitlines()


def test_a_plan_says_what_keeps_a_unit_from_its_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """C14, C16: a unit that runs on says why, written or not; what the row adds stands once."""
    plan = _plan(
        _action("update", "u0.service", "[Service] Nice changed"),
        _action("update", "u1.service", "[Service] Nice changed"),
        _action("restart", "u1.service", "[Service] Nice changed (C4)"),
        syncs=("pending", "pending", "pending", "in-sync"),
    )
    reasons = ("takes effect at next login", "[Service] Nice changed (C4)", "in mid-run", "fine")
    for unit, reason in zip(plan["units"], reasons, strict=True):
        unit["reason"] = reason
    print_plan(plan)
    assert [
        "  ~ u0.service  update            a.yaml:3",
        "      [Service] Nice changed",
        "      takes effect at next login",
        "  ~ u1.service  update + restart  a.yaml:3",
        "      [Service] Nice changed (C4)",
        "  = u2.service  in mid-run",
        "Plan: 2 to update, 1 to restart; 1 in sync.",
    ] == capsys.readouterr().out.splitlines()
