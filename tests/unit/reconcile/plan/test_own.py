"""unitward's own unit once it is declared no more."""

from typing import Any

import pytest

from unitward.model.plan import Phase

OWN = "unitward.service"
DROPIN = f"{OWN}.d/50-here.conf"


def gone(scene: Any, dropin: str) -> None:
    """Have a drop-in on the own unit that was applied and is declared no more, beside one unit."""
    scene.settled("a.service")
    scene.applied(OWN, None)
    scene.record_file(DROPIN, dropin)
    scene.up(OWN)
    scene.recorded.setdefault("absences", {})[OWN] = 9000.0


@pytest.mark.parametrize(
    ("dropin", "restarts"),
    [("[Service]\nEnvironment=A=1\n", True), ("[Service]\nMemoryMax=1G\n", False)],
)
def test_its_drop_ins_go(scene: Any, dropin: str, restarts: bool) -> None:
    """R11: what was declared of it is taken back; it restarts, last, only where that matters."""
    gone(scene, dropin)
    assert [f"delete {DROPIN}", "daemon-reload", f"forget {OWN}"] == scene.does()[:3]
    restarted = [a.phase for a in scene.plan().actions if a.summary.startswith("restart")]
    assert ([Phase.OWN] if restarts else []) == restarted


def test_one_that_is_down_is_not_started(scene: Any) -> None:
    """R11: without a running daemon there is nothing to restart."""
    gone(scene, "[Service]\nEnvironment=A=1\n")
    scene.down(OWN)
    assert [f"delete {DROPIN}", "daemon-reload", f"forget {OWN}"] == scene.does()


def test_its_file_and_links_stay(scene: Any) -> None:
    """R11: declared as a whole before, it goes on as it was, with its file and its links."""
    scene.settled("a.service")
    scene.settled(OWN)
    del scene.units[OWN]
    scene.recorded.setdefault("absences", {})[OWN] = 9000.0
    assert [f"forget {OWN}"] == scene.does()


def test_it_does_not_count(scene: Any) -> None:
    """R3, R11: one unit beside the own one is every unit, and its removal waits for a person."""
    scene.settled("a.service")
    scene.settled(OWN)
    del scene.units["a.service"]
    scene.recorded.setdefault("absences", {})["a.service"] = 9000.0
    assert [] == scene.does()
    [held] = scene.plan().held
    assert ("would remove 1 of 1 units", ("a.service",)) == (held.reason, held.units)
