"""What the log says of a pass. A side channel: it never changes one."""

import time
from collections.abc import Callable
from dataclasses import field

from unitward.errors import UnitwardError
from unitward.model.plan import Sync, Verb
from unitward.model.records import dataclass
from unitward.model.report import Outcome, Report, Result, UnitReport
from unitward.model.source import Severity
from unitward.telemetry.log import Kind, logger

AGAIN_SECONDS = 3600.0
LOUD = frozenset({Sync.FAILED, Sync.BLOCKED, Sync.DRIFTED, Sync.INVALID})
JOBS = frozenset({Verb.START, Verb.STOP, Verb.RESTART, Verb.RELOAD})
# Steps that come with the others and tell a person nothing.
STEPS = frozenset({Verb.RESET_FAILED, Verb.STAMP, Verb.RELOAD_MANAGER})


@dataclass(slots=True)
class Narrator:
    """Says each thing once; what stays wrong is said again after an hour."""

    _said: dict[str, float] = field(default_factory=dict)
    _verdicts: dict[str, str] = field(default_factory=dict)
    _told: tuple[UnitReport, ...] = ()
    _loud: tuple[UnitReport, ...] = ()

    def tell(self, report: Report, trigger: str) -> None:
        """Log one finished pass."""
        log = logger()
        current: set[str] = set()
        if report.unavailable:
            self._once(
                current,
                f"source {report.unavailable}",
                log.error,
                Kind.SOURCE,
                f"the source cannot be read: {report.unavailable}; nothing is changed",
            )
        for problem in report.problems:
            tell = log.error if problem.severity is Severity.ERROR else log.warning
            text = f"{problem.place}: {problem.message}"
            self._once(
                current,
                text,
                tell,
                Kind.FROZEN,
                text,
                unit=problem.unit,
                source=str(problem.place),
                hint=problem.hint,
            )
        for outcome in report.outcomes:
            self._tell_outcome(current, outcome)
        for held in report.held:
            text = f"held: {held.reason}; let it pass with: unitward approve {held.digest}"
            self._once(current, text, log.warning, Kind.HELD, text)
        self._tell_verdicts(current, report)
        changed = sum(o.result is Result.DONE for o in report.outcomes)
        if changed:
            log.info(
                "pass finished",
                actions=changed,
                kind=Kind.PASS,
                trigger=trigger,
                revision=str(report.revision),
            )
        for gone in self._said.keys() - current:
            del self._said[gone]

    def tell_given_up(self, error: UnitwardError) -> None:
        """Log that a pass could not be finished."""
        text = f"pass given up: {error}"
        self._once(set(), text, logger().error, Kind.FAILURE, text, hint=error.hint)

    def _tell_outcome(self, current: set[str], outcome: Outcome) -> None:
        action = outcome.action
        fields = {
            "unit": action.unit,
            "action": action.verb.value,
            "result": outcome.result.value,
            "source": str(action.place or ""),
        }
        match outcome.result:
            case Result.DONE:
                tell = logger().debug if action.verb in STEPS else logger().info
                tell(action.summary, kind=Kind.ACTION, **fields)
            case Result.FAILED:
                text = f"{action.summary}: {outcome.detail}"
                self._once(
                    current,
                    f"{action.verb} {action.unit} {outcome.detail}",
                    logger().error,
                    Kind.FAILURE,
                    text,
                    **fields,
                )
            case _:
                text = f"{action.summary}: {outcome.result.value}: {outcome.detail}"
                self._once(current, text, logger().info, Kind.ACTION, text, **fields)

    def _tell_verdicts(self, current: set[str], report: Report) -> None:
        acted = {outcome.action.unit for outcome in report.outcomes}
        ran = {o.action.unit for o in report.outcomes if o.action.verb in JOBS}
        # Of units that stand as before, only what is wrong may have to be said again.
        units = self._loud if report.units is self._told else report.units
        if report.units is not self._told:
            self._told = report.units
            self._loud = tuple(u for u in units if u.verdict.sync in LOUD)
        for unit in units:
            sync = unit.verdict.sync
            before = self._verdicts.get(unit.name)
            self._verdicts[unit.name] = sync.value
            text = f"{unit.name}: {sync.value}: {unit.verdict.reason}"
            if sync in LOUD and unit.name not in acted:
                self._once(
                    current,
                    f"{unit.name} {sync.value}",
                    logger().warning,
                    Kind.DRIFT,
                    text,
                    unit=unit.name,
                )
            elif sync is Sync.STOPPED_BY_HAND and sync.value != before and unit.name not in ran:
                logger().info(text, kind=Kind.DRIFT, unit=unit.name)

    def _once(
        self,
        current: set[str],
        key: str,
        tell: Callable[..., object],
        kind: Kind,
        text: str,
        **fields: str,
    ) -> None:
        current.add(key)
        now = time.monotonic()
        if now - self._said.get(key, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        self._said[key] = now
        tell(text, kind=kind, **{name: value for name, value in fields.items() if value})
