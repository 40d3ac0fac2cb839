"""What the checks judge: one frozen value for each thing that was looked at."""

from collections.abc import Mapping
from dataclasses import field

from unitward.model.folders import Folders
from unitward.model.records import dataclass
from unitward.model.source import Unavailable
from unitward.systemd.vitals import Vitals


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be looked at, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account it is, and its environment.

    known: the account database has the uid. home_from: where the home folder was found:
    `HOME`, `passwd`, or "" for nowhere. given: the environment as it came.
    env: the same, completed with what a login would have set.
    """

    uid: int
    user: str
    known: bool
    home_from: str
    given: Mapping[str, str]
    env: Mapping[str, str]
    folders: Folders

    @property
    def usual_runtime(self) -> str:
        """Return the XDG_RUNTIME_DIR that pam_systemd(8) gives to the account."""
        return f"/run/user/{self.uid}"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The runtime folder in use and what stands in it.

    owner, mode: None when the folder does not exist. usual_exists: `/run/user/UID` does.
    """

    path: str
    owner: int | None
    mode: int
    usual_exists: bool
    has_private_socket: bool
    has_bus: bool

    @property
    def exists(self) -> bool:
        """Tell whether the folder is there."""
        return self.owner is not None


@dataclass(frozen=True, slots=True)
class Session:
    """The way to the user manager.

    lingers: None where logind does not tell. manager: its answer, or why there is none.
    controllers: the cgroup controllers that the manager may use, None when not known.
    """

    account: Account
    runtime: Runtime
    has_logind: bool
    lingers: bool | None
    manager: Vitals | Unknown
    controllers: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Journal:
    """What the account can read of the journal.

    system_uid_max: SYS_UID_MAX of login.defs(5). own_file: journald keeps a file for the
    account. all_readable: the account may read the whole journal.
    """

    uid: int
    user: str
    system_uid_max: int
    has_journald: bool
    is_persistent: bool
    own_file: bool
    all_readable: bool


@dataclass(frozen=True, slots=True)
class Inotify:
    """Limits of inotify(7) for the account, and what its processes hold of them now."""

    max_watches: int
    max_instances: int
    watches: int
    instances: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine allows.

    installed_version: of the systemd on disk, 0 when unknown. run_free: bytes left where
    systemd wants some for a reload, None when it cannot be told. clock_synchronized: as the
    kernel has it. namespaces: why the account gets no user namespace, "" when it does.
    """

    installed_version: int
    run_free: int | None
    clock_synchronized: bool | None
    now: float
    monotonic: float
    boottime: float
    namespaces: str


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the account, or the nearest one above it that exists.

    role: what it is for. exists: it is there itself; stands: the path that was looked at.
    distrusted: why others could write there, with a hint; "" when they cannot.
    free: bytes, None when it cannot be told.
    """

    role: str
    path: str
    exists: bool
    stands: str
    is_folder: bool
    writable: bool
    read_only: bool
    file_system: str
    free: int | None
    free_files: int | None
    distrusted: str = ""
    distrust_hint: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration file: whether it is there, its problems as `file:line: message`."""

    path: str
    exists: bool
    problems: tuple[str, ...] = ()
    resync: float = 0.0


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The ledger and its lock.

    damage: why it cannot be relied on, "" when it can. version: 0 when there is none;
    current: the one this unitward writes. identity: whose it is; expected: whose this is.
    last_at: wall clock in seconds of the newest thing it remembers; last_pass: of the last
    pass. managed: how many units it knows; unhappy: those in trouble after the last pass.
    holder: process id and role of the one who works on the account.
    """

    path: str
    exists: bool
    damage: str = ""
    version: int = 0
    current: int = 0
    identity: str = ""
    expected: str = ""
    last_at: float = 0.0
    last_pass: float = 0.0
    open_intents: int = 0
    managed: int = 0
    unhappy: tuple[str, ...] = ()
    holder: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A path below the unit folder that a declared unit needs and that is not unitward's."""

    path: str
    unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """The git checkout that the source is part of.

    git: the version of git, "" when it is not installed. lock_age: seconds since another
    git command locked the index, None when it is not locked.
    """

    top: str
    git: str
    git_dir: str
    lock_age: float | None


@dataclass(frozen=True, slots=True)
class Source:
    """What the desired-state folder asks for, as far as it matters here.

    is_default: no `source:` names it. unavailable: why it could not be read whole.
    unreadable: files that cannot be used: (path, reason, hint). errors: invalid places.
    unsupported: unit -> what this systemd lacks for it. controller_users: controller ->
    units that ask for it; namespace_users: units that need a user namespace.
    folders: how many folders have to be watched.
    """

    root: str
    is_default: bool
    exists: bool
    unavailable: Unavailable | None = None
    unreadable: tuple[tuple[str, str, str], ...] = ()
    units: int = 0
    errors: tuple[str, ...] = ()
    unsupported: Mapping[str, str] = field(default_factory=dict)
    in_the_way: tuple[InTheWay, ...] = ()
    controller_users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    namespace_users: tuple[str, ...] = ()
    folders: int = 0
    checkout: Checkout | None = None


@dataclass(frozen=True, slots=True)
class Installations:
    """Every trace of a unitward in reach of the account.

    fragments: files named unitward.service on the manager's unit path, the one in force
    first. strangers: other installations' ids -> files in the unit folder with their mark.
    running: the Python that the daemon runs with, "" when unknown; here: this one's.
    """

    fragments: tuple[str, ...]
    strangers: Mapping[str, tuple[str, ...]]
    running: str
    here: str


@dataclass(frozen=True, slots=True)
class LastUpgrade:
    """The last upgrade to another version, by its record.

    phase: ready, switching, confirmed, refused or undone, since `at` (wall clock, seconds).
    told: it in words. limit: seconds within which an open one is decided. preparing: the
    process that prepares another one now, 0 for none. goes_back: it is being undone.
    """

    version: str = ""
    phase: str = ""
    told: str = ""
    at: float = 0.0
    limit: float = 0.0
    preparing: int = 0
    goes_back: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """The environments that unitward keeps of itself, one for each version.

    root: their folder. current: the version in use, "" where unitward was installed in
    another way. broken: why that one does not run, "" when it does. others: whole ones beside.
    """

    root: str
    current: str
    broken: str = ""
    others: tuple[str, ...] = ()
    upgrade: LastUpgrade | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a doctor looks at; each part is there or says why not."""

    account: Account
    session: Session | Unknown
    journal: Journal | Unknown
    machine: Machine | Unknown
    inotify: Inotify | Unknown
    places: tuple[Place, ...] | Unknown
    configuration: Configuration | Unknown
    ledger: LedgerState | Unknown
    source: Source | Unknown
    program: Program | Unknown
    installations: Installations | Unknown
