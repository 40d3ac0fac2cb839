"""Why one unit is as it is: from the manifest's line to the last thing done to it.

Moments are wall-clock seconds, 0 for never.
"""

from enum import StrEnum

from unitward.model.plan import Verdict
from unitward.model.records import dataclass
from unitward.model.source import Place


class Standing(StrEnum):
    """Whose file stands at a path of the unit folder."""

    OURS = "ours"
    OUTDATED = "ours, of an earlier declaration"
    EDITED = "edited by hand"
    ADOPTED = "adopted from its owner"
    GONE = "gone"
    MISSING = "not installed yet"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the desired-state folder; `text` is "" where the folder has no such line now."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Installed:
    """One file that the unit is made of; `digest` is the sha256 of what stands there."""

    path: str
    standing: Standing
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The definition that the manager works by; `is_older`: a reload would bring another one."""

    state: str
    fragment: str
    dropins: tuple[str, ...]
    is_older: bool


@dataclass(frozen=True, slots=True)
class Live:
    """What the manager says of the unit now; `since` is its last change of state."""

    active: str
    sub: str
    result: str
    invocation: str
    main_pid: int
    since: float


@dataclass(frozen=True, slots=True)
class Ruling:
    """A row of the semantics ("" where no row has a say) and what it says here."""

    row: str
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time that a ruling compared."""

    what: str
    at: float


class OrderKind(StrEnum):
    """What a person asked for of one unit."""

    HOLD = "hold"
    FORGET = "forget"
    ADOPT = "adopt"
    RESUME = "resume"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Order:
    """An order that is in force; `since` and `until` are 0 where they do not apply.

    reason: of a hold, why. Of an adoption, the path of the file below the unit folder.
    """

    kind: OrderKind
    reason: str = ""
    since: float = 0.0
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class LastAction:
    """The newest thing that unitward did to the unit, as the ledger tells it."""

    summary: str
    result: str
    detail: str
    at: float
    trigger: str
    revision: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One unit, explained.

    verdict: None for a unit that is none of unitward's.
    is_declared: False for what the folder does not ask for; `removed` is where it lists the
    unit as to be removed.
    lines: where it is declared, then the lines of the directives whose change decides.
    orders: what people asked for of it.
    loaded, live: None where the manager does not know the unit.
    wants: a row of table W, or of the table that has the unit left alone.
    judged, moments: the row of table V or P that judges how it runs and the points in time
    that decided.
    change: the row of table C for what differs now, or for a change of what it runs where
    nothing does.
    doing: what a pass would do now.
    """

    unit: str
    verdict: Verdict | None
    is_declared: bool
    removed: Place | None
    lines: tuple[SourceLine, ...]
    orders: tuple[Order, ...]
    files: tuple[Installed, ...]
    loaded: Loaded | None
    live: Live | None
    wants: Ruling
    judged: Ruling
    moments: tuple[Moment, ...]
    change: Ruling
    doing: tuple[str, ...]
    last: LastAction | None
