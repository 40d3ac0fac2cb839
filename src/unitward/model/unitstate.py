"""What the user manager says about units and jobs, as org.freedesktop.systemd1(5) names it.

Times are integer microseconds of CLOCK_MONOTONIC, 0 for never, unless the name says realtime.
"""

from enum import StrEnum

from unitward.model.records import dataclass


class JobResult(StrEnum):
    """How a job ended (JobRemoved; the words of systemd's src/core/job.c, 249 to 261).

    DONE says that the job did what jobs do, not that the process runs: with Type=simple a
    missing executable ends DONE, and so does a unit whose condition failed.
    """

    DONE = "done"
    CANCELED = "canceled"
    TIMEOUT = "timeout"
    FAILED = "failed"
    DEPENDENCY = "dependency"
    SKIPPED = "skipped"
    INVALID = "invalid"
    ASSERT = "assert"
    UNSUPPORTED = "unsupported"
    COLLECTED = "collected"
    ONCE = "once"
    FROZEN = "frozen"
    CONCURRENCY = "concurrency"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "JobResult":
        """Take a word of a newer systemd as UNKNOWN."""
        del value
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class SystemdVersion:
    """The manager's version: its major number, and the whole text it gives itself."""

    major: int
    text: str


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """One line of ListUnitsByNames: load, active and sub state, and the job queued on it.

    `name` is the primary name; `job_id` is 0 and `job_type` "" without a job.
    """

    name: str
    load: str
    active: str
    sub: str
    job_id: int = 0
    job_type: str = ""


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """One job of the manager's queue: `type` as in `start`, `state` waiting or running."""

    job_id: int
    unit: str
    type: str
    state: str


@dataclass(frozen=True, slots=True)
class LinkChange:
    """One change that EnableUnitFiles, MaskUnitFiles or UnmaskUnitFiles reports.

    kind: `symlink` (path now points to target), `unlink`, or a word that names a trouble
    with that link, such as `destination not present`.
    """

    kind: str
    path: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class UnitDetail:
    """What the manager knows about one unit; a field keeps its default where the type lacks it.

    unit_file_state: cached by systemd since its last reload.
    load_error: (D-Bus error name, message), both "" when the unit loaded.
    invocation_id: 32 hex digits, "" when the unit never ran.
    result: Result of any unit type that has one, "success" for the others.
    exec_main_code: CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3, 0 when no process ended yet;
        exec_main_status is then the exit code or the signal's number.
    restart: the value of Restart=; restart_prevent_codes and _signals: RestartPreventExitStatus=.
    listen: (kind, address) pairs of a socket, as of the last reload, not of the open sockets.
    slice: the slice that the unit's processes live in, "" where the type has none.
    conditions, asserts: `ConditionX=value` and `AssertX=value` of the loaded definition, with
        specifiers expanded.
    """

    name: str
    names: tuple[str, ...] = ()
    load_state: str = ""
    load_error: tuple[str, str] = ("", "")
    active_state: str = ""
    sub_state: str = ""
    fragment_path: str = ""
    source_path: str = ""
    dropin_paths: tuple[str, ...] = ()
    transient: bool = False
    need_daemon_reload: bool = False
    unit_file_state: str = ""
    invocation_id: str = ""
    job_id: int = 0
    condition_result: bool = False
    condition_timestamp: int = 0
    state_change_timestamp: int = 0
    inactive_exit_timestamp: int = 0
    active_enter_timestamp: int = 0
    active_exit_timestamp: int = 0
    inactive_enter_timestamp: int = 0
    refuse_manual_start: bool = False
    refuse_manual_stop: bool = False
    can_reload: bool = False

    requires: tuple[str, ...] = ()
    requisite: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    binds_to: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()
    bound_by: tuple[str, ...] = ()
    consists_of: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    conflicted_by: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    triggered_by: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    asserts: tuple[str, ...] = ()

    result: str = "success"
    type: str = ""
    remain_after_exit: bool = False
    main_pid: int = 0
    exec_main_start_timestamp: int = 0
    exec_main_exit_timestamp: int = 0
    exec_main_code: int = 0
    exec_main_status: int = 0
    restart: str = ""
    restart_prevent_codes: tuple[int, ...] = ()
    restart_prevent_signals: tuple[int, ...] = ()
    n_restarts: int = 0

    remain_after_elapse: bool = True
    next_elapse: int = 0
    next_elapse_realtime: int = 0
    last_trigger: int = 0
    last_trigger_realtime: int = 0

    accept: bool = False
    listen: tuple[tuple[str, str], ...] = ()

    slice: str = ""
