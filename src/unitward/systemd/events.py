"""What the user manager may announce between two passes. Hints: a pass reads everything again."""

from unitward.model.records import dataclass
from unitward.model.unitstate import JobResult


@dataclass(frozen=True, slots=True)
class UnitChanged:
    """A watched unit's state or invocation changed; None for what the signal did not tell."""

    name: str
    active_state: str | None
    sub_state: str | None


@dataclass(frozen=True, slots=True)
class JobFinished:
    """A job of a watched unit, or one that this connection asked for, left the queue."""

    path: str
    unit: str
    result: JobResult


@dataclass(frozen=True, slots=True)
class ReloadFinished:
    """The manager has loaded all unit files again, whoever asked for it."""


@dataclass(frozen=True, slots=True)
class UnitFilesChanged:
    """Somebody enabled, disabled, masked or linked unit files through the manager."""


@dataclass(frozen=True, slots=True)
class ManagerGone:
    """The manager left the bus: it exits, or it is executing itself anew."""


@dataclass(frozen=True, slots=True)
class ManagerBack:
    """A manager is on the bus again; what was asked of the earlier one must be asked again."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection ended; nothing further comes from this Manager."""


@dataclass(frozen=True, slots=True)
class BusAppeared:
    """The account has a bus since a moment ago, and this connection does not use it."""


Event = (
    UnitChanged
    | JobFinished
    | ReloadFinished
    | UnitFilesChanged
    | ManagerGone
    | ManagerBack
    | Disconnected
    | BusAppeared
)
