"""A change of unitward's own unit that does not work is undone, by itself; one that does, stays."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

OWN = "unitward.service"
LIMIT_S = 90.0
SHORT, LONG = 3, 80


def manifest(own: str = "") -> str:
    """Return a manifest of one service and of what is declared of unitward's own, in line 8."""
    return (
        "version: 1\nunits:\n  a.service:\n"
        "    Service: {ExecStart: /bin/sleep infinity}\n"
        "    Install: {WantedBy: default.target}\n" + own
    )


def dropin(text: str) -> str:
    """Return a drop-in on unitward's own unit."""
    return f"  {OWN}.d/50-here.conf:\n    Service: {{{text}}}\n"


BAD = dropin('ExecStart: ["", /bin/false]')
GOOD = dropin('Environment: "TURN=1", StandardError: "append:%h/daemon.log"')


def guards(place: Any) -> list[str]:
    """Return what a change that is decided must not leave."""
    found = [*place.account.unit_dir.rglob("*undo*"), place.state / "own-change"]
    return [str(path) for path in found if path.is_symlink() or path.exists()]


def text_of(place: Any) -> str:
    """Return the drop-in that stands, "" for none."""
    path = place.account.unit_dir / f"{OWN}.d/50-here.conf"
    return path.read_text() if path.exists() else ""


def passes(place: Any, status: int = 0) -> bool:
    """Tell whether the daemon runs and makes a pass."""
    return bool(place.is_active(OWN)) and place.unitward("sync").returncode == status


def until(place: Any, predicate: Callable[[], object], what: str) -> None:
    """Wait for a state of the world, that takes a few starts of unitward to come."""
    place.account.wait_for(predicate, what, LIMIT_S)


def give_time(place: Any, seconds: int) -> None:
    """Have the changes from now on prove themselves within that time."""
    place.account.systemctl("set-environment", f"UNITWARD_UPGRADE_SECONDS={seconds}")
    place.account.systemctl("restart", OWN)


@pytest.fixture
def here(place: Any) -> Any:
    """Give an installed unitward with one unit."""
    place.account.write("a.yaml", manifest())
    place.install()
    return place


def until_undone(place: Any, before: str) -> None:
    """Wait until what stood before stands and works again."""
    until(place, lambda: "undone" in _record(place), "it is undone")
    until(place, lambda: place.is_active(OWN) and not guards(place), "unitward runs again")
    assert before == text_of(place)


def _record(place: Any) -> str:
    path = place.state / "own-change.json"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(BAD, id="not-the-program"),
        pytest.param(dropin("LimitAS: 1M"), id="no-memory"),
        pytest.param(dropin("Environment: HOME=nowhere"), id="wrong-environment"),
        pytest.param(dropin("ExecStartPre: /bin/false"), id="fails-at-the-next-start"),
        pytest.param(
            "  service.d/50-all.conf:\n    Service: {Environment: PYTHONHOME=/nonexistent}\n",
            id="of-all-services",
        ),
    ],
)
def test_what_does_not_run_is_undone(here: Any, bad: str) -> None:
    """O10: unitward runs again with what stood before, and does not try the same text again."""
    give_time(here, LONG)
    here.account.write("a.yaml", manifest(GOOD))
    until(here, lambda: "TURN=1" in text_of(here) and not guards(here), "the good one is proven")
    give_time(here, SHORT)
    before, unit = text_of(here), here.invocation("a.service")

    here.account.write("a.yaml", manifest(bad if "service.d/50-all" not in bad else GOOD + bad))
    until_undone(here, before)

    run = here.invocation(OWN)
    ended = here.unitward("sync")
    said = ended.stdout + ended.stderr + here.unitward("status").stdout
    assert "undone: no pass finished within 3 s" in said, said
    assert "a.yaml:" in said, said
    assert 0 != ended.returncode
    log = (here.account.home / "daemon.log").read_text()
    assert 1 == log.count("the change of unitward's own unit was undone"), log
    assert "a.yaml:" in log
    assert (run, unit) == (here.invocation(OWN), here.invocation("a.service"))
    assert before == text_of(here)
    assert [] == here.account.systemctl("list-units", "--failed", "--plain", "-q").split()
    with sqlite3.connect(f"file:{here.state}/ledger.sqlite?mode=ro", uri=True) as ledger:
        [(content,)] = ledger.execute("SELECT content FROM files WHERE path LIKE '%50-here%'")
    ledger.close()
    assert before.encode() == content

    give_time(here, LONG)
    here.account.write("a.yaml", manifest(dropin('Environment: "TURN=2"')))
    until(here, lambda: "TURN=2" in text_of(here) and not guards(here), "another text is tried")
    assert "" == _record(here)
    assert passes(here)
    assert unit == here.invocation("a.service")


def test_the_first_drop_in_is_undone_without_a_trace(here: Any) -> None:
    """O10: where nothing stood before, nothing stands after; taken back, it may come again."""
    give_time(here, SHORT)
    here.account.write("a.yaml", manifest(BAD))
    until_undone(here, "")
    assert not (here.account.unit_dir / f"{OWN}.d").exists()
    here.account.write("a.yaml", manifest())
    until(here, lambda: passes(here) and not _record(here), "it is forgotten")
    give_time(here, LONG)
    here.account.write("a.yaml", manifest(GOOD))
    until(here, lambda: "TURN=1" in text_of(here) and not guards(here), "a good one is proven")


def test_what_runs_stays(here: Any) -> None:
    """O10: a pass of the restarted unitward confirms the change, and the guard goes."""
    give_time(here, LONG)
    run, unit = here.invocation(OWN), here.invocation("a.service")
    here.account.write("a.yaml", manifest(GOOD))
    until(here, lambda: here.invocation(OWN) != run and not guards(here) and passes(here), "proven")
    assert "TURN=1" in here.show(OWN, "Environment")
    assert ("", unit) == (_record(here), here.invocation("a.service"))
    assert "inactive" == here.show("unitward-undo.timer", "ActiveState")


def test_power_cut_with_a_bad_drop_in(here: Any) -> None:
    """O10: the guard comes back with the manager, and undoes what does not run."""
    give_time(here, LONG)
    here.account.write("a.yaml", manifest(BAD))
    until(here, lambda: "/bin/false" in text_of(here), "the bad one stands")
    timer = here.account.unit_dir / "unitward-undo.timer"
    assert timer.exists()
    here.account.kill_manager()
    timer.write_text(timer.read_text().replace(f"={LONG}s", f"={SHORT}s"))
    here.account.start_manager()
    until_undone(here, "")
    assert "active" == here.show("a.service", "ActiveState")


def test_power_cut_while_it_goes_back(here: Any) -> None:
    """O10: what was begun before the cut is finished at the next boot, before unitward starts."""
    give_time(here, LONG)
    here.account.write("a.yaml", manifest(BAD))
    until(here, lambda: "/bin/false" in text_of(here), "the bad one stands")
    kept = here.state / "own-change"
    here.account.kill_manager()
    (kept / "armed").rename(kept / "undoing")
    here.account.start_manager()
    until_undone(here, "")
