"""Status as people read it."""

import time

import pytest

from unitward.cli.show_status import footer, print_outcome, print_unit, print_units
from unitward.reconcile.document import OutcomeDocument, StatusDocument, UnitDocument


def _unit(name: str, sync: str = "in-sync", reason: str = "", until: float = 0.0) -> UnitDocument:
    return {
        "name": name,
        "sync": sync,
        "reason": reason,
        "until": until,
        "active": "active",
        "sub": "running",
        "enabled": True,
        "source": "a.yaml:3",
    }


def _status(*units: UnitDocument, finished_at: float = 0.0, daemon: int = 0) -> StatusDocument:
    return {
        "schema": "unitward/status/v1",
        "revision": "abc",
        "trigger": "",
        "finished_at": finished_at,
        "next_at": 0.0,
        "daemon": daemon,
        "failing": None,
        "unavailable": "",
        "units": list(units),
        "actions": [],
        "held": [],
        "notes": [],
        "problems": [],
    }


def _outcome(action: str, unit: str, reason: str) -> OutcomeDocument:
    return {
        "action": action,
        "unit": unit,
        "path": "",
        "reason": reason,
        "source": "",
        "summary": "",
        "result": "done",
        "detail": "",
    }


def test_the_time_left_is_told_when_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A verdict that ends by itself says in how long, counted from now; a past end says nothing."""
    now = time.time()
    print_units(
        [
            _unit("a.service", "stopped-by-hand", "left alone", now + 250.4),
            _unit("b.service", "stopped-by-hand", "left alone", now - 1),
        ]
    )
    _, first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.endswith("left alone (in 4 min 10 s)")
    assert second.endswith("left alone")


def test_what_to_do_about_a_stopped_unit_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever stopped a unit learns how to start it now, and how to keep it stopped."""
    stopped = _unit("a.service", "stopped-by-hand", "left alone", time.time() + 250)
    for show in (print_unit, lambda unit: print_units([unit])):
        show(stopped)
        advice = capsys.readouterr().out.splitlines()[-1]
        assert "`unitward resume a.service`" in advice
        assert "`unitward hold a.service --reason TEXT`" in advice


def test_one_unit_in_detail(capsys: pytest.CaptureFixture[str]) -> None:
    """A single unit is told with reason, state, enablement and place."""
    print_unit(_unit("a.service", reason="pulled in by default.target"))
    assert [
        "a.service",
        "  sync:    in-sync: pulled in by default.target",
        "  active:  active (running), enabled",
        "  source:  a.yaml:3",
    ] == capsys.readouterr().out.splitlines()


def test_an_outcome_shows_what_was_touched_or_is_not_settled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of many units only those appear that the pass touched, removed or could not settle."""
    status = _status(_unit("a.service"), _unit("b.service", "failed"), _unit("c.service"))
    status["actions"] = [
        _outcome("start", "c.service", "new"),
        _outcome("remove", "old.service", "no longer declared"),
    ]
    print_outcome(status)
    lines = capsys.readouterr().out.splitlines()
    assert ["UNIT", "b.service", "c.service", "old.service", "Done:"] == [
        line.split()[0] for line in lines
    ]
    assert "old.service  removed: no longer declared" == lines[3]
    assert "Done: 2 in sync, 1 failed." == lines[4]


@pytest.mark.parametrize(
    ("age", "daemon", "expected"),
    [
        (None, 0, "revision abc · no pass yet · no daemon"),
        (0.0, 7, "revision abc · last pass just now · daemon running (process 7)"),
        (130.2, 0, "revision abc · last pass 2 min 10 s ago · no daemon"),
    ],
)
def test_the_last_line_names_revision_pass_and_daemon(
    age: float | None, daemon: int, expected: str
) -> None:
    """The last line says which revision, how old the last pass is, and whether a daemon runs."""
    finished_at = 0.0 if age is None else time.time() - age
    assert expected == footer(_status(finished_at=finished_at, daemon=daemon))


def test_a_hold_is_told_with_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    """H2: until when a unit is held is said as a clock says it, with the day if not today."""
    later = time.time() + 3 * 86400
    print_units(
        [
            _unit("a.service", "held", "held: moving; would: restart", later),
            _unit("b.service", "held", "held: moving"),
        ]
    )
    _, first, second = capsys.readouterr().out.splitlines()
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(later))
    assert first.endswith(f"held until {day}: moving; would: restart")
    assert second.endswith("held: moving")
