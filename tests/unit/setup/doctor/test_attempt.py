"""Looks that fail or hang."""

import threading
import time

from unitward.errors import UnitwardError
from unitward.setup.doctor.attempt import attempt_all
from unitward.setup.doctor.facts import Unknown


def _fail(error: Exception) -> object:
    raise error


def test_each_look_has_its_own_end() -> None:
    """What one look gives does not depend on how another one ends."""
    found = attempt_all(
        {
            "well": lambda: 42,
            "ours": lambda: _fail(UnitwardError("no home")),
            "system": lambda: _fail(PermissionError(13, "Permission denied", "/secret")),
            "bug": lambda: _fail(KeyError("x")),
        },
        limit_seconds=10,
    )

    assert 42 == found["well"]
    assert Unknown("no home") == found["ours"]
    assert Unknown("/secret: Permission denied") == found["system"]
    assert Unknown("KeyError: 'x'") == found["bug"]


def test_a_look_that_hangs_is_left_behind() -> None:
    """The limit holds for all looks together, and the others are not lost."""
    release = threading.Event()
    begun = time.monotonic()

    found = attempt_all(
        {"one": release.wait, "two": release.wait, "well": lambda: 42}, limit_seconds=0.2
    )

    assert 10 > time.monotonic() - begun
    assert Unknown("no answer within 0.2 s") == found["one"] == found["two"]
    assert 42 == found["well"]
    release.set()
