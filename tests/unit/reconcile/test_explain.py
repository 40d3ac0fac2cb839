"""An explanation: every step from the manifest's line to the last action, with its row."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from unitward.model.declared import OnChange, Policy, State
from unitward.model.desired import Desired, DesiredFile, DesiredUnit, Freeze
from unitward.model.explanation import Explanation, Order, OrderKind, Standing
from unitward.model.observed import DiskFile, DiskKind, ManagerFacts, Observed
from unitward.model.orders import Adoption, Hold, Nudge, NudgeKind, Orders
from unitward.model.recorded import Intent, IntentKind, Recorded, RecordedFile, RecordedUnit
from unitward.model.settings import Settings
from unitward.model.source import (
    Place,
    Problem,
    Revision,
    Severity,
    Snapshot,
    SourceFile,
    Unavailable,
)
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.explain import explain, is_explainable, known_units
from unitward.reconcile.plan import plan
from unitward.reconcile.plan.sides import Sides, take_sides
from unitward.store.passes import Generation
from unitward.unitfile.effects import run_digest
from unitward.unitfile.mark import seal
from unitward.unitfile.syntax import parse

HERE = "here"
NOW, MONOTONIC = 10_000.0, 5_000_000_000
UNIT = "a.service"
BODY = "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"
HEAD = Place("a.yaml", 3)
MANIFEST = "version: 1\nunits:\n  a.service:\n    Service: {ExecStart: /bin/a}\n"


def at(seconds_ago: float) -> int:
    """Return a CLOCK_MONOTONIC moment in microseconds."""
    return MONOTONIC - int(seconds_ago * 1e6)


@dataclass
class World:
    """One unit, declared, recorded and observed; `default.target` is active."""

    body: str = BODY
    name: str = UNIT
    applied: str | None = BODY
    policy: Policy = field(default_factory=Policy)
    detail: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    known: dict[str, Any] | None = field(default_factory=dict)
    disk: DiskFile | None = None
    observed: dict[str, Any] = field(default_factory=dict)
    desired: dict[str, Any] = field(default_factory=dict)
    recorded: dict[str, Any] = field(default_factory=dict)
    others: tuple[UnitStatus, ...] = ()
    history: tuple[Generation, ...] = ()

    def sides(self) -> Sides:
        """Put the three sides together."""
        file = self._file(self.body)
        suffix = self.name[self.name.rindex(".") :]
        text = parse(file.content).text
        unit = DesiredUnit(
            self.name,
            Place("a.yaml", 3),
            text,
            self.policy,
            fragment=file,
            run_digest=run_digest(suffix, text),
        )
        desired = Desired(Revision("r"), **{"units": {self.name: unit}, **self.desired})
        recorded = Recorded(HERE, **{**self._recorded(suffix), **self.recorded})
        return take_sides(desired, recorded, self._observed(), Settings())

    def _file(self, body: str) -> DesiredFile:
        content = seal(body.encode(), installation=HERE, unit=self.name)
        return DesiredFile(
            self.name,
            content,
            hashlib.sha256(content).hexdigest(),
            Place("a.yaml", 3),
            parse(content).text,
            line_places=((3, Place("a.yaml", 4)),),
        )

    def _recorded(self, suffix: str) -> dict[str, Any]:
        if self.applied is None or self.known is None:
            return {}
        was = self._file(self.applied)
        facts: dict[str, Any] = {"run_digest": run_digest(suffix, was.text), "invocation": "1" * 32}
        facts |= {"life": "life", "wish": "running", **self.known}
        unit = RecordedUnit(self.name, Place("a.yaml", 3), **facts)
        file = RecordedFile(self.name, self.name, was.digest, was.content)
        return {"units": {self.name: unit}, "files": {self.name: file}}

    def _observed(self) -> Observed:
        disk = self.disk or DiskFile(self.name, DiskKind.ABSENT)
        if self.disk is None and self.applied is not None:
            was = self._file(self.applied)
            written = int((NOW - 2000) * 1e6)
            disk = DiskFile(self.name, DiskKind.FILE, was.digest, was.content, written)
        status = UnitStatus(
            self.name,
            **{"load": "loaded", "active": "active", "sub": "running", **self.status},
        )
        facts: dict[str, Any] = {
            "load_state": "loaded",
            "active_state": status.active,
            "sub_state": status.sub,
            "invocation_id": "1" * 32,
            "inactive_exit_timestamp": at(500),
            "active_enter_timestamp": at(500),
            "exec_main_start_timestamp": at(500),
            "state_change_timestamp": at(500),
            "fragment_path": f"/unit-folder/{self.name}",
            "main_pid": 7,
        }
        target = UnitStatus("default.target", "loaded", "active", "active")
        return Observed(
            **{
                "manager": ManagerFacts(252, "running", "life", int((NOW - 1000) * 1e6)),
                "now": NOW,
                "now_monotonic": MONOTONIC,
                "files": {self.name: disk},
                "units": {u.name: u for u in (target, status, *self.others)},
                "details": {self.name: UnitDetail(self.name, **{**facts, **self.detail})},
                **self.observed,
            }
        )

    def down(self, active: str = "inactive", **detail: Any) -> "World":
        """Have the unit down, after a run that the facts describe."""
        self.status = {"active": active, "sub": "dead"}
        ended: dict[str, Any] = {
            "active_exit_timestamp": at(20) + 5000,
            "exec_main_exit_timestamp": at(20),
            "inactive_enter_timestamp": at(20) + 9000,
            "exec_main_code": 1,
            "main_pid": 0,
        }
        self.detail = {**ended, **detail}
        return self

    def explain(self, name: str = "") -> Explanation:
        """Explain the unit, with the plan for the three sides."""
        sides = self.sides()
        decided = plan(sides.desired, sides.recorded, sides.observed, sides.settings)
        read = Snapshot("/d", (SourceFile("a.yaml", MANIFEST.encode()),), Revision("r"))
        return explain(name or self.name, sides, decided, read, self.history)


def never(**detail: Any) -> dict[str, Any]:
    """Return the facts of a unit that never ran."""
    fields = ("inactive_exit", "active_enter", "exec_main_start", "active_exit", "exec_main_exit")
    return {f"{name}_timestamp": 0 for name in (*fields, "inactive_enter")} | detail


@pytest.mark.parametrize(
    ("body", "policy", "row", "said"),
    [
        (BODY, {"state": State.STOPPED}, "W1", "stopped: state: stopped"),
        ("[Unit]\nRefuseManualStart=yes\n" + BODY, {}, "W2", "any: refuses"),
        (BODY, {}, "W3", "running: pulled in by default.target"),
        (BODY.replace("[Install]", "Type=oneshot\n[Install]"), {}, "W4", "ran: pulled in by"),
        (BODY.replace("default", "graphical"), {}, "W5", "any: waits for graphical.target"),
        ("[Service]\nExecStart=/bin/a\n", {}, "W6", "any: installed, nothing starts it"),
    ],
)
def test_what_it_wants_carries_its_row(
    body: str, policy: dict[str, Any], row: str, said: str
) -> None:
    """W1 to W6: the row is the one that the plan went by."""
    wants = World(body, applied=body, policy=Policy(**policy)).explain().wants
    assert row == wants.row
    assert wants.text.startswith(said)


def test_an_elapsed_timer_and_an_absent_unit_have_their_rows() -> None:
    """W7, W8: what is complete, and what does not exist, is told by its row."""
    body = "[Timer]\nOnBootSec=1s\nRemainAfterElapse=no\n[Install]\nWantedBy=default.target\n"
    timer = World(body, "a.timer", applied=body).down(active_exit_timestamp=at(400))
    assert "W7" == timer.explain().wants.row

    place = Place("a.yaml", 3)
    unit = DesiredUnit(UNIT, place, parse(b"").text)
    absent = World(known=None, applied=None, status={"load": "not-found", "active": "inactive"})
    absent.desired = {"units": {UNIT: unit}}
    absent.detail = {"load_state": "not-found"}
    found = absent.explain()
    assert ("W8", None, None) == (found.wants.row, found.loaded, found.live)


@pytest.mark.parametrize(
    ("active", "detail", "row", "said"),
    [
        ("inactive", {"job_id": 4}, "V1", "a job is queued"),
        ("inactive", {"condition_timestamp": 9, "condition_result": False}, "V2", "condition"),
        ("inactive", never(), "V3", "ran in this manager's life"),
        ("inactive", {"active_enter_timestamp": 0, "exec_main_code": 2, "exec_main_status": 15},
         "V6", "before it was up"),
        ("failed", {"active_exit_timestamp": at(30), "result": "timeout"}, "V7", "by timeout"),
        ("inactive", {"active_exit_timestamp": at(20) - 12_000}, "V10", "asked to stop 12 ms"),
        ("failed", {"active_exit_timestamp": at(22), "result": "exit-code"}, "V10", "stop 2s bef"),
        ("inactive", {}, "V11", "ended by itself"),
        ("inactive", {"exec_main_code": 2, "exec_main_status": 15}, "V12", "SIGTERM"),
        ("failed", {"result": "exit-code", "exec_main_status": 7}, "V13", "exit status 7"),
        ("failed", {"result": "signal", "exec_main_code": 2, "exec_main_status": 11},
         "V13", "killed by signal 11"),
    ],
)  # fmt: skip
def test_a_unit_that_is_down_is_judged_by_its_row(
    active: str, detail: dict[str, Any], row: str, said: str
) -> None:
    """V1 to V13: the row that the plan went by, in words that name what decided."""
    judged = World().down(active, **detail).explain().judged
    assert row == judged.row
    assert said in judged.text


def test_a_unit_that_never_ran_is_new() -> None:
    """V4: what the ledger did not know running is started for the first time."""
    world = World(known={"life": "before"}).down(**never())
    assert "V4" == world.explain().judged.row


def test_a_oneshot_that_ended_is_not_run_again() -> None:
    """V5: its result is told, not why it is down."""
    body = BODY.replace("[Install]", "Type=oneshot\n[Install]")
    world = World(body, applied=body).down("failed", result="exit-code", exec_main_status=3)
    judged = world.explain().judged
    assert ("V5", "its run ended: exit status 3") == (judged.row, judged.text)


def test_our_own_stop_is_not_a_stop_by_hand() -> None:
    """V8: what unitward stopped, or was about to start, is told as its own."""
    asked: dict[str, Any] = {"active_exit_timestamp": at(20) - 12_000}
    assert "V8" == World(known={"wish": "stopped"}).down(**asked).explain().judged.row
    intent = Intent(1, UNIT, IntentKind.RUN, digest="x", invocation="1" * 32)
    world = World(recorded={"intents": (intent,)}).down(**asked)
    assert "V8" == world.explain().judged.row


def test_the_unit_that_it_follows_is_named() -> None:
    """V9: what went down with another unit says with which."""
    asked: dict[str, Any] = {"active_exit_timestamp": at(20) - 12_000, "part_of": ("b.service",)}
    world = World(others=(UnitStatus("b.service", "loaded", "inactive", "dead"),)).down(**asked)
    judged = world.explain().judged
    assert "V9" == judged.row
    assert "b.service" in judged.text


def test_the_moments_that_decided_are_told_in_their_order() -> None:
    """V10: asked to stop, then ended: with the moments, in wall-clock time."""
    found = World().down(active_exit_timestamp=at(20) - 12_000).explain()
    moments = {moment.what: moment.at for moment in found.moments}
    assert ["process started", "was up", "asked to stop", "process ended", "was down"] == list(
        moments
    )
    assert pytest.approx(NOW - 20.012, abs=1e-4) == moments["asked to stop"]
    assert pytest.approx(NOW - 20, abs=1e-4) == moments["process ended"]


def test_a_unit_that_systemd_restarts_is_left_to_it() -> None:
    """V0: between two tries of Restart= it counts as running."""
    world = World(status={"active": "activating", "sub": "auto-restart"})
    assert "V0" == world.explain().judged.row


@pytest.mark.parametrize(
    ("intent", "invocation", "started", "row"),
    [
        ("1" * 32, "1" * 32, 500, "P1"),
        ("0" * 32, "2" * 32, 500, "P2"),
        ("0" * 32, "2" * 32, 1500, "P3"),
    ],
)
def test_an_interrupted_restart_is_judged_by_its_row(
    intent: str, invocation: str, started: float, row: str
) -> None:
    """P1 to P3: whether the process that runs is the one that was meant."""
    open_run = Intent(1, UNIT, IntentKind.RUN, digest="x", invocation=intent)
    world = World(
        known={"run_digest": "older"},
        recorded={"intents": (open_run,)},
        detail={"invocation_id": invocation, "exec_main_start_timestamp": at(started)},
    )
    assert row == world.explain().judged.row


def test_a_process_in_order_is_current_whatever_the_timestamps_say() -> None:
    """P4: a process older than its file counts as current without an intent."""
    world = World(detail={"exec_main_start_timestamp": at(4000)})
    found = world.explain()
    assert "P4" == found.judged.row
    assert ["process started", "file changed", "definitions loaded"] == [
        moment.what for moment in found.moments
    ]


@pytest.mark.parametrize(("edited_ago", "row"), [(100, "P5"), (900, "P6")])
def test_an_edited_file_is_judged_by_when_it_was_edited(edited_ago: float, row: str) -> None:
    """P5, P6: what counts is whether the process began with the edit."""
    content = b"[Service]\nExecStart=/bin/edited\n"
    digest = hashlib.sha256(content).hexdigest()
    changed = int((NOW - edited_ago) * 1e6)
    found = World(disk=DiskFile(UNIT, DiskKind.FILE, digest, content, changed)).explain()
    assert row == found.judged.row
    assert Standing.EDITED is found.files[0].standing
    assert digest == found.files[0].digest


def test_without_a_ledger_nobody_knows_the_age() -> None:
    """P7: a process that may be older than its file is told as that."""
    world = World(known=None, detail={"exec_main_start_timestamp": at(4000)})
    assert "P7" == world.explain().judged.row


@pytest.mark.parametrize(
    ("new", "row", "said"),
    [
        ("# a remark\n" + BODY, "C0", "the reload"),
        (BODY.replace("[Install]", "MemoryMax=1G\n[Install]"), "C1", "the reload"),
        ("[Unit]\nWants=b.service\n" + BODY, "C2", "the reload"),
        (BODY.replace("[Install]", "RuntimeMaxSec=9\n[Install]"), "C3", "the reload"),
        (BODY.replace("/bin/a", "/bin/b"), "C4", "restarts it"),
        (BODY.replace("[Install]", "ExecStop=/bin/b\n[Install]"), "C5", "stops it"),
        (BODY + "Alias=b.service\n", "C6", "the reload"),
    ],
)
def test_a_change_is_told_by_its_row(new: str, row: str, said: str) -> None:
    """C0 to C6: what differs now, what that does, and which row says so."""
    change = World(new).explain().change
    assert row == change.row
    assert said in change.text


@pytest.mark.parametrize(
    ("name", "body", "row", "said"),
    [
        (UNIT, BODY, "C4", "restarts it"),
        (UNIT, BODY.replace("[Install]", "ExecStop=/bin/b\n[Install]"), "C5", "stops it"),
        ("a.socket", "[Socket]\nListenStream=/a\n", "C7", "restarts it"),
        ("a.timer", "[Timer]\nOnCalendar=daily\n", "C8", "the reload"),
        ("a.path", "[Path]\nPathExists=/a\n", "C9", "the reload"),
        ("dbus.service", BODY, "C16", "takes effect at next login"),
        (UNIT, "[Unit]\nRefuseManualStop=yes\n" + BODY, "C17", "refuses manual restart"),
    ],
)
def test_where_nothing_differs_it_says_what_a_change_would_do(
    name: str, body: str, row: str, said: str
) -> None:
    """C4 to C17: one more value of the directive that the unit is about, weighed by the plan."""
    change = World(body, name, applied=body).explain().change
    assert row == change.row
    assert change.text.startswith("nothing differs; ")
    assert said in change.text


def test_what_stands_in_the_way_of_a_change_is_told() -> None:
    """C14, C18, H1, on_change: the reason why a changed unit would not be restarted."""
    new = BODY.replace("/bin/a", "/bin/b")
    oneshot = new.replace("[Install]", "Type=oneshot\n[Install]")
    running = World(oneshot, status={"active": "activating", "sub": "start"})
    assert "C14" == running.explain().change.row
    skipped = World(new, observed={"skipped_conditions": {UNIT: "ConditionPathExists=/x"}})
    assert "C18" == skipped.explain().change.row
    kept = World(new, policy=Policy(on_change=OnChange.KEEP)).explain().change
    assert ("C4", True) == (kept.row, "on_change: keep" in kept.text)
    orders = Orders(holds={UNIT: Hold(UNIT, "I am looking at it", NOW - 5)})
    held = World(new, recorded={"orders": orders}).explain().change
    assert ("H1", True) == (held.row, "waits for the end of the hold" in held.text)


def test_a_unit_that_is_down_takes_a_change_with_its_start() -> None:
    """C4: a unit that should run is started with the change, another one is left down."""
    ended = World().down().explain().change
    assert ("C4", True) == (ended.row, "starts it" in ended.text)
    other = "[Service]\nExecStart=/bin/a\n"
    idle = World(other, applied=other).down().explain().change
    assert ("C4", True) == (idle.row, "counts from its next start" in idle.text)


@pytest.mark.parametrize(
    ("world", "standing"),
    [
        (World(), Standing.OURS),
        (World(BODY.replace("/bin/a", "/bin/b")), Standing.OUTDATED),
        (World(applied=None, known=None), Standing.MISSING),
        (World(disk=DiskFile(UNIT, DiskKind.ABSENT)), Standing.GONE),
        (World(disk=DiskFile(UNIT, DiskKind.MASK)), Standing.GONE),
        (World(disk=DiskFile(UNIT, DiskKind.OTHER)), Standing.FOREIGN),
    ],
)
def test_each_file_says_whose_it_is(world: World, standing: Standing) -> None:
    """N1, N2, D2: ours, of an earlier declaration, missing, gone or foreign."""
    assert [(UNIT, standing)] == [(f.path, f.standing) for f in world.explain().files]


def test_foreign_dropins_stand_beside_ours() -> None:
    """D5: somebody else's drop-in is listed, and as that."""
    foreign = {UNIT: (f"{UNIT}.d/x.conf",)}
    found = World(observed={"foreign_dropins": foreign}).explain()
    assert [Standing.OURS, Standing.FOREIGN] == [file.standing for file in found.files]


def test_the_lines_are_those_of_the_folder() -> None:
    """The unit's own line comes first, then those of the directives whose change decides."""
    found = World(BODY.replace("/bin/a", "/bin/b")).explain()
    assert [
        ("a.yaml:3", "a.service:"),
        ("a.yaml:4", "Service: {ExecStart: /bin/a}"),
    ] == [(str(line.place), line.text) for line in found.lines]
    assert ["a.yaml:3"] == [str(line.place) for line in World().explain().lines]


@pytest.mark.parametrize(
    ("world", "older"),
    [
        (World(), False),
        (World(detail={"need_daemon_reload": True}), True),
        (World(BODY.replace("/bin/a", "/bin/b")), True),
    ],
)
def test_an_older_definition_is_told(world: World, older: bool) -> None:
    """D6: whether a reload would bring another definition than the one in force."""
    loaded = world.explain().loaded
    assert loaded is not None
    assert (f"/unit-folder/{UNIT}", older) == (loaded.fragment, loaded.is_older)


def test_what_a_pass_would_do_is_the_plan() -> None:
    """The actions on the unit, and the reload between them, in the order of the plan."""
    verbs = [line.split()[0] for line in World(BODY.replace("/bin/a", "/bin/b")).explain().doing]
    assert ["update", "daemon-reload:", "reset-failed", "restart"] == [
        verb for verb in verbs if verb != "enable"
    ]


def test_what_the_folder_asks_for_no_more_is_still_explained() -> None:
    """R1: a unit that is only recorded has its files, its last line and its verdict."""
    world = World()
    world.desired = {"units": {}}
    found = world.explain()
    assert not found.is_declared
    assert [Standing.OURS] == [file.standing for file in found.files]
    assert ["a.yaml:3"] == [str(line.place) for line in found.lines]
    assert found.verdict is not None
    assert "no longer declared" in found.verdict.reason
    assert ("R1", "to go, once it was absent for prune_after") == (
        found.wants.row,
        found.wants.text,
    )


@pytest.mark.parametrize(
    ("desired", "orders", "row", "said"),
    [
        ({"complete": False, "incomplete_because": "b.yaml:4:2"}, {}, "R2", "b.yaml:4:2 is mended"),
        ({"removed": {UNIT: Place("a.yaml", 9)}}, {}, "R1", "listed under removed:"),
        ({}, {"holds": {UNIT: Hold(UNIT, "mine", NOW - 5)}}, "H1", "once its hold ends"),
    ],
)
def test_what_a_removal_waits_for_is_told_by_its_row(
    desired: dict[str, Any], orders: dict[str, Any], row: str, said: str
) -> None:
    """R1, R2, H1: when a unit goes that nobody declares, in place of what it wants to be."""
    world = World(recorded={"orders": Orders(**orders)})
    world.desired = {"units": {}, **desired}
    found = world.explain()
    assert (row, True) == (found.wants.row, said in found.wants.text)
    assert desired.get("removed", {}).get(UNIT) == found.removed


def test_a_removal_that_a_person_must_approve_is_told_with_its_digest() -> None:
    """R3: the digest of `unitward approve` stands in the explanation."""
    world = World(recorded={"absences": {UNIT: NOW - 1000}})
    world.desired = {"units": {}}
    sides = world.sides()
    [held] = plan(sides.desired, sides.recorded, sides.observed, sides.settings).held
    wants = world.explain().wants
    assert ("R3", True) == (wants.row, f"unitward approve {held.digest}" in wants.text)


def test_a_frozen_unit_says_why() -> None:
    """F1: an invalid unit is explained as far as it is known, with the row and the mistake."""
    world = World(desired={"units": {}, "frozen": {UNIT: Freeze("broken", HEAD, "F1")}})
    problem = Problem(Place("a.yaml", 4, 9), Severity.ERROR, "[Service] has no Exec=", unit=UNIT)
    world.desired["problems"] = (problem,)
    found = world.explain()
    assert found.is_declared
    assert found.verdict is not None
    assert "broken" in found.verdict.reason
    assert "F1" == found.wants.row
    assert ("", True) == (found.judged.row, "frozen" in found.judged.text)
    assert found.change.text.endswith("a.yaml:4:9: [Service] has no Exec=")


def test_a_unit_of_a_newer_systemd_says_so() -> None:
    """An unsupported unit says that no row judges it."""
    world = World(desired={"units": {}, "unsupported": {UNIT: Freeze("needs systemd 300", HEAD)}})
    found = world.explain()
    assert ("", True) == (found.judged.row, "this systemd cannot run" in found.judged.text)


def test_orders_in_force_stand_beside_what_they_are_about() -> None:
    """H1, H4, N4: hold, retry and forget; a hold that is over is none."""
    hold = Hold(UNIT, "looking", NOW - 5, NOW + 5)
    retry = Nudge(UNIT, NudgeKind.RETRY, NOW - 3)
    orders = Orders(holds={UNIT: hold}, nudges={UNIT: retry})
    down = World(recorded={"orders": orders}).down()
    assert [
        Order(OrderKind.HOLD, "looking", NOW - 5, NOW + 5),
        Order(OrderKind.RETRY, "", NOW - 3),
    ] == list(down.explain().orders)
    over = Orders(holds={UNIT: replace(hold, until=NOW - 1)})
    assert () == World(recorded={"orders": over}).explain().orders
    forgotten = World(recorded={"orders": Orders(forgotten={UNIT: NOW - 9})}).explain()
    assert (Order(OrderKind.FORGET, UNIT, NOW - 9),) == forgotten.orders
    assert "N4" == forgotten.wants.row


def test_an_adoption_counts_only_for_the_file_that_was_seen() -> None:
    """N2: an order to adopt is shown as long as the file has not changed since."""
    disk = DiskFile(UNIT, DiskKind.FILE, "d1", b"[Service]\nExecStart=/bin/x\n", 1)
    for digest, expected in (("d1", [Order(OrderKind.ADOPT, UNIT)]), ("d0", [])):
        orders = Orders(adoptions={UNIT: Adoption(UNIT, UNIT, digest)})
        world = World(applied=None, known=None, disk=disk, recorded={"orders": orders})
        assert expected == list(world.explain().orders)


def test_a_blocked_unit_does_not_promise_a_restart() -> None:
    """N2: with somebody else's file in the way, nothing of the declaration is written."""
    disk = DiskFile(UNIT, DiskKind.FILE, "d1", b"[Service]\nExecStart=/bin/x\n", 1)
    found = World(applied=None, known=None, disk=disk).explain()
    assert ("N2", True) == (found.change.row, "unitward adopt a.service" in found.change.text)
    assert found.loaded is not None
    assert not found.loaded.is_older


def test_a_dropin_for_many_units_is_explained_by_its_path() -> None:
    """C12: whom it adds to, and that nothing restarts for it."""
    for path, whom in (("service.d/1-x.conf", "each service"), ("x-.timer.d/1.conf", "x-*.timer")):
        world = World()
        content = b"[Service]\nNice=1\n"
        file = DesiredFile(path, content, "d", Place(path), parse(content).text)
        world.desired = {"loose": (file,)}
        found = world.explain(path)
        assert found.is_declared
        assert whom in found.wants.text
        assert "C12" == found.change.row
        assert [(path, Standing.MISSING)] == [(f.path, f.standing) for f in found.files]
        assert ["create", "daemon-reload:"] == [line.split()[0] for line in found.doing]


@pytest.mark.parametrize(
    ("name", "fragment", "said", "files"),
    [
        ("b.service", "/u/b.service", "unitward adopt b.service", ["b.service"]),
        ("c.service", "/usr/lib/c.service", "no manifest names it", []),
    ],
)
def test_units_of_others_are_explained_as_theirs(
    name: str, fragment: str, said: str, files: list[str]
) -> None:
    """A unit that only the manager knows has no verdict, and says whose it is."""
    world = World()
    detail = UnitDetail(name, load_state="loaded", active_state="inactive", fragment_path=fragment)
    sides = world.sides()
    sides = replace(sides, observed=replace(sides.observed, details={name: detail}))
    decided = plan(sides.desired, sides.recorded, sides.observed, sides.settings)
    assert is_explainable(name, sides, decided)
    found = explain(name, sides, decided, Unavailable("unread"), (), unit_dir="/u")
    assert None is found.verdict
    assert said in found.wants.text
    assert files == [file.path for file in found.files]
    assert not is_explainable("nowhere.service", sides, decided)


def test_only_what_the_plan_or_the_ledger_speaks_of_is_known() -> None:
    """A unit that is neither declared nor recorded is not known without the manager."""
    sides = World().sides()
    decided = plan(sides.desired, sides.recorded, sides.observed, sides.settings)
    assert frozenset({UNIT}) == known_units(sides, decided)


def generation(ident: int, *units: str) -> Generation:
    """Return a recorded pass that restarted the units."""
    actions = [
        {"unit": unit, "summary": f"restart {unit}: {ident}", "result": "done", "detail": ""}
        for unit in units
    ]
    return Generation(ident, NOW - 100 + ident, f"r{ident}", "apply", {"actions": actions})


def test_the_last_action_is_that_of_the_newest_pass_that_acted_on_it() -> None:
    """Passes that acted on other units are passed over; without any there is none."""
    history = (generation(3, "b.service"), generation(2, UNIT), generation(1, UNIT))
    last = World(history=history).explain().last
    assert last is not None
    assert (f"restart {UNIT}: 2", NOW - 98, "r2") == (last.summary, last.at, last.revision)
    assert None is World(history=history[:1]).explain().last


def test_explaining_decides_nothing_anew() -> None:
    """The verdict is the plan's own, whatever else is told."""
    world = World().down(active_exit_timestamp=at(20) - 12_000)
    sides = world.sides()
    decided = plan(sides.desired, sides.recorded, sides.observed, sides.settings)
    assert decided.verdicts[UNIT] == world.explain().verdict
