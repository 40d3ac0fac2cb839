"""unitward's own unit, left as it is."""

import hashlib

from unitward.manifest.guards import is_own_path
from unitward.model.desired import Desired, DesiredFile, DesiredUnit
from unitward.model.recorded import Recorded, RecordedFile
from unitward.model.source import Place, Revision
from unitward.model.unittext import UnitText
from unitward.reconcile.own_text import leave_own_alone, leave_undone, own_files

OWN = "unitward.service"
DROPIN, OF_ALL, OTHER = f"{OWN}.d/50.conf", "service.d/60.conf", "timer.d/70.conf"


def declared(path: str, line: int) -> DesiredFile:
    """Return a file as a manifest declares it."""
    content = b"[Service]\nLimitAS=1M\n"
    digest = hashlib.sha256(content).hexdigest()
    return DesiredFile(path, content, digest, Place("a.yaml", line), UnitText())


DESIRED = Desired(
    Revision("r"),
    units={
        OWN: DesiredUnit(OWN, Place("a.yaml", 3), UnitText(), dropins=(declared(DROPIN, 3),)),
        "a.service": DesiredUnit("a.service", Place("a.yaml", 1), UnitText()),
    },
    loose=(declared(OF_ALL, 5), declared(OTHER, 6)),
)
BEFORE = RecordedFile(OF_ALL, "service.d", "old", b"[Service]\nUMask=0077\n")
RECORDED = Recorded("here", files={OF_ALL: BEFORE})


def test_what_has_a_say_in_it() -> None:
    """The unit, its drop-ins and those of all services; nothing of other units or types."""
    assert {DROPIN, OF_ALL} == own_files(DESIRED).keys()
    assert is_own_path(OWN)
    assert not is_own_path("unitward.timer")


def test_it_stays_as_recorded() -> None:
    """What is declared of it is left out, what stood for all services stays, others are free."""
    left = leave_own_alone(DESIRED, RECORDED, "because")
    assert {"a.service"} == left.units.keys()
    assert ("because", Place("a.yaml", 3)) == (left.frozen[OWN].reason, left.frozen[OWN].place)
    assert {OTHER: DESIRED.loose[1].content, OF_ALL: BEFORE.content} == {
        file.path: file.content for file in left.loose
    }
    assert (True, ()) == (left.complete, left.problems)


def test_what_was_undone_is_a_problem_of_its_line() -> None:
    """A person reads where it is declared, and what it takes for another try."""
    [problem] = leave_undone(DESIRED, RECORDED, "undone").problems
    assert (Place("a.yaml", 3), OWN) == (problem.place, problem.unit)
    assert "not applied again" in problem.hint
