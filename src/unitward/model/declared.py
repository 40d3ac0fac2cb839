"""What one manifest or raw file declares, before it is put together with the others."""

from dataclasses import field
from enum import StrEnum

from unitward.model.records import dataclass
from unitward.model.source import Place, Problem
from unitward.model.unittext import UnitText


class State(StrEnum):
    """Wanted run state (`state:`)."""

    RUNNING = "running"
    STOPPED = "stopped"
    ANY = "any"


class OnChange(StrEnum):
    """What a changed definition does to the running unit (`on_change:`)."""

    AUTO = "auto"
    RESTART = "restart"
    RELOAD = "reload"
    STOP_START = "stop-start"
    KEEP = "keep"


class OnRemove(StrEnum):
    """What happens to the running unit when it is no longer declared (`on_remove:`)."""

    STOP = "stop"
    KEEP = "keep"


class DriftPolicy(StrEnum):
    """Whether drift is corrected or only reported (`drift:`)."""

    CORRECT = "correct"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a unit file cannot say. None means: not declared, the default applies.

    `restart_on`, `reload_on`: absolute paths or globs, specifiers kept as written.
    `env_files`: the paths that the manifest's key named (they are `EnvironmentFile=` too).
    """

    state: State | None = None
    enable: bool | None = None
    enable_any: bool = False
    mask: bool = False
    on_change: OnChange = OnChange.AUTO
    on_remove: OnRemove = OnRemove.STOP
    env_files: tuple[str, ...] = ()
    restart_on: tuple[str, ...] = ()
    reload_on: tuple[str, ...] = ()
    drift: DriftPolicy | None = None
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One unit file, drop-in, instance or policy that a source file asks for.

    name: the file's name below the unit folder: `api.service`, `worker@.service`,
        `worker@mail.service` (an instance: no text of its own) or
        `pipewire.service.d/50-site.conf`.
    place: where it is declared; `places` gives the line of each entry of `text`, in order.
    text: its meaning, None for an instance or a policy without sections.
    raw: the bytes of a raw unit file, to be installed as they are; None for YAML.
    generated_by: name of the declaration whose sugar made this one (`schedule`, `listen`,
        `instances`), "" otherwise.
    min_version: systemd's major version that it needs, 0 for any.
    """

    name: str
    place: Place
    text: UnitText | None
    policy: Policy = field(default_factory=Policy)
    raw: bytes | None = None
    places: tuple[Place, ...] = ()
    generated_by: str = ""
    min_version: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one source file declares.

    `problems` of severity error without a unit make the whole file invalid
    (`invalid` is True then and `declarations` is empty); with a unit they make that
    unit invalid: it is named in `invalid_units` and is not among `declarations`.
    `is_manifest` is False for YAML that is not ours (a compose file, a CI file).
    """

    path: str
    declarations: tuple[Declaration, ...] = ()
    removed: tuple[tuple[str, Place], ...] = ()
    problems: tuple[Problem, ...] = ()
    invalid: bool = False
    invalid_units: tuple[tuple[str, Place], ...] = ()
    is_manifest: bool = True
