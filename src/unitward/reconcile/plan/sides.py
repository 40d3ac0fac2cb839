"""The three sides that every decision compares, and the draft it writes to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from unitward.model.declared import DriftPolicy
from unitward.model.desired import Desired, DesiredUnit
from unitward.model.observed import Observed
from unitward.model.orders import Hold
from unitward.model.plan import Action, Held, Phase, Sync, Verb, Verdict
from unitward.model.recorded import (
    Before,
    IntentKind,
    Recorded,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.records import dataclass
from unitward.model.settings import Settings
from unitward.model.source import Place
from unitward.reconcile.traits import traits_of
from unitward.unitfile.names import is_unit_name, parse_name
from unitward.unitfile.syntax import parse

OWN_UNIT = "unitward.service"


@dataclass(frozen=True, slots=True)
class Sides:
    """Declared, recorded, observed, and the settings in force.

    files_of, links_of: recorded paths and links by unit. starters: unit -> the declared
    timer, socket or path that starts it. rivals: unit -> units that a declared
    `Conflicts=` keeps from running together with it. intended: files that an interrupted pass wrote
    and could not record; they count as recorded. forgotten: units that are declared and that a
    person keeps for themselves; they are not among `desired.units`.
    """

    desired: Desired
    recorded: Recorded
    observed: Observed
    settings: Settings
    files_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links_of: Mapping[str, tuple[RecordedLink, ...]] = field(default_factory=dict)
    starters: Mapping[str, str] = field(default_factory=dict)
    rivals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    intended: tuple[RecordedFile, ...] = ()
    forgotten: Mapping[str, Place] = field(default_factory=dict)

    def drift_policy(self, unit: DesiredUnit) -> DriftPolicy:
        """Return what the unit, else the configuration, says about drift."""
        return unit.policy.drift or self.settings.drift

    def reports_drift(self, unit: DesiredUnit) -> bool:
        """Tell whether drift of the unit is only reported."""
        return self.drift_policy(unit) is DriftPolicy.REPORT

    def known(self, unit: str) -> RecordedUnit | None:
        """Return what the ledger knows of the unit."""
        return self.recorded.units.get(unit)

    def is_frozen(self, unit: str) -> bool:
        """Tell whether the unit has to stay exactly as it is."""
        invalid = unit in self.desired.frozen or unit in self.desired.unsupported
        return invalid or self.hold_of(unit) is not None

    def how_frozen(self, unit: str) -> str:
        """Return the word for a unit that has to stay as it is."""
        return "held" if self.hold_of(unit) is not None else "frozen"

    def hold_of(self, unit: str) -> Hold | None:
        """Return the hold that is in force on the unit, if any (H1)."""
        hold = self.recorded.orders.holds.get(unit)
        return hold if hold is not None and hold.in_force(self.observed.now) else None

    def is_forgotten(self, unit: str) -> bool:
        """Tell whether a person keeps the unit, or its template, for themselves."""
        return _is_forgotten(unit, self.recorded)

    def wall(self, monotonic: int) -> float:
        """Return a CLOCK_MONOTONIC moment (microseconds) as wall-clock seconds."""
        return self.observed.now - (self.observed.now_monotonic - monotonic) / 1e6


def take_sides(
    desired: Desired, recorded: Recorded, observed: Observed, settings: Settings
) -> Sides:
    """Put the sides in order and index them, so that their own order decides nothing."""
    desired = replace(
        desired,
        units=dict(sorted(desired.units.items())),
        loose=tuple(sorted(desired.loose, key=lambda file: file.path)),
        frozen=dict(sorted(desired.frozen.items())),
    )
    forgotten: dict[str, Place] = {}
    if recorded.orders.forgotten:
        forgotten = {n: u.place for n, u in desired.units.items() if _is_forgotten(n, recorded)}
        kept = {name: unit for name, unit in desired.units.items() if name not in forgotten}
        desired = replace(desired, units=kept)
    intended = _intended(recorded, observed)
    recorded = _with_intended(recorded, desired, intended)
    files_of: dict[str, list[str]] = defaultdict(list)
    for path, file in recorded.files.items():
        files_of[file.unit].append(path)
    links_of: dict[str, list[RecordedLink]] = defaultdict(list)
    for link in recorded.links.values():
        links_of[link.unit].append(link)
    starters = {
        started: name
        for name, unit in reversed([*desired.units.items()])
        if (started := traits_of(unit).starts)
    }
    return Sides(
        desired,
        recorded,
        observed,
        settings,
        files_of={unit: tuple(paths) for unit, paths in files_of.items()},
        links_of={unit: tuple(links) for unit, links in links_of.items()},
        starters=starters,
        rivals=_rivals(desired, recorded),
        intended=intended,
        forgotten=forgotten,
    )


def _is_forgotten(unit: str, recorded: Recorded) -> bool:
    forgotten = recorded.orders.forgotten
    return bool(forgotten) and (unit in forgotten or parse_name(unit).template in forgotten)


def _intended(recorded: Recorded, observed: Observed) -> tuple[RecordedFile, ...]:
    """Return the files that stand as an open intent wanted and that were never recorded."""
    found: dict[str, RecordedFile] = {}
    for intent in recorded.intents:
        disk = observed.file(intent.path)
        if (
            intent.kind is IntentKind.WRITE
            and intent.path not in recorded.files
            and disk.content is not None
            and disk.digest == intent.digest
        ):
            found[intent.path] = RecordedFile(intent.path, intent.unit, disk.digest, disk.content)
    return tuple(found.values())


def _with_intended(
    recorded: Recorded, desired: Desired, intended: tuple[RecordedFile, ...]
) -> Recorded:
    declared = desired.units.keys() | desired.frozen.keys() | desired.unsupported.keys()
    units = dict(recorded.units)
    for file in intended:
        if is_unit_name(file.unit) and file.unit not in declared:
            units.setdefault(file.unit, RecordedUnit(file.unit, Place(file.path)))
    files = {**recorded.files, **{file.path: file for file in intended}}
    for intent in recorded.intents:
        was_declared = intent.kind is IntentKind.RUN and bool(intent.digest)
        if (
            was_declared
            and intent.unit not in declared
            and parse_name(intent.unit).template in files
        ):
            units.setdefault(intent.unit, RecordedUnit(intent.unit, Place(intent.unit)))
    return replace(
        recorded,
        units=dict(sorted(units.items())),
        files=dict(sorted(files.items())),
        links=dict(sorted(recorded.links.items())),
        intents=tuple(sorted(recorded.intents, key=lambda intent: intent.ident)),
    )


def _rivals(desired: Desired, recorded: Recorded) -> dict[str, frozenset[str]]:
    """Return what `Conflicts=` keeps apart; a frozen unit's is read from its recorded file."""
    said = {n: words for n, unit in desired.units.items() if (words := traits_of(unit).conflicts)}
    for name in desired.frozen:
        if name in recorded.files:
            text = parse(recorded.files[name].content).text
            said[name] = text.words("Unit", "Conflicts")
    found: dict[str, set[str]] = defaultdict(set)
    for name, words in said.items():
        for other in words:
            if other != name:
                found[name].add(other)
                found[other].add(name)
    return {name: frozenset(others) for name, others in found.items()}


@dataclass(slots=True)
class Draft:
    """The plan while it is being decided; `done` is what `actions` holds, to find it fast."""

    actions: list[Action] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    records: dict[str, RecordedUnit] = field(default_factory=dict)
    absences: dict[str, float] = field(default_factory=dict)
    before: dict[str, Before] = field(default_factory=dict)
    close: list[int] = field(default_factory=list)
    found: list[RecordedFile] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    identity: str = ""
    moot: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wakes: list[float] = field(default_factory=list)
    done: set[tuple[Phase, Verb, str, str]] = field(default_factory=set)

    def say(self, unit: str, sync: Sync, reason: str = "", until: float = 0.0) -> None:
        """Set the unit's verdict; a time at which it ends also wakes the loop."""
        self.verdicts[unit] = Verdict(sync, reason, until)
        if until:
            self.wakes.append(until)

    def do(self, actions: Iterable[Action]) -> None:
        """Add actions, each once: two reasons for the same start are one start."""
        for action in actions:
            key = (action.phase, action.verb, action.unit, action.path)
            if key not in self.done:
                self.done.add(key)
                self.actions.append(action)

    def is_removing(self, unit: str) -> bool:
        """Tell whether the unit goes in this pass."""
        return (Phase.FORGET, Verb.REMOVE, unit, "") in self.done

    def runs(self, unit: str) -> bool:
        """Tell whether the unit is started or restarted in this pass."""
        return any((Phase.RUN, verb, unit, "") in self.done for verb in (Verb.START, Verb.RESTART))
