"""Which new services start before the reload (O5)."""

from typing import Any

import pytest

from unitward.model.plan import Phase
from unitward.reconcile.plan.early import MOST_EARLY

BARE = "[Service]\nExecStart=/bin/a\n"
INSTALL = "[Install]\nWantedBy=default.target\n"


def early(scene: Any) -> list[str]:
    """Return the units that the plan starts before the reload."""
    return [a.unit for a in scene.plan().actions if a.phase is Phase.EARLY_START]


def test_a_new_service_starts_early(scene: Any) -> None:
    """O5: a service that systemd has not loaded starts before the reload; a changed one after."""
    scene.settled("old.service", BARE + INSTALL)
    scene.declare("old.service", BARE + "Nice=1\n" + INSTALL)
    scene.declare("new.service", BARE + INSTALL)
    assert ["new.service"] == early(scene)


@pytest.mark.parametrize(
    "lines",
    ["After=old.service", "Requires=old.service", "Conflicts=old.service", "PartOf=old.service"],
)
def test_what_names_a_changed_unit_waits(scene: Any, lines: str) -> None:
    """O5: what is ordered by, pulls in or ousts a unit of this pass starts after the reload."""
    scene.settled("old.service", BARE + INSTALL)
    scene.declare("old.service", BARE + "Nice=1\n" + INSTALL)
    scene.declare("new.service", f"[Unit]\n{lines}\n{BARE}{INSTALL}")
    assert [] == early(scene)


@pytest.mark.parametrize("lines", ["Before=new.service", "Conflicts=new.service"])
def test_what_a_changed_unit_names_waits(scene: Any, lines: str) -> None:
    """O5: the other way round alike: a changed unit that names a new one goes with it."""
    scene.settled("old.service", BARE + INSTALL)
    scene.declare("old.service", f"[Unit]\n{lines}\n{BARE}Nice=1\n{INSTALL}")
    scene.declare("new.service", BARE + INSTALL)
    assert [] == early(scene)


def test_what_is_triggered_waits_for_its_trigger(scene: Any) -> None:
    """O5: a service with a new socket starts after the socket, and sockets after the reload."""
    scene.declare("a.service", BARE + INSTALL)
    socket = "[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n"
    scene.declare("a.socket", socket)
    assert [] == early(scene)


def test_new_units_pull_in_new_units(scene: Any) -> None:
    """O5: what is pulled in and itself new does not stand in the way."""
    scene.declare("a.service", f"[Unit]\nWants=b.service\n{BARE}{INSTALL}")
    scene.declare("b.service", BARE + INSTALL)
    assert ["a.service", "b.service"] == early(scene)


@pytest.mark.parametrize(("count", "moved"), [(MOST_EARLY, MOST_EARLY), (MOST_EARLY + 1, 0)])
def test_many_wait_for_the_reload(scene: Any, count: int, moved: int) -> None:
    """O5: a few new services start before the reload, many after it, which costs less."""
    for number in range(count):
        scene.declare(f"new{number}.service", BARE + INSTALL)
    assert moved == len(early(scene))
