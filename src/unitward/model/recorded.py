"""What unitward itself last applied: the content of the ledger."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from unitward.model.declared import OnRemove
from unitward.model.orders import Orders
from unitward.model.records import dataclass
from unitward.model.source import Place


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file as unitward last wrote it, path relative to the unit folder."""

    path: str
    unit: str
    digest: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RecordedLink:
    """An enablement link that systemd made for us, path relative to the unit folder."""

    path: str
    target: str
    unit: str


class Prior(StrEnum):
    """Whether a unit that we did not make ran before we first acted on it; NONE: we made it."""

    NONE = ""
    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Before:
    """What a unit was before we first acted on it, to be given back when it is let go.

    links: (path, target) of the enablement links to it that stood then, ordered by path.
    """

    unit: str
    state: Prior = Prior.NONE
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedUnit:
    """What is known of a unit from earlier passes.

    install_digest: digest of its [Install] section when it was last enabled, "" never.
    run_digest, external_digest: what its process was last started with, "" unknown.
    reload_digest: the contents of `reload_on` that its process last read.
    invocation: InvocationID (hex) of that start.
    life: identity of the user manager in whose life we last knew it running.
    wish: the run state it wanted to be in at the last pass.
    tries: starts in a row that did not lead to a minute of running.
    tried_at: when (wall clock, seconds) the last of these was, 0 for none.
    masked: we masked it.
    doubted: InvocationID (hex) of a process that was taken over without a ledger and may be
        older than its file (P7), "" when what it was started with is known.
    """

    name: str
    place: Place
    on_remove: OnRemove = OnRemove.STOP
    install_digest: str = ""
    run_digest: str = ""
    external_digest: str = ""
    reload_digest: str = ""
    invocation: str = ""
    life: str = ""
    wish: str = ""
    tries: int = 0
    tried_at: float = 0.0
    masked: bool = False
    doubted: str = ""


class IntentKind(StrEnum):
    """What was about to happen when the intent was committed."""

    WRITE = "write"
    LINK = "link"
    RUN = "run"
    STOP = "stop"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Intent:
    """One effect that was committed before it began and is not known to have ended.

    digest: of the file to write, or the run digest to run with.
    invocation: InvocationID before the effect.
    neighbours: units that ran and that the stop takes down with it.
    """

    ident: int
    unit: str
    kind: IntentKind
    path: str = ""
    digest: str = ""
    invocation: str = ""
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The ledger at the beginning of a pass.

    installation: the id that ownership marks carry.
    absences: unit or drop-in path -> since when (wall clock, seconds) complete readings lack it.
    approved: digests of held plans that a person approved.
    orders: what people asked for of single units.
    before: what units were before we first acted on them; known from the first intent on.
    identity: USER@HOST, as noted first or approved last; "" before the first pass.
    """

    installation: str
    units: Mapping[str, RecordedUnit] = field(default_factory=dict)
    files: Mapping[str, RecordedFile] = field(default_factory=dict)
    links: Mapping[str, RecordedLink] = field(default_factory=dict)
    intents: tuple[Intent, ...] = ()
    absences: Mapping[str, float] = field(default_factory=dict)
    approved: frozenset[str] = frozenset()
    orders: Orders = field(default_factory=Orders)
    before: Mapping[str, Before] = field(default_factory=dict)
    identity: str = ""

    def owned_digests(self, path: str) -> frozenset[str]:
        """Return the digests with which the file at the path is ours (semantics.md N)."""
        digests = {i.digest for i in self.intents if i.kind is IntentKind.WRITE and i.path == path}
        recorded = self.files.get(path)
        return frozenset(digests | ({recorded.digest} if recorded else set()))

    def was(self, unit: str) -> Before:
        """Return what the unit was before we first acted on it."""
        return self.before.get(unit) or Before(unit)

    def open_run(self, unit: str) -> Intent | None:
        """Return the unit's newest open intent to run it, if any."""
        found = [i for i in self.intents if i.unit == unit and i.kind is IntentKind.RUN]
        return found[-1] if found else None
