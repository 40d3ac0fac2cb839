"""What holds for every plan: it converges, touches nothing foreign, restarts no more than it must.

A small world stands in for the machine: files, links, processes and a ledger as values, and a
`carry_out` that does to them what applying a plan does, wholly or only up to a kill.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from unitward.model.declared import OnChange, Policy, State
from unitward.model.desired import Desired, DesiredFile, DesiredUnit, Freeze
from unitward.model.observed import DiskFile, DiskKind, ManagerFacts, Observed
from unitward.model.orders import Hold, Nudge, NudgeKind, Orders
from unitward.model.plan import Action, Phase, Plan, Sync, Verb
from unitward.model.recorded import (
    Intent,
    IntentKind,
    Recorded,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.settings import Settings
from unitward.model.source import Place, Revision, Unavailable
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.kinds import is_oneshot
from unitward.reconcile.plan import plan
from unitward.reconcile.plan.links import expected_links
from unitward.unitfile.compare import merged
from unitward.unitfile.effects import run_digest
from unitward.unitfile.mark import seal, strip_mark
from unitward.unitfile.names import parse_name
from unitward.unitfile.syntax import parse

INSTALL = "[Install]\nWantedBy=default.target\n"
TEXTS = {
    "a.service": (
        "[Service]\nExecStart=/bin/a\n" + INSTALL,
        "[Unit]\nDescription=a\n[Service]\nExecStart=/bin/a\n" + INSTALL,
        "[Service]\nExecStart=/bin/a\nNice=1\n" + INSTALL,
        "[Service]\nExecStart=/bin/a\nExecStop=/bin/x\n",
    ),
    "b.service": (
        "[Unit]\nAfter=a.service\n[Service]\nExecStart=/bin/b\n" + INSTALL,
        "[Unit]\nWants=a.service\n[Service]\nExecStart=/bin/b\n" + INSTALL,
        "[Unit]\nConflicts=a.service\n[Service]\nExecStart=/bin/b\n" + INSTALL,
    ),
    "once.service": (
        "[Service]\nType=oneshot\nExecStart=/bin/o\n" + INSTALL,
        "[Service]\nType=oneshot\nExecStart=/bin/p\n" + INSTALL,
    ),
    "s.service": ("[Service]\nExecStart=/bin/s\n", "[Service]\nExecStart=/bin/s\nNice=1\n"),
    "s.socket": (
        "[Socket]\nListenStream=1\n" + INSTALL,
        "[Socket]\nListenStream=2\n" + INSTALL,
    ),
    "t.timer": (
        "[Timer]\nOnCalendar=daily\n" + INSTALL,
        "[Timer]\nOnCalendar=weekly\n[Install]\nWantedBy=g.target\n",
    ),
    "g.target": ("[Unit]\nDescription=g\n" + INSTALL, "[Unit]\nWants=a.service\n" + INSTALL),
    "w@.service": ("[Service]\nExecStart=/bin/w %i\n", "[Service]\nExecStart=/bin/v %i\n"),
}
INSTANCE = "w@x.service"
LOOSE = "service.d/10-all.conf"
SETTINGS = Settings(prune_after=10.0, stop_grace=300.0)
PASSES = 12
SEARCH = settings(deadline=None, max_examples=60)


@dataclass(frozen=True)
class Choice:
    """One unit as a revision declares it."""

    text: str
    policy: Policy = field(default_factory=Policy)
    dropin: str = ""


Choices = dict[str, Choice]
T = TypeVar("T")

policies = st.builds(
    Policy,
    state=st.sampled_from([None, None, None, State.RUNNING, State.STOPPED, State.ANY]),
    enable=st.sampled_from([None, None, True, False]),
    on_change=st.sampled_from([OnChange.AUTO, OnChange.AUTO, *OnChange]),
)
revisions = st.fixed_dictionaries(
    {},
    optional={
        **{
            name: st.builds(
                Choice,
                st.sampled_from(texts),
                policies,
                st.sampled_from(["", "", "[Unit]\nDescription=d\n", "[Service]\nUMask=077\n"])
                if name == "a.service"
                else st.just(""),
            )
            for name, texts in TEXTS.items()
        },
        LOOSE: st.builds(Choice, st.sampled_from(["[Service]\nNice=3\n", "[Service]\nNice=4\n"])),
    },
)


def sealed(path: str, body: str) -> DesiredFile:
    """Return a file as unitward would write it."""
    content = seal(body.encode(), installation="here", unit=path)
    digest = hashlib.sha256(content).hexdigest()
    return DesiredFile(path, content, digest, Place("a.yaml", 1), parse(content).text)


def declared(choices: Choices, **facts: object) -> Desired:
    """Return what a revision asks for; a template brings one instance."""
    units: dict[str, DesiredUnit] = {}
    for name, choice in choices.items():
        if name == LOOSE:
            continue
        fragment = sealed(name, choice.text)
        dropins = (sealed(f"{name}.d/50.conf", choice.dropin),) if choice.dropin else ()
        text = merged(fragment.text, *(file.text for file in dropins))
        suffix = name[name.rindex(".") :]
        units[name] = DesiredUnit(
            name, Place("a.yaml", 1), text, choice.policy, fragment, dropins,
            run_digest=run_digest(suffix, text),
        )  # fmt: skip
        if parse_name(name).is_template:
            policy = replace(choice.policy, state=choice.policy.state or State.RUNNING)
            units[INSTANCE] = replace(
                units[name], name=INSTANCE, policy=policy, fragment=None, template=name
            )
    loose = (sealed(LOOSE, choices[LOOSE].text),) if LOOSE in choices else ()
    return Desired(Revision("r"), units=units, loose=loose, **facts)  # type: ignore[arg-type]


@dataclass
class Process:
    """A unit in the manager: times are seconds of the world's clock."""

    active: str = "inactive"
    invocation: str = ""
    runs: bytes = b""
    began: float = 0.0
    ended: float = 0.0
    asked: bool = False


@dataclass
class World:
    """The machine and the ledger as values."""

    now: float = 10_000.0
    loaded_at: float = 10_000.0
    disk: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, bytes] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    recorded: Recorded = field(default_factory=lambda: Recorded("here"))
    starts: int = 0

    def tick(self) -> float:
        """Let a moment pass."""
        self.now += 0.01
        return self.now

    def write(self, path: str, content: bytes) -> None:
        """Write a file."""
        self.disk[path] = (content, self.tick())

    def definition(self, name: str) -> bytes:
        """Return the fragment that systemd has loaded for a unit, reading it if it is new."""
        source = name if name in self.disk or name in self.loaded else parse_name(name).template
        if source not in self.loaded and source in self.disk:
            self.loaded[source] = self.disk[source][0]
        return self.loaded.get(source, b"")

    def stop(self, name: str) -> None:
        """Stop a unit as a job does."""
        process = self.processes.get(name)
        if process is not None and process.active == "active":
            process.active, process.asked, process.ended = "inactive", True, self.tick()

    def start(self, name: str) -> bool:
        """Start a unit as a job does; a oneshot has run and ended afterwards."""
        content = self.definition(name)
        process = self.processes.setdefault(name, Process())
        if process.active == "active":
            return True
        if not content:
            return False
        self.starts += 1
        process.invocation = f"{self.starts:032x}"
        process.runs, process.began = content, self.tick()
        process.active, process.asked = "active", False
        text = parse(content).text
        for rival, other in self.processes.items():
            conflicts = parse(other.runs).text.words("Unit", "Conflicts")
            if rival != name and (rival in text.words("Unit", "Conflicts") or name in conflicts):
                self.stop(rival)
        if is_oneshot(text):
            process.active, process.ended = "inactive", self.tick()
        return True

    def observe(self, desired: Desired) -> Observed:
        """Return all of it as observing does."""
        self.tick()
        paths = {
            *self.disk,
            *self.recorded.files,
            *(f.path for u in desired.units.values() for f in u.files()),
            *(f.path for f in desired.loose),
        }
        names = {*desired.units, *self.recorded.units, *self.processes} - {LOOSE}
        names = {name for name in names if not parse_name(name).is_template}
        mono = (self.now - 1000) * 1e6
        return Observed(
            ManagerFacts(252, "running", "life", int(self.loaded_at * 1e6)),
            self.now,
            int(mono),
            files={path: self._disk_file(path) for path in paths},
            links=dict(self.links),
            units={
                "default.target": UnitStatus("default.target", "loaded", "active", "active"),
                **{name: self._status(name) for name in names},
            },
            details={name: self._detail(name) for name in names},
        )

    def _disk_file(self, path: str) -> DiskFile:
        if path not in self.disk:
            return DiskFile(path, DiskKind.ABSENT)
        content, at = self.disk[path]
        digest = hashlib.sha256(content).hexdigest()
        return DiskFile(path, DiskKind.FILE, digest, content, int(at * 1e6))

    def _status(self, name: str) -> UnitStatus:
        active = self.processes[name].active if name in self.processes else "inactive"
        load = "loaded" if self.definition(name) else "not-found"
        return UnitStatus(name, load, active, active)

    def _detail(self, name: str) -> UnitDetail:
        process = self.processes.get(name, Process())
        service = name.endswith(".service")

        def at(moment: float) -> int:
            return int((moment - 1000) * 1e6) if moment else 0

        ended = process.active != "active" and process.ended
        first, last = at(process.ended) - 50, at(process.ended) + 50
        main = service and process.began
        return UnitDetail(
            name,
            active_state=process.active,
            fragment_path=f"/unit-folder/{name}" if self.definition(name) else "",
            invocation_id=process.invocation,
            inactive_exit_timestamp=at(process.began),
            active_enter_timestamp=at(process.began),
            exec_main_start_timestamp=at(process.began) if main else 0,
            active_exit_timestamp=(first if process.asked else last) if ended else 0,
            exec_main_exit_timestamp=at(process.ended) if ended and main else 0,
            inactive_enter_timestamp=last if ended else 0,
            exec_main_code=1 if ended else 0,
        )

    def decide(self, desired: Desired) -> Plan:
        """Plan a pass."""
        return plan(desired, self.recorded, self.observe(desired), SETTINGS)

    def carry_out(self, decided: Plan, *, kill_after: int | None = None) -> None:
        """Apply a plan; killed after some actions nothing but the intents is recorded."""
        opened = self._open_intents(decided)
        links: list[RecordedLink] = []
        done = [action for action in decided.actions[:kill_after] if self._do(action, links)]
        if kill_after is None:
            self._record(decided, done, links, opened)

    def _open_intents(self, decided: Plan) -> list[Intent]:
        kinds = {
            **dict.fromkeys((Verb.CREATE, Verb.UPDATE, Verb.RESTORE), IntentKind.WRITE),
            **dict.fromkeys((Verb.START, Verb.RESTART), IntentKind.RUN),
            Verb.ENABLE: IntentKind.LINK,
            Verb.STOP: IntentKind.STOP,
        }
        opened = [
            Intent(
                0, a.unit, kinds[a.verb], a.path, a.run_digest or a.digest, a.invocation,
                a.neighbours,
            )
            for a in decided.actions
            if a.verb in kinds
        ]  # fmt: skip
        keys = {(i.unit, i.kind, i.path) for i in opened}
        kept = [i for i in self.recorded.intents if (i.unit, i.kind, i.path) not in keys]
        newest = max((i.ident for i in self.recorded.intents), default=0)
        numbered = [replace(i, ident=newest + n) for n, i in enumerate(opened, 1)]
        self.recorded = replace(self.recorded, intents=(*kept, *numbered))
        return numbered

    def _do(self, action: Action, links: list[RecordedLink]) -> bool:
        match action.verb:
            case Verb.CREATE | Verb.UPDATE | Verb.RESTORE | Verb.RELEASE:
                self.write(action.path, action.content)
            case Verb.DELETE:
                self.disk.pop(action.path, None)
            case Verb.UNLINK:
                self.links.pop(action.path, None)
            case Verb.ENABLE:
                source = (
                    action.unit if action.unit in self.disk else parse_name(action.unit).template
                )
                content = self.disk[source][0]
                for path in sorted(expected_links(action.unit, parse(content).text)):
                    if path not in self.links:
                        self.links[path] = f"/unit-folder/{action.unit}"
                        links.append(RecordedLink(path, self.links[path], action.unit))
                links += [RecordedLink(p, self.links[p], action.unit) for p in action.adopts]
            case Verb.RELOAD_MANAGER:
                self.loaded_at = self.tick()
                self.loaded = {path: content for path, (content, _) in self.disk.items()}
            case Verb.STOP:
                self.stop(action.unit)
            case Verb.START:
                return self.start(action.unit)
            case Verb.RESTART:
                self.stop(action.unit)
                return self.start(action.unit)
            case _:
                pass
        return True

    def _record(
        self, decided: Plan, done: list[Action], links: list[RecordedLink], opened: list[Intent]
    ) -> None:
        old = self.recorded
        units = {**old.units, **decided.records}
        files, known_links = dict(old.files), dict(old.links)
        for action in done:
            unit = units.get(action.unit)
            match action.verb:
                case Verb.CREATE | Verb.UPDATE | Verb.RESTORE:
                    files[action.path] = RecordedFile(
                        action.path, action.unit, action.digest, action.content
                    )
                case Verb.DELETE:
                    files.pop(action.path, None)
                case Verb.FORGET if action.path:
                    files.pop(action.path, None)
                case Verb.UNLINK:
                    known_links.pop(action.path, None)
                case Verb.REMOVE | Verb.FORGET:
                    units.pop(action.unit, None)
                    files = {p: f for p, f in files.items() if f.unit != action.unit}
                    known_links = {p: k for p, k in known_links.items() if k.unit != action.unit}
                case Verb.ENABLE if unit:
                    units[action.unit] = replace(unit, install_digest=action.digest)
                case Verb.START | Verb.RESTART if unit:
                    units[action.unit] = self._started(unit, action)
                case _:
                    pass
        files |= {file.path: file for file in decided.found}
        known_links |= {link.path: link for link in links}
        closed = {*decided.close, *(intent.ident for intent in opened)}
        standing = {(file.path, file.digest) for file in decided.found}
        self.recorded = Recorded(
            "here",
            units,
            files,
            known_links,
            tuple(
                intent
                for intent in old.intents
                if intent.ident not in closed
                and intent.kind not in {IntentKind.LINK, IntentKind.STOP}
                and (intent.path, intent.digest) not in standing
                and intent.unit in {*units, *(i.unit for i in old.intents)}
            ),
            decided.absences,
            old.approved,
            old.orders,
        )

    def _started(self, unit: RecordedUnit, action: Action) -> RecordedUnit:
        return replace(
            unit,
            run_digest=action.run_digest,
            invocation=self.processes[unit.name].invocation,
            life="life",
        )

    def converge(self, desired: Desired) -> None:
        """Make passes until one has nothing to do; the clock passes every pause."""
        for _ in range(PASSES):
            decided = self.decide(desired)
            check_shape(decided, desired)
            approved = self.recorded.approved | {held.digest for held in decided.held}
            self.recorded = replace(self.recorded, approved=approved)
            self.carry_out(decided)
            if not decided.actions and not decided.held and not decided.absences:
                return
            self.now += 301
        raise AssertionError([a.summary for a in self.decide(desired).actions])


def check_shape(decided: Plan, desired: Desired) -> None:
    """Check what holds for each single plan."""
    phases = [action.phase for action in decided.actions]
    assert sorted(phases) == phases
    assert phases.count(Phase.RELOAD) <= 1
    for action in decided.actions:
        assert action.reason
        assert bool(action.unit) != (action.verb is Verb.RELOAD_MANAGER)
        assert action.unit not in desired.frozen
        assert action.unit not in desired.unsupported


def settled(choices: Choices) -> World:
    """Return a world in which a revision has converged."""
    world = World()
    world.converge(declared(choices))
    return world


def right(world: World, desired: Desired) -> None:
    """Check that the machine is what a revision asks for, as far as it decides."""
    verdicts = world.decide(desired).verdicts
    waiting = {n for n, v in verdicts.items() if v.sync is Sync.PENDING and "keep" in v.reason}
    for name, unit in desired.units.items():
        if name in waiting:
            continue
        for file in unit.files():
            assert file.content == world.disk[file.path][0]
        process = world.processes.get(name, Process())
        if unit.policy.state is State.STOPPED and not unit.is_template:
            assert process.active != "active"
        keeps = unit.policy.on_change in {OnChange.KEEP, OnChange.RELOAD}
        if process.active == "active" and not keeps:
            source = world.disk[unit.template or name][0]
            suffix = unit.suffix
            wanted = run_digest(suffix, parse(source).text)
            assert wanted == run_digest(suffix, parse(process.runs).text), name
    ours = {f.path for n, u in desired.units.items() if n not in waiting for f in u.files()}
    ours |= {file.path for file in desired.loose}
    # What waits stays as it was: absent when it is new, in its earlier form when it is not.
    left = {f.path for n in waiting for f in desired.units[n].files()} & world.disk.keys()
    assert ours | left == world.disk.keys()
    assert world.disk.keys() == world.recorded.files.keys()
    rivals = {n for n, v in verdicts.items() if v.sync is Sync.WAITING and "conflicts" in v.reason}
    assert {intent.unit for intent in world.recorded.intents} <= rivals


@SEARCH
@given(revisions, revisions)
def test_plans_converge(first: Choices, second: Choices) -> None:
    """From one revision to another: a handful of passes, then nothing to do and all as asked."""
    world = settled(first)
    right(world, declared(first))
    world.converge(declared(second))
    right(world, declared(second))


@SEARCH
@given(revisions)
def test_a_second_pass_has_nothing_to_do(choices: Choices) -> None:
    """What does not depend on a pause is done in the first two passes."""
    world, desired = World(), declared(choices)
    world.carry_out(world.decide(desired))
    world.carry_out(world.decide(desired))
    assert () == world.decide(desired).actions


def turned_round(mapping: Mapping[str, T]) -> dict[str, T]:
    """Return a mapping in the opposite order."""
    return dict(reversed(list(mapping.items())))


@SEARCH
@given(revisions, revisions)
def test_order_does_not_matter(first: Choices, second: Choices) -> None:
    """The same three sides in any order give the same plan, and the same plan every time."""
    world, desired = settled(first), declared(second)
    observed, recorded = world.observe(desired), world.recorded
    wanted = plan(desired, recorded, observed, SETTINGS)
    turned = plan(
        replace(desired, units=turned_round(desired.units)),
        replace(
            recorded,
            units=turned_round(recorded.units),
            files=turned_round(recorded.files),
            links=turned_round(recorded.links),
        ),
        replace(
            observed,
            files=turned_round(observed.files),
            units=turned_round(observed.units),
            details=turned_round(observed.details),
        ),
        SETTINGS,
    )
    assert wanted == turned
    assert wanted == plan(desired, recorded, observed, SETTINGS)


names = st.sets(st.sampled_from(sorted(TEXTS)), max_size=4)


@SEARCH
@given(revisions, revisions, names)
def test_what_is_foreign_is_never_touched(
    first: Choices, second: Choices, foreign: set[str]
) -> None:
    """Files and links that unitward did not make stand to the end; their units run on.

    The only action on such a unit is a start, where a declared unit newly pulls it in (C2).
    """
    world = World()
    for name in foreign:
        world.write(name, b"[Service]\nExecStart=/mine\n")
        world.links[f"other.target.wants/{name}"] = f"/mine/{name}"
        if not parse_name(name).is_template:
            world.start(name)
    processes = {name: replace(process) for name, process in world.processes.items()}
    disk, links = dict(world.disk), dict(world.links)
    for choices in (first, second, {}):
        desired = declared(choices)
        for _ in range(PASSES):
            decided = world.decide(desired)
            pulled = {n for u in desired.units.values() for n in u.text.words("Unit", "Wants")}
            for action in decided.actions:
                gained = action.verb is Verb.START and action.unit in pulled
                assert gained or action.unit not in foreign
            world.carry_out(decided)
            world.now += 301
        assert disk.items() <= world.disk.items()
        assert links.items() <= world.links.items()
        conflicts = {"a.service", "b.service"}
        for name, process in processes.items():
            assert process == world.processes[name] or name in conflicts
        verdicts = world.decide(desired).verdicts
        blocked = {n for n, v in verdicts.items() if v.sync is Sync.BLOCKED}
        assert foreign & desired.units.keys() <= blocked


@SEARCH
@given(revisions, revisions, st.sampled_from([None, Unavailable("gone")]))
def test_a_doubtful_reading_removes_nothing(
    first: Choices, second: Choices, gone: Unavailable | None
) -> None:
    """A source that is gone, or holds an invalid file, never leads to a removal."""
    world = settled(first)
    facts = {"complete": False, "incomplete_because": "b.yaml:1"}
    desired = declared(second, unavailable=gone, **facts)
    undeclared = world.recorded.units.keys() - desired.units.keys()
    for _ in range(3):
        decided = world.decide(desired)
        verbs = {action.verb for action in decided.actions}
        assert not verbs & {Verb.DELETE, Verb.REMOVE, Verb.FORGET}
        touched = {a.unit for a in decided.actions if a.verb is not Verb.START}
        assert not touched & undeclared
        assert not (gone and decided.actions)
        world.carry_out(decided)
        world.now += 301


@SEARCH
@given(revisions, revisions, names)
def test_frozen_units_get_no_action(first: Choices, second: Choices, frozen: set[str]) -> None:
    """A frozen unit's files, links and process stay exactly as they are."""
    assume("w@.service" not in frozen)
    world = settled(first)
    desired = declared(second)
    desired = replace(
        desired,
        units={name: unit for name, unit in desired.units.items() if name not in frozen},
        frozen={name: Freeze("broken", Place("a.yaml", 1)) for name in frozen},
        complete=not frozen,
        incomplete_because="a.yaml:1" if frozen else "",
    )
    before = {name: replace(world.processes[name]) for name in frozen & world.processes.keys()}
    files = {path: kept for path, kept in world.disk.items() if path in frozen}
    for _ in range(PASSES):
        decided = world.decide(desired)
        check_shape(decided, desired)
        world.carry_out(decided)
        world.now += 301
    assert files.items() <= world.disk.items()
    assert before == {name: world.processes[name] for name in before}


@SEARCH
@given(revisions, revisions, names)
def test_held_units_get_no_action(first: Choices, second: Choices, held: set[str]) -> None:
    """H1: a held unit's files and process stay as they are; once resumed it converges too."""
    world, desired = settled(first), declared(second)
    orders = Orders(holds={name: Hold(name, "why", world.now) for name in held})
    world.recorded = replace(world.recorded, orders=orders)
    before = {name: replace(world.processes[name]) for name in held & world.processes.keys()}
    files = {path: kept for path, kept in world.disk.items() if path in held}
    for _ in range(PASSES):
        decided = world.decide(desired)
        check_shape(decided, desired)
        assert not {action.unit for action in decided.actions} & held
        assert {decided.verdicts[n].sync for n in held & desired.units.keys()} <= {Sync.HELD}
        world.carry_out(decided)
        world.now += 301
    assert files.items() <= world.disk.items()
    assert before == {name: world.processes[name] for name in before}
    world.recorded = replace(world.recorded, orders=Orders())
    world.converge(desired)
    right(world, desired)


@SEARCH
@given(revisions, revisions, names, st.sampled_from(NudgeKind))
def test_a_nudge_only_starts(
    first: Choices, second: Choices, stopped: set[str], kind: NudgeKind
) -> None:
    """H3, H4: whatever a nudge adds to a plan is the start of the unit that it names."""
    world, desired = settled(first), declared(second)
    for name in stopped:
        world.stop(name)
    observed = world.observe(desired)
    plain = plan(desired, world.recorded, observed, SETTINGS)
    orders = Orders(nudges={name: Nudge(name, kind, world.now) for name in stopped})
    nudged = plan(desired, replace(world.recorded, orders=orders), observed, SETTINGS)
    without = {(action.verb, action.unit, action.path) for action in plain.actions}
    for action in nudged.actions:
        if (action.verb, action.unit, action.path) not in without:
            assert action.unit in stopped
            assert action.verb in {Verb.START, Verb.RESET_FAILED}


@SEARCH
@given(revisions, revisions, names)
def test_forgotten_units_run_on(first: Choices, second: Choices, forgotten: set[str]) -> None:
    """What is forgotten keeps its text and process, and gets no action ever after."""
    assume(len(forgotten & {"s.service", "s.socket"}) != 1)
    world, desired = settled(first), declared(second)
    given_up = forgotten | ({INSTANCE} if "w@.service" in forgotten else set())
    mine = [path for path, file in world.recorded.files.items() if file.unit in given_up]
    bodies = {path: strip_mark(world.disk[path][0]) for path in mine}
    before = {name: replace(world.processes[name]) for name in given_up & world.processes.keys()}
    orders = Orders(forgotten=dict.fromkeys(forgotten, world.now))
    world.recorded = replace(world.recorded, orders=orders)
    decided = world.decide(desired)
    own = {a.verb for a in decided.actions if a.unit in given_up}
    assert own <= {Verb.RELEASE, Verb.FORGET}
    world.carry_out(decided)
    for _ in range(3):
        assert bodies == {path: world.disk[path][0] for path in mine}
        assert not given_up & world.recorded.units.keys()
        world.now += 301
        decided = world.decide(desired)
        assert not {a.unit for a in decided.actions} & given_up
        world.carry_out(decided)
    for name, process in before.items():
        assert process == world.processes[name] or name in {"a.service", "b.service"}


@SEARCH
@given(revisions, revisions, st.integers(0, 40), st.integers(0, 10))
def test_a_killed_pass_is_finished(first: Choices, second: Choices, after: int, again: int) -> None:
    """Killed after any action, twice, passes converge, and nothing of ours is foreign."""
    world, desired = settled(first), declared(second)
    world.now += 301
    for moment in (after, again):
        world.carry_out(world.decide(desired), kill_after=moment)
        verdicts = world.decide(desired).verdicts.values()
        assert not [v for v in verdicts if v.sync is Sync.BLOCKED]
    world.converge(desired)
    right(world, desired)


@SEARCH
@given(revisions, st.integers(0, 40))
def test_a_killed_pass_that_is_taken_back_leaves_nothing(choices: Choices, after: int) -> None:
    """Killed after any action and then declared no more: no file, link or process stays behind."""
    world = World()
    world.carry_out(world.decide(declared(choices)), kill_after=after)
    world.converge(declared({}))
    assert {} == world.disk
    running = {n for n, process in world.processes.items() if process.active == "active"}
    assert running <= {"g.target"}


@SEARCH
@given(
    revisions,
    st.lists(
        st.tuples(
            st.sampled_from(sorted({*TEXTS, INSTANCE})),
            st.sampled_from(["edit", "delete", "disable", "stop"]),
        ),
        max_size=4,
    ),
)
def test_drift_is_put_right(choices: Choices, deeds: list[tuple[str, str]]) -> None:
    """Whatever a person does to our files, links and units, it is as declared in the end."""
    world, desired = settled(choices), declared(choices)
    for name, deed in deeds:
        match deed:
            case "edit" if name in world.disk:
                world.write(name, world.disk[name][0].replace(b"Exec", b"Nice=9\nExec"))
            case "delete":
                world.disk.pop(name, None)
            case "disable":
                world.links.pop(f"default.target.wants/{name}", None)
            case _:
                world.stop(name)
    world.now += 301
    world.converge(desired)
    right(world, desired)
    assert {link.path for link in world.recorded.links.values()} == world.links.keys()


@SEARCH
@given(revisions, revisions)
def test_what_did_not_change_is_not_restarted(first: Choices, second: Choices) -> None:
    """A unit that both revisions declare alike runs on as the same process."""
    world = settled(first)
    before = {name: replace(process) for name, process in world.processes.items()}
    old, new = declared(first), declared(second)
    world.converge(new)
    together = {"s.service", "s.socket"}
    apart = {"a.service", "b.service"}
    same = {name for name in old.units if old.units[name] == new.units.get(name)}
    for group in (together, apart, {"w@.service", INSTANCE}):
        if not all(old.units.get(n) == new.units.get(n) for n in group):
            same -= group
    for name in same & before.keys():
        if before[name].active == "active":
            assert before[name] == world.processes[name]
