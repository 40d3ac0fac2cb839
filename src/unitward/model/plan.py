"""The plan: an ordered list of actions, each with its reason, decided before any effect."""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from enum import IntEnum, StrEnum

from unitward.model.observed import DiskFile
from unitward.model.recorded import Before, RecordedFile, RecordedUnit
from unitward.model.records import dataclass
from unitward.model.source import Place, Revision


class Sync(StrEnum):
    """Each unit in one word, for people and for `-o json`."""

    IN_SYNC = "in-sync"
    PENDING = "pending"
    STARTING = "starting"
    STOPPING = "stopping"
    DRIFTED = "drifted"
    STOPPED_BY_HAND = "stopped-by-hand"
    WAITING = "waiting"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    HELD = "held"
    ABSENT = "absent"
    OVERRIDDEN = "overridden"
    FAILED = "failed"


class Phase(IntEnum):
    """The order within a pass (semantics.md O). Actions of one phase go together."""

    STOP = 3
    WRITE = 4
    EARLY_START = 5
    RELOAD = 6
    RUN = 7
    FORGET = 9
    OWN = 10


class Verb(StrEnum):
    """What an action does, in the words that people read.

    RELEASE takes the mark off a file; LINK puts back a link of somebody else's; REMOVE and
    FORGET take a unit out of the ledger: what is declared no more, and what a person keeps for
    themselves. FORGET with a path is about a file of which nothing of ours is left.
    """

    KEEP_COPY = "keep copy"
    CREATE = "create"
    UPDATE = "update"
    RESTORE = "restore"
    DELETE = "delete"
    UNLINK = "unlink"
    LINK = "link"
    RELEASE = "release"
    ENABLE = "enable"
    MASK = "mask"
    UNMASK = "unmask"
    STAMP = "stamp"
    RELOAD_MANAGER = "daemon-reload"
    STOP = "stop"
    START = "start"
    RESTART = "restart"
    RELOAD = "reload"
    RESET_FAILED = "reset-failed"
    REMOVE = "remove"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Action:
    """One effect. `unit` is "" only for the reload of the manager.

    path, content, digest: what is written, or what is expected there before a removal.
    target: where a link that is removed must point, or one that is put back points.
    before: for writes and removals, the state on disk that the decision saw; a file
        that changed since is left alone and planned anew.
    run_digest, external_digest, reload_digest: what the process is started with,
        recorded on success.
    invocation: InvocationID of the process that a start replaces.
    neighbours: units that a stop takes down and that are started again.
    adopts: for ENABLE, links that an interrupted pass made and did not record.
    """

    phase: Phase
    verb: Verb
    unit: str
    reason: str
    place: Place | None = None
    path: str = ""
    content: bytes = b""
    digest: str = ""
    target: str = ""
    before: DiskFile | None = None
    run_digest: str = ""
    external_digest: str = ""
    reload_digest: str = ""
    invocation: str = ""
    neighbours: tuple[str, ...] = ()
    adopts: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Hash what tells actions of one plan apart: it is done 4000 times where 100 units go."""
        return hash((self.unit, self.path, self.verb))

    @property
    def summary(self) -> str:
        """Return the action as a sentence: "restart api.service: [Service] ExecStart changed"."""
        subject = " ".join(part for part in (self.verb.value, self.path or self.unit) if part)
        return f"{subject}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of one unit now, before the plan is carried out.

    until: when (wall clock, seconds) the verdict ends by itself, 0 if it does not.
    """

    sync: Sync
    reason: str = ""
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Held:
    """Why a plan, or its removals, wait for a person."""

    reason: str
    units: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass will do.

    verdicts: every declared, frozen or waiting-to-be-removed unit, in words.
    records: what the ledger says of each unit once its actions succeeded.
    absences: what the ledger says of absences after this pass.
    before: what units that are acted on for the first time were until now.
    close: ids of intents that need nothing more.
    found: files that stand as they should, to be recorded where the ledger lacks them.
    life: identity of the manager's life that the plan is for.
    approvals: digests of the approvals without which part of the plan would be held.
    identity: the one that the ledger notes after this pass, "" for the one it has.
    moot: forgotten units that are neither declared nor recorded any more.
    wake_at: when (wall clock, seconds) the next pass is due for a backoff, grace or
        prune time, 0 for none.
    """

    revision: Revision
    actions: tuple[Action, ...] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    records: Mapping[str, RecordedUnit] = field(default_factory=dict)
    absences: Mapping[str, float] = field(default_factory=dict)
    before: tuple[Before, ...] = ()
    close: tuple[int, ...] = ()
    found: tuple[RecordedFile, ...] = ()
    life: str = ""
    held: tuple[Held, ...] = ()
    approvals: tuple[str, ...] = ()
    identity: str = ""
    moot: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    wake_at: float = 0.0

    @property
    def digest(self) -> str:
        """Return the identity of the plan: its actions on their units, in order."""
        lines = "\n".join(f"{a.verb} {a.unit} {a.path} {a.digest}" for a in self.actions)
        return hashlib.sha256(lines.encode()).hexdigest()[:16]
