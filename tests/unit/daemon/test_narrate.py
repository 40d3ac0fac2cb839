"""The log says a cause once, and again only when it is new."""

from collections.abc import Callable, Iterator

import pytest
import structlog

from unitward.daemon.narrate import Narrator
from unitward.errors import LedgerError
from unitward.model.plan import Action, Phase, Sync, Verb, Verdict
from unitward.model.report import Outcome, Report, Result, UnitReport
from unitward.model.source import Revision
from unitward.telemetry.log import set_up_logging

FULL = "/home/a/.config/systemd/user/a.service: no space left on device"


Lines = Callable[[], list[str]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Give a function that returns what was logged since it was last asked."""
    set_up_logging(journal=None, colors=False)

    def said() -> list[str]:
        return capsys.readouterr().err.splitlines()

    yield said
    structlog.reset_defaults()


def failed(*results: Result) -> Report:
    """Return a pass in which a write failed and what came after it was not done."""
    write = Action(Phase.WRITE, Verb.UPDATE, "a.service", "changed", path="a.service")
    start = Action(Phase.RUN, Verb.START, "a.service", "pulled in")
    outcomes = (Outcome(write, results[0], FULL), Outcome(start, results[1], "a write failed"))
    return Report(Revision("r"), outcomes=outcomes)


def test_a_failed_write_and_what_it_held_up_are_said_once(lines: Lines) -> None:
    """Every thirty seconds the pass fails alike: the log has it once, and once more when mended."""
    narrator = Narrator()
    for _ in range(3):
        narrator.tell(failed(Result.FAILED, Result.SKIPPED), "again")
    told = lines()
    assert 1 == sum(FULL in line for line in told)
    assert 1 == sum("skipped: a write failed" in line for line in told)
    narrator.tell(Report(Revision("r")), "resync")
    assert [] == lines()
    narrator.tell(failed(Result.FAILED, Result.SKIPPED), "again")
    assert 1 == sum(FULL in line for line in lines())


def test_a_pass_that_is_given_up_is_said_once(lines: Lines) -> None:
    """The same cause is one line, another one is another line."""
    narrator = Narrator()
    for _ in range(3):
        narrator.tell_given_up(LedgerError("the ledger is locked"))
    narrator.tell_given_up(LedgerError("the disk is full"))
    told = lines()
    assert ["locked", "full"] == [w for line in told for w in ("locked", "full") if w in line]


def test_a_unit_stopped_by_hand_whose_link_is_put_back(lines: Lines) -> None:
    """After `disable --now` the log says of both what becomes of it, and says it once."""
    enable = Action(Phase.WRITE, Verb.ENABLE, "a.service", "its link is gone")
    verdict = Verdict(Sync.STOPPED_BY_HAND, "stopped by hand")
    unit = UnitReport("a.service", verdict, "inactive", "dead", enabled=True, place=None)
    report = Report(Revision("r"), (unit,), (Outcome(enable, Result.DONE),))
    narrator = Narrator()
    narrator.tell(report, "a.service changed")
    narrator.tell(Report(Revision("r"), (unit,)), "resync")
    told = lines()
    assert 1 == sum("enable a.service: its link is gone" in line for line in told)
    assert 1 == sum("a.service: stopped-by-hand: stopped by hand" in line for line in told)
