"""Whatever happens, and whenever: a pass begins after it, in time, and says why.

The loop is the daemon's own (`Daemon._loop`, `Daemon._rest`) with a clock that only moves when it
waits or works, and with things that happen while it does either.
"""

from dataclasses import dataclass, field
from enum import Enum

from hypothesis import event, given, settings
from hypothesis import strategies as st

from unitward.daemon.triggers import COALESCE, STATE_PAUSE, Due, Triggers
from unitward.sources.settle import Settle

QUIET, CAP, RESYNC = 0.1, 2.0, 30.0
LONGEST_WORK = 3.0
LATER = 1.0
ALONE = 10.0


class Kind(Enum):
    """What may happen."""

    SOURCE = "the source changed"
    UNIT = "a.service changed"
    ASKED = "asked for"
    LATER = "asked for later"
    SETTINGS = "SIGHUP"


@dataclass
class World:
    """A clock, what is still to happen, and what the loop did.

    happened: moments and kinds. begun: the passes. looks: looks ahead, each with its beginning.
    """

    triggers: Triggers
    coming: list[tuple[float, Kind]]
    now: float = 0.0
    happened: list[tuple[float, Kind]] = field(default_factory=list)
    begun: list[tuple[float, Due]] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)

    def until(self, moment: float, *, woken: bool = False) -> None:
        """Let time pass; with `woken`, only until something happens."""
        while self.coming and self.coming[0][0] <= moment:
            at, kind = self.coming.pop(0)
            self.now = max(self.now, at)
            self.happened.append((self.now, kind))
            self._notice(kind)
            if woken:
                return
        self.now = max(self.now, moment)

    def _notice(self, kind: Kind) -> None:
        match kind:
            case Kind.SOURCE:
                self.triggers.source_changed(self.now)
            case Kind.UNIT:
                self.triggers.unit_changed("a.service", self.now)
            case Kind.ASKED:
                self.triggers.ask(kind.value, self.now)
            case Kind.LATER:
                self.triggers.ask(kind.value, self.now, LATER)
            case Kind.SETTINGS:
                self.triggers.use(Settle(QUIET, CAP), RESYNC)
                self.triggers.ask(kind.value, self.now)

    def turn(self, works: list[float]) -> None:
        """Go once through the loop; each look and each pass takes the next time of `works`."""
        pause = self.triggers.wait(self.now)
        if pause > 0:
            ahead = self.triggers.until_look_ahead(self.now)
            if ahead == 0:
                self.triggers.looks_ahead(self.now)
                self.looks.append(self.now)
                self.until(self.now + _next(works))
            else:
                rest = pause if ahead is None else min(pause, ahead)
                self.until(self.now + rest, woken=True)
            return
        due = self.triggers.take(self.now)
        assert due is not None
        self.begun.append((self.now, due))
        self.until(self.now + _next(works))


def _next(works: list[float]) -> float:
    works.append(works.pop(0))
    return works[-1]


gaps = st.one_of(
    st.floats(0.0, 0.02), st.floats(0.0, 0.3), st.floats(0.0, 12.0), st.just(QUIET), st.just(15.0)
)
times = st.one_of(st.just(1), st.just(1), st.integers(1, 60), st.integers(38, 43))
"""How often the same happens, 50 ms apart: the source may be written to until or past the cap."""


@settings(deadline=None, max_examples=500)
@given(
    st.lists(st.tuples(gaps, st.sampled_from(Kind), times), min_size=1, max_size=30),
    st.lists(st.floats(0.0, LONGEST_WORK), min_size=1, max_size=5),
)
def test_nothing_that_happens_is_forgotten(
    happenings: list[tuple[float, Kind, int]], works: list[float]
) -> None:
    """Each change, also one during a look ahead or a pass, has a pass that begins after it (T)."""
    moment, coming = 0.0, []
    for gap, kind, count in happenings:
        for number in range(count):
            moment += 0.05 if number else gap
            coming.append((moment, kind))
    world = World(Triggers(Settle(QUIET, CAP), RESYNC), coming)
    for _ in range(100_000):
        if not world.coming and world.now > moment + 4 * (CAP + STATE_PAUSE + LONGEST_WORK):
            break
        world.turn(works)
    else:
        raise AssertionError("the loop turns without time passing")
    event(f"{min(len(world.looks), 3)} looks ahead")
    longest = max(works)
    for at, kind in world.happened:
        after = [(begun, due) for begun, due in world.begun if begun >= at]
        told = [begun for begun, due in after if kind.value in due.reasons]
        assert told, f"nothing came of {kind} at {at}"
        # While the source settles nothing else is begun; a look and a pass may be under way.
        pause = {Kind.UNIT: STATE_PAUSE + COALESCE, Kind.LATER: LATER}.get(kind, 0.0)
        limit = pause + 2 * (CAP + QUIET) + 3 * longest
        assert told[0] <= at + limit + 1e-6, f"{kind} at {at} waited until {told[0]}"
    _two_looks_for_each_pass_at_most(world)
    _last_reading_is_settled(world)
    _lone_changes_are_looked_at(world)


def _two_looks_for_each_pass_at_most(world: World) -> None:
    """Between two looks ahead there is a change of the source, and between three a pass."""
    changes = [at for at, kind in world.happened if kind is Kind.SOURCE]
    for first, second in zip(world.looks, world.looks[1:], strict=False):
        assert any(first <= at <= second for at in changes)
    for first, third in zip(world.looks, world.looks[2:], strict=False):
        assert any(first <= begun <= third for begun, _ in world.begun)


def _last_reading_is_settled(world: World) -> None:
    """R2: after the last change of the source there is a reading that was not cut short."""
    changes = [at for at, kind in world.happened if kind is Kind.SOURCE]
    read = [at for at, due in world.begun if due.settled and Kind.SOURCE.value in due.reasons]
    assert not changes or read[-1] >= changes[-1] + QUIET - 1e-6


def _lone_changes_are_looked_at(world: World) -> None:
    """Where nothing else happens, a change of the source is looked at before its pass."""
    moments = [at for at, _ in world.happened]
    for at, kind in world.happened:
        is_alone = all(other == at or abs(other - at) > ALONE for other in moments)
        if kind is Kind.SOURCE and is_alone and moments.count(at) == 1:
            begun = next(begun for begun, _ in world.begun if begun >= at)
            assert any(at <= look <= begun for look in world.looks)
