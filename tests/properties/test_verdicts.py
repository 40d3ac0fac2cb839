"""Tables V and P over generated histories: only what happened last counts.

A small life of a service writes the timestamps, results and codes as systemd does (measured on
252); what really happened to it is known from its history, and a verdict has to say just that.
"""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from unitward.model.declared import Policy
from unitward.model.desired import Desired, DesiredFile, DesiredUnit
from unitward.model.observed import DiskFile, DiskKind, ManagerFacts, Observed
from unitward.model.recorded import Intent, IntentKind, Recorded, RecordedUnit
from unitward.model.settings import Settings
from unitward.model.source import Place, Revision
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.asked import CLD_EXITED, CLD_KILLED, SIGHUP, SIGINT, SIGPIPE, SIGTERM
from unitward.reconcile.plan.sides import Sides, take_sides
from unitward.reconcile.plan.starting import intent_row
from unitward.reconcile.plan.verdict import Down, judge_down
from unitward.reconcile.plan.want import Wish
from unitward.unitfile.effects import run_digest
from unitward.unitfile.mark import seal
from unitward.unitfile.syntax import parse

SEARCH = settings(deadline=None, max_examples=1000)
LIFE = "this life"
SIGKILL, SIGABRT = 9, 6
UNIT, NEEDED, RIVAL = "a.service", "needed.service", "rival.service"


@dataclass
class Service:
    """A service and its neighbours; `why` is what brought it down, None while it is up."""

    remains: bool
    now: int = 1_000
    why: Down | None = Down.NEVER_RAN
    was_seen: bool = False
    needed_is_up: bool = True
    needed_left: int = 0
    rival_is_up: bool = False
    detail: UnitDetail = field(default_factory=lambda: UnitDetail(UNIT))

    def tick(self) -> int:
        """Let time pass, and return the new time."""
        self.now += 10
        return self.now

    def set(self, **facts: object) -> None:
        """Change what the manager says of the service."""
        self.detail = replace(self.detail, **facts)  # type: ignore[arg-type]  # fields by name

    def begin(self) -> None:
        """Begin a start: the run's own facts are new, those of its way up and down are old."""
        self.set(
            active_state="activating",
            condition_timestamp=self.tick(),
            condition_result=True,
            inactive_exit_timestamp=self.tick(),
            exec_main_start_timestamp=self.now,
            exec_main_exit_timestamp=0,
            exec_main_code=0,
            exec_main_status=0,
            result="success",
        )

    def enter(self) -> None:
        """Reach `active`."""
        self.set(active_state="active", active_enter_timestamp=self.tick())
        self.why, self.was_seen = None, True

    def process_ends(self, code: int, status: int) -> None:
        """Have the main process end."""
        self.set(exec_main_exit_timestamp=self.tick(), exec_main_code=code, exec_main_status=status)

    def leave(self, result: str, why: Down, *, was_up: bool = True) -> None:
        """Go down with this result."""
        state = "inactive" if result == "success" else "failed"
        if was_up and self.detail.active_exit_timestamp < self.detail.active_enter_timestamp:
            self.set(active_exit_timestamp=self.now)
        self.set(result=result, active_state=state, inactive_enter_timestamp=self.tick())
        self.why = why

    def asked(self, code: int, status: int, result: str, why: Down) -> None:
        """Be stopped by a job: it leaves `active` first, then its process ends."""
        self.set(active_exit_timestamp=self.tick())
        if not self.detail.exec_main_exit_timestamp:
            self.process_ends(code, status)
        self.leave(result, why)

    def needed_goes(self) -> None:
        """Have the unit that it requires stop first."""
        self.needed_is_up = False
        self.needed_left = self.tick()


ENDS = {
    "it exits with 0": (CLD_EXITED, 0, "success", Down.COMPLETE),
    "it exits with 3": (CLD_EXITED, 3, "exit-code", Down.FAILED),
    "somebody sends TERM": (CLD_KILLED, SIGTERM, "success", Down.BY_HAND),
    "somebody sends HUP": (CLD_KILLED, SIGHUP, "success", Down.BY_HAND),
    "somebody sends INT": (CLD_KILLED, SIGINT, "success", Down.BY_HAND),
    "somebody sends PIPE": (CLD_KILLED, SIGPIPE, "success", Down.BY_HAND),
    "somebody sends KILL": (CLD_KILLED, SIGKILL, "signal", Down.FAILED),
}
STOPS = {
    "systemctl stop": (CLD_KILLED, SIGTERM, "success", Down.BY_HAND),
    "systemctl stop, and it exits with 1": (CLD_EXITED, 1, "exit-code", Down.BY_HAND),
    "systemctl stop, which times out": (CLD_KILLED, SIGKILL, "timeout", Down.FAILED),
    "the watchdog bites": (CLD_KILLED, SIGABRT, "watchdog", Down.FAILED),
}
WHILE_UP = [*ENDS, *STOPS, "what it needs stops", "its rival starts", "nothing"]
WHILE_DOWN = [
    *["it starts"] * 6,
    "it is stopped while starting",
    "it fails while starting",
    "its condition fails",
    "it is unloaded",
    "what it needs comes back",
    "its rival ends",
    "nothing",
]


moments = st.tuples(st.sampled_from(WHILE_UP), st.sampled_from(WHILE_DOWN))


def happens_up(service: Service, what: str) -> None:
    """Let something happen to a service that is up."""
    has_process = not service.detail.exec_main_exit_timestamp
    if what in ENDS and has_process:
        code, status, result, why = ENDS[what]
        service.process_ends(code, status)
        if not (service.remains and result == "success"):
            service.leave(result, why)
    elif what in STOPS and (has_process or what == "systemctl stop"):
        service.asked(*STOPS[what])
    elif what == "what it needs stops":
        service.needed_goes()
        service.asked(CLD_KILLED, SIGTERM, "success", Down.FOLLOWS)
    elif what == "its rival starts":
        service.rival_is_up = True
        service.asked(CLD_KILLED, SIGTERM, "success", Down.FOLLOWS)


def happens_down(service: Service, what: str) -> None:
    """Let something happen to a service that is down."""
    match what:
        case "it starts" | "it is stopped while starting" | "it fails while starting":
            # Starting it starts what it needs and stops what it conflicts with.
            service.needed_is_up, service.rival_is_up = True, False
            service.begin()
            if what == "it starts":
                service.enter()
            elif what == "it fails while starting":
                service.process_ends(CLD_EXITED, 1)
                service.leave("exit-code", Down.FAILED, was_up=False)
            else:
                service.process_ends(CLD_KILLED, SIGTERM)
                service.leave("success", Down.BY_HAND, was_up=False)
        case "its condition fails":
            service.set(condition_timestamp=service.tick(), condition_result=False)
            service.why = Down.SKIPPED
        case "it is unloaded":
            service.detail = UnitDetail(UNIT, active_state="inactive")
            service.why = Down.UNKNOWN if service.was_seen else Down.NEVER_RAN
        case "what it needs comes back":
            service.needed_is_up = True
        case "its rival ends":
            service.rival_is_up = False
        case _:
            pass


def seen(service: Service) -> Observed:
    """Return what a pass observes of the service and its neighbours."""
    up = {True: "active", False: "inactive"}
    needed = UnitDetail(NEEDED, inactive_enter_timestamp=service.needed_left)
    return Observed(
        ManagerFacts(252, "running", LIFE, 0),
        now=service.now / 1e6,
        now_monotonic=service.now,
        units={
            UNIT: UnitStatus(UNIT, "loaded", service.detail.active_state, ""),
            NEEDED: UnitStatus(NEEDED, "loaded", up[service.needed_is_up], ""),
            RIVAL: UnitStatus(RIVAL, "loaded", up[service.rival_is_up], ""),
        },
        details={UNIT: service.detail, NEEDED: needed},
    )


@SEARCH
@given(
    remains=st.booleans(),
    history=st.lists(moments, max_size=8),
    last=moments,
)
def test_a_verdict_tells_what_happened_last(
    remains: bool, history: list[tuple[str, str]], last: tuple[str, str]
) -> None:
    """V2 to V13: whatever came before, the verdict is what brought the service down last."""
    service = Service(remains)
    happens_down(service, "it starts")
    for up, down in [*history, last]:
        if service.why is None:
            happens_up(service, up)
        else:
            happens_down(service, down)
    assume(service.why is not None)
    detail = replace(
        service.detail, remain_after_exit=remains, requires=(NEEDED,), conflicts=(RIVAL,)
    )
    known = RecordedUnit(UNIT, Place("a.yaml"), life=LIFE) if service.was_seen else None
    judged = judge_down(detail, known, Wish.RUNNING, seen(service))
    expected = service.why
    if expected is Down.FOLLOWS and service.needed_is_up and not service.rival_is_up:
        expected = Down.BY_HAND  # V10: nothing is left that it could follow
    if expected is Down.BY_HAND and judged.row == "V9":
        # A rival or a needed unit that went the other way after a stop by hand explains it too.
        assert service.rival_is_up or not service.needed_is_up
        return
    assert expected is judged.down, judged.row


@SEARCH
@given(remains=st.booleans(), end=st.sampled_from([*ENDS, *STOPS]), job=st.booleans())
def test_nothing_is_decided_too_early(remains: bool, end: str, job: bool) -> None:
    """V1: with a job queued, or while the manager goes down, no end counts yet."""
    service = Service(remains)
    happens_down(service, "it starts")
    happens_up(service, end)
    assume(service.why is not None)
    detail = replace(service.detail, remain_after_exit=remains, job_id=7 if job else 0)
    observed = seen(service)
    if not job:
        observed = replace(observed, manager=replace(observed.manager, system_state="stopping"))
    assert "V1" == judge_down(detail, None, Wish.RUNNING, observed).row


OURS, OTHER = ("[Service]\nExecStart=/bin/ours\n", "[Service]\nExecStart=/bin/other\n")
CONTENT = seal(OURS.encode(), unit=UNIT, installation="i")
DEEDS = ["we write it", "somebody edits it", "reload", "start"]


@dataclass
class Machine:
    """A file, what the manager loaded of it, and what the process was started with."""

    now: int = 1_000
    disk: str = OTHER
    changed_at: int = 0
    loaded: str = OTHER
    loaded_from: int = 0
    loaded_at: int = 0
    runs: str = OTHER
    invocation: int = 1
    started_at: int = 500

    def does(self, deed: str) -> None:
        """Do one thing, each at a time of its own."""
        self.now += 10
        match deed:
            case "we write it":
                self.disk, self.changed_at = OURS, self.now
            case "somebody edits it":
                self.disk, self.changed_at = OTHER, self.now
            case "reload":
                self.loaded, self.loaded_from = self.disk, self.changed_at
                self.loaded_at = self.now
            case _:
                self.runs, self.started_at = self.loaded, self.now
                self.invocation += 1

    def detail(self) -> UnitDetail:
        """Return what the manager says of the unit."""
        return UnitDetail(
            UNIT,
            active_state="active",
            invocation_id=f"{self.invocation:032x}",
            exec_main_start_timestamp=self.started_at,
            inactive_exit_timestamp=self.started_at,
            need_daemon_reload=self.loaded_from != self.changed_at,
        )


def declared() -> DesiredUnit:
    """Return the unit as the folder has it."""
    place, text = Place("a.yaml"), parse(OURS.encode()).text
    file = DesiredFile(UNIT, CONTENT, "", place, text)
    digest = run_digest(".service", text)
    return DesiredUnit(UNIT, place, text, Policy(), file, run_digest=digest)


def sides_of(machine: Machine, unit: DesiredUnit) -> Sides:
    """Return the three sides of a pass that finds the machine like this."""
    file = DiskFile(UNIT, DiskKind.FILE, "", CONTENT, machine.changed_at)
    observed = Observed(
        ManagerFacts(252, "running", LIFE, machine.loaded_at),
        now=machine.now / 1e6,
        now_monotonic=machine.now,
        files={UNIT: file},
    )
    desired = Desired(Revision("r"), {UNIT: unit})
    return take_sides(desired, Recorded("i"), observed, Settings())


@SEARCH
@given(before=st.lists(st.sampled_from(DEEDS)), after=st.lists(st.sampled_from(DEEDS)))
def test_only_the_content_that_runs_is_current(before: list[str], after: list[str]) -> None:
    """P1 to P3: an intent is closed only for a process that runs what is declared."""
    machine = Machine()
    for deed in before:
        machine.does(deed)
    earlier = f"{machine.invocation:032x}"
    record = RecordedUnit(UNIT, Place("a.yaml"), run_digest="other", invocation=earlier, life=LIFE)
    unit = declared()
    intent = Intent(1, UNIT, IntentKind.RUN, "", unit.run_digest, earlier)
    runs_before = machine.invocation
    for deed in after:
        machine.does(deed)
    assume(machine.disk == OURS)
    row = intent_row(intent, unit, record, machine.detail(), sides_of(machine, unit))
    if machine.invocation == runs_before:
        assert "P1" == row
    elif row == "P2":
        assert OURS == machine.runs
    else:
        assert "P3" == row


@pytest.mark.parametrize("between", [[], ["start"], ["reload"], ["start", "reload"]])
def test_a_finished_restart_is_recognised(between: list[str]) -> None:
    """P2: written, loaded, started, in this order, is current: nothing restarts twice."""
    machine = Machine()
    intent = Intent(1, UNIT, IntentKind.RUN, "", "d", f"{machine.invocation:032x}")
    for deed in [*between, "we write it", "reload", "start"]:
        machine.does(deed)
    unit = declared()
    record = RecordedUnit(UNIT, Place("a.yaml"), run_digest="other")
    assert "P2" == intent_row(intent, unit, record, machine.detail(), sides_of(machine, unit))
