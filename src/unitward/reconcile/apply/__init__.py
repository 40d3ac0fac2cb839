"""Plan -> Outcomes. Carries a plan out in its order and decides nothing.

Intents are committed before the first effect and closed after the last; what was done is
recorded even when the pass is cut short. Before each step the units it acts on are looked at
again (`meanwhile.py`): what no longer is as the plan saw it is left for the next plan.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from unitward.errors import ManagerCallError, ManagerTimeoutError, UnitwardError
from unitward.model.observed import Observed
from unitward.model.plan import Action, Phase, Plan, Verb
from unitward.model.recorded import Intent, Recorded
from unitward.model.records import dataclass
from unitward.model.report import Outcomes, Result
from unitward.reconcile.apply.aftermath import Aftermath, look_again
from unitward.reconcile.apply.folder import FolderWork
from unitward.reconcile.apply.intents import WRITES, intent_of, is_farewell
from unitward.reconcile.apply.jobs import JOB_VERBS, JobWork
from unitward.reconcile.apply.meanwhile import (
    look_now,
    stale_because,
    stopped_together,
    taken_down,
)
from unitward.reconcile.apply.progress import Progress
from unitward.reconcile.apply.recording import changes_of
from unitward.reconcile.words import error_text, failure_text
from unitward.store.ledger import Ledger
from unitward.store.unit_files import UnitFiles
from unitward.systemd.manager import Manager

BEGUN = frozenset({Result.DONE, Result.PENDING})
SURELY_UP = frozenset({"active", "reloading"})


@dataclass(frozen=True, slots=True)
class Doors:
    """What effects go through.

    edited: where copies of hand-edited files are kept. stamps: systemd's timer stamps.
    job_wait: seconds that all jobs of the pass are waited for together.
    """

    manager: Manager
    files: UnitFiles
    ledger: Ledger
    edited: Path
    stamps: Path
    job_wait: float


async def apply(
    plan: Plan,
    recorded: Recorded,
    observed: Observed,
    doors: Doors,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Outcomes:
    """Carry the plan out. An action that fails stops only its own unit.

    observed: what the plan was decided from; an action that no longer fits it is dropped.
    stop: asked between actions; once it says True no further action begins.
    Raises LedgerError before any effect when the intents cannot be committed.
    """
    work = _Work(plan, recorded, observed, doors, Progress(stop))
    work.commit_intents()
    try:
        for phase, actions in groupby(plan.actions, key=lambda action: action.phase):
            await work.phase(phase, list(actions))
        await work.look_again()
    finally:
        work.record()
    return work.outcomes()


class _Work:
    """One plan being carried out."""

    def __init__(
        self, plan: Plan, recorded: Recorded, observed: Observed, doors: Doors, progress: Progress
    ) -> None:
        self._plan = plan
        self._recorded = recorded
        self._observed = observed
        self._doors = doors
        self._progress = progress
        self._intents: dict[Intent, int] = {}
        self._folder = FolderWork(doors.files, doors.manager, doors.edited, doors.stamps)
        self._jobs = JobWork(doors.manager, progress, doors.job_wait)
        self._writes: dict[str, list[Action]] = defaultdict(list)
        for action in plan.actions:
            if action.phase is Phase.WRITE:
                self._writes[action.unit].append(action)
        self._early: list[Action] = []
        self._overtaken: set[str] = set()
        self._active: set[str] = set()
        self._aftermath = Aftermath()

    def commit_intents(self) -> None:
        intents = [
            intent for action in self._plan.actions if (intent := intent_of(action)) is not None
        ]
        if self._plan.actions:
            ledger, before = self._doors.ledger, self._plan.before
            self._intents = ledger.open_intents(intents, time.time(), before)

    async def phase(self, phase: Phase, actions: list[Action]) -> None:
        ready = self._ready(actions)
        match phase:
            case Phase.STOP:
                await self._drop_stale(ready)
                await self._jobs.run(self._ready(ready))
            case Phase.WRITE:
                await self._drop_stale(self._coming_runs())
                await self._write(ready)
            case Phase.RELOAD:
                await self._reload_manager(ready)
            case Phase.EARLY_START:
                await self._start_early(ready)
            case Phase.RUN:
                await self._run(ready)
            case Phase.FORGET:
                for action in ready:
                    self._progress.note(action, Result.DONE)
                self._doors.manager.drop(a.unit for a in ready if is_farewell(a))
            case Phase.OWN:
                await self._jobs.settle(self._early)
                await self._run(ready, wait=False)

    def _ready(self, actions: Iterable[Action]) -> list[Action]:
        return [action for action in actions if self._progress.may_begin(action)]

    def _coming_runs(self) -> list[Action]:
        """Return the actions on processes that begin after the files are written."""
        return [
            action
            for action in self._plan.actions
            if action.phase > Phase.WRITE
            and action.verb in JOB_VERBS
            and not self._progress.is_halted(action.unit)
        ]

    async def _drop_stale(self, actions: list[Action]) -> None:
        """Drop what others overtook; with one of a group that stops together goes the group."""
        acting = [action for action in actions if action.verb in JOB_VERBS]
        if not acting:
            return
        names = (action.unit for action in acting)
        root, manager = self._doors.files.root, self._doors.manager
        now = await look_now(names, self._observed, root, manager)
        ours = taken_down(self._stopped(), self._observed)
        stale: dict[str, str] = {}
        for action in acting:
            why = stale_because(action, self._observed, now, ours)
            if not why and action.phase is Phase.STOP:
                why = self._stale_file_of(action.unit)
            if why:
                stale.setdefault(action.unit, why)
        for group in stopped_together(self._plan.actions):
            overtaken = sorted(group & stale.keys())
            if overtaken and not group & self._stopped():
                for unit in sorted(group):
                    stale.setdefault(unit, f"{overtaken[0]} {stale[overtaken[0]]}")
        self._overtaken |= stale.keys() - ours
        self._active = {n for n, u in now.units.items() if u.active in SURELY_UP} - ours
        for unit, why in stale.items():
            self._progress.fail(self._next_of(unit), Result.STALE, why)

    def _stale_file_of(self, unit: str) -> str:
        return next(filter(None, map(self._folder.stale_because, self._writes[unit])), "")

    def _stopped(self) -> set[str]:
        """Return the units that this pass has stopped."""
        results = self._progress.results.values()
        done = [o.action for o in results if o.result in BEGUN and o.action.verb is Verb.STOP]
        return {unit for action in done for unit in (action.unit, *action.neighbours)}

    def _next_of(self, unit: str) -> Action:
        """Return the unit's first action that has not ended."""
        results = self._progress.results
        mine = [action for action in self._plan.actions if action.unit == unit]
        return next((a for a in mine if a not in results), mine[-1])

    async def _write(self, actions: list[Action]) -> None:
        enables = [a for a in actions if a.verb is Verb.ENABLE]
        for action in actions:
            if action.verb is Verb.ENABLE:
                continue
            if not self._progress.may_begin(action):
                continue
            if action.content:
                await asyncio.sleep(0)  # a thousand durable writes must not starve the watchdog
            try:
                stale = await self._folder.do(action)
            except UnitwardError as error:
                self._progress.fail(action, Result.FAILED, error_text(error))
                continue
            if stale:
                self._progress.fail(action, Result.STALE, stale)
            else:
                self._progress.note(action, Result.DONE)
        self._folder.sync()
        self._doors.manager.keep(a.unit for a in actions if self._was_written(a))
        ready = self._ready(enables)
        for action, trouble in (await self._folder.enable(ready)).items():
            if trouble:
                self._progress.fail(action, Result.FAILED, trouble)
            else:
                self._progress.note(action, Result.DONE)

    def _was_written(self, action: Action) -> bool:
        outcome = self._progress.results.get(action)
        return action.verb in WRITES and outcome is not None and outcome.result is Result.DONE

    async def _reload_manager(self, actions: list[Action]) -> None:
        for action in actions:
            try:
                await self._doors.manager.reload()
            except (ManagerCallError, ManagerTimeoutError) as error:
                self._progress.fail(action, Result.FAILED, error_text(error))
            else:
                self._progress.note(action, Result.DONE)

    async def _start_early(self, actions: list[Action]) -> None:
        """Begin to start new units; they are waited for with the others, after the reload.

        No target refers to them before it: one that ends soon is unloaded at once, and what
        became of it can only be heard. What others took the name for is none of ours.
        """
        manager = self._doors.manager
        if actions:
            await manager.listen_to_units()
        await self._drop_stale(actions)
        self._early = self._ready(actions)
        manager.drop({a.unit for a in actions} - {a.unit for a in self._early})
        await self._jobs.submit(self._early)
        await self._jobs.let_begin(self._early)

    async def _run(self, actions: list[Action], *, wait: bool = True) -> None:
        await self._drop_stale(actions)
        ready = self._ready(actions)
        resets = [a for a in ready if a.verb is Verb.RESET_FAILED]
        refused = await self._doors.manager.reset_failed([a.unit for a in resets])
        for action in resets:
            refusal = refused.get(action.unit)
            result = Result.FAILED if refusal else Result.DONE
            self._progress.note(action, result, str(refusal or ""))
        jobs = [action for action in ready if action.verb in JOB_VERBS]
        await self._jobs.run(jobs, active=self._active, wait=wait)

    async def look_again(self) -> None:
        """Ask what became of every unit that was acted on; `done` does not mean running."""
        await self._jobs.settle(self._early)
        results = self._progress.results.values()
        busy = {o.action.unit for o in results if o.result is Result.BUSY}
        ours = taken_down(self._stopped(), self._observed)
        self._aftermath = await look_again(
            self._plan,
            self._progress,
            frozenset(self._overtaken | (busy - ours)),
            frozenset(self._active),
            self._doors.files.root,
            self._doors.manager,
        )

    def record(self) -> None:
        """Write what was achieved to the ledger and close what ended."""
        changes = changes_of(
            self._plan,
            self._recorded,
            self._progress.results,
            self._intents,
            self._aftermath.details,
            self._folder.links,
            given_up=self._aftermath.given_up,
        )
        if changes:
            self._doors.ledger.record(changes)

    def outcomes(self) -> Outcomes:
        results = self._progress.results
        return Outcomes(
            outcomes=tuple(results[a] for a in self._plan.actions if a in results),
            after=self._aftermath.units,
            failures={
                name: failure_text(detail)
                for name, detail in self._aftermath.details.items()
                if detail.active_state == "failed"
            },
        )
