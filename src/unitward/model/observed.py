"""What is on disk and in the user manager now."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail, UnitStatus


class DiskKind(Enum):
    """What stands at a path of the unit folder."""

    ABSENT = "absent"
    FILE = "file"
    MASK = "mask"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class DiskFile:
    """What stands at one path of the unit folder.

    content: None unless it is a regular file that could be read.
    digest: sha256 of content, "" otherwise.
    changed_at: st_ctime in wall-clock microseconds, 0 when absent.
    """

    path: str
    kind: DiskKind
    digest: str = ""
    content: bytes | None = None
    changed_at: int = 0


@dataclass(frozen=True, slots=True)
class ManagerFacts:
    """What holds for the user manager as a whole.

    life: identity of this manager's life (changes when it is started anew).
    loaded_at: UnitsLoadTimestamp, wall-clock microseconds.
    private: it is asked over its private socket, since the account has no bus.
    """

    version: int
    system_state: str
    life: str
    loaded_at: int
    private: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """The world at one moment.

    files: every path that is desired or recorded, absent ones included.
    links: symlinks in the unit folder (`*.wants/`, `*.requires/`, `*.upholds/`, aliases) -> target.
    units: status of every unit that is desired, recorded, or a target they name.
    details: only of those units whose status or content asks for a closer look.
    hand_started: template name -> loaded instances of it that are not declared.
    external: contents of `env_files`, `restart_on`, `reload_on`: pattern -> digest,
        None where something could not be read.
    shadowed: units about to be removed, whose name resolves to another file too.
    skipped_conditions: unit -> the condition that does not hold now.
    missing: unit that is down or about to change -> a path it needs and that is not there.
    due: timer about to change -> its time that lies between its last run and now, "" for none.
    now, now_monotonic: wall clock in seconds, CLOCK_MONOTONIC in microseconds.
    """

    manager: ManagerFacts
    now: float
    now_monotonic: int
    files: Mapping[str, DiskFile] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, UnitStatus] = field(default_factory=dict)
    details: Mapping[str, UnitDetail] = field(default_factory=dict)
    hand_started: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    external: Mapping[str, str | None] = field(default_factory=dict)
    shadowed: Mapping[str, str] = field(default_factory=dict)
    foreign_dropins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skipped_conditions: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    due: Mapping[str, str] = field(default_factory=dict)

    def file(self, path: str) -> DiskFile:
        """Return what stands at the path; a path that was not looked at counts as absent."""
        return self.files.get(path) or DiskFile(path, DiskKind.ABSENT)

    def is_up(self, unit: str) -> bool:
        """Tell whether the unit is active, reloading or on its way up."""
        status = self.units.get(unit)
        return status is not None and status.active in {"active", "reloading", "activating"}
