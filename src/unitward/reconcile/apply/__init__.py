"""Plan -> Outcomes. Carries a plan out in its order and decides nothing.

Intents are committed before the first effect and closed after the last; what was done is
recorded even when the pass is cut short.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from unitward.errors import (
    ManagerCallError,
    ManagerTimeoutError,
    ManagerUnreachableError,
    UnitwardError,
)
from unitward.model.plan import Action, Phase, Plan, Verb
from unitward.model.recorded import Intent, IntentKind, Recorded
from unitward.model.report import Outcome, Outcomes, Result
from unitward.model.unitstate import JobResult, UnitDetail, UnitStatus
from unitward.reconcile.apply.folder import FolderWork
from unitward.reconcile.apply.recording import changes_of
from unitward.reconcile.words import failure_text
from unitward.store.ledger import Ledger
from unitward.store.unit_files import UnitFiles
from unitward.systemd.connection import ErrorName
from unitward.systemd.jobs import Job, JobRequest, Mode
from unitward.systemd.jobs import Verb as JobVerb
from unitward.systemd.manager import Manager

SETTLE_SECONDS = 0.03
JOB_VERBS = {
    Verb.START: JobVerb.START,
    Verb.STOP: JobVerb.STOP,
    Verb.RESTART: JobVerb.RESTART,
    Verb.RELOAD: JobVerb.RELOAD,
}
LOOKED_AT = (
    "invocation_id",
    "fragment_path",
    "active_state",
    "condition_result",
    "condition_timestamp",
)
PROCESS_VERBS = frozenset({Verb.START, Verb.RESTART, Verb.RELOAD})


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
    plan: Plan, recorded: Recorded, doors: Doors, *, stop: Callable[[], bool] = lambda: False
) -> Outcomes:
    """Carry the plan out. An action that fails stops only its own unit.

    stop: asked between actions; once it says True no further action begins.
    Raises LedgerError before any effect when the intents cannot be committed.
    """
    work = _Work(plan, recorded, doors, stop)
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
        self, plan: Plan, recorded: Recorded, doors: Doors, stop: Callable[[], bool]
    ) -> None:
        self._plan = plan
        self._recorded = recorded
        self._doors = doors
        self._stop = stop
        self._results: dict[Action, Outcome] = {}
        self._intents: dict[Intent, int] = {}
        self._halted: dict[str, str] = {}
        self._jobs: dict[Action, Job] = {}
        self._folder = FolderWork(doors.files, doors.manager, doors.edited, doors.stamps)
        self._after: dict[str, UnitStatus] = {}
        self._details: dict[str, UnitDetail] = {}
        self._early: list[Action] = []
        self._deadline = time.monotonic() + doors.job_wait

    def commit_intents(self) -> None:
        intents = [
            intent for action in self._plan.actions if (intent := _intent_of(action)) is not None
        ]
        if self._plan.actions:
            self._intents = self._doors.ledger.open_intents(intents, time.time())

    async def phase(self, phase: Phase, actions: list[Action]) -> None:
        ready = [action for action in actions if self._may_begin(action)]
        match phase:
            case Phase.STOP:
                await self._run_jobs(ready, wait=True)
            case Phase.WRITE:
                await self._write(ready)
            case Phase.RELOAD:
                await self._reload_manager(ready)
            case Phase.EARLY_START:
                await self._start_early(ready)
            case Phase.RUN:
                await self._run(ready)
            case Phase.FORGET:
                await self._forget(ready)
            case Phase.OWN:
                await self._settle(self._early, wait=True)
                await self._run(ready, wait=False)

    def _may_begin(self, action: Action) -> bool:
        reason = self._halted.get(action.unit) or self._halted.get("")
        if reason is None and self._stop():
            reason = "unitward is stopping"
        if reason is None:
            return True
        self._set(action, Result.SKIPPED, reason)
        return False

    def _set(self, action: Action, result: Result, detail: str = "") -> None:
        self._results[action] = Outcome(action, result, detail)

    def _fail(self, action: Action, result: Result, detail: str) -> None:
        """Note a bad end; nothing more is done for the unit in this pass."""
        self._set(action, result, detail)
        self._halted.setdefault(action.unit, f"after: {action.verb} {detail}".strip())

    async def _write(self, actions: list[Action]) -> None:
        enables = [a for a in actions if a.verb is Verb.ENABLE]
        for action in actions:
            if action.verb is Verb.ENABLE:
                continue
            if not self._may_begin(action):
                continue
            await asyncio.sleep(0)  # a thousand durable writes must not starve the watchdog
            try:
                stale = await self._folder.do(action)
            except UnitwardError as error:
                self._fail(action, Result.FAILED, _sentence(error))
                continue
            if stale:
                self._fail(action, Result.STALE, stale)
            else:
                self._set(action, Result.DONE)
        self._folder.sync()
        ready = [action for action in enables if self._may_begin(action)]
        for action, trouble in (await self._folder.enable(ready)).items():
            if trouble:
                self._fail(action, Result.FAILED, trouble)
            else:
                self._set(action, Result.DONE)

    async def _reload_manager(self, actions: list[Action]) -> None:
        for action in actions:
            try:
                await self._doors.manager.reload()
            except (ManagerCallError, ManagerTimeoutError) as error:
                self._fail(action, Result.FAILED, _sentence(error))
            else:
                self._set(action, Result.DONE)

    async def _start_early(self, actions: list[Action]) -> None:
        """Begin to start new units; they are waited for with the others, after the reload.

        No target refers to them before it: one that ends soon would be unloaded at once, and
        what became of it forgotten.
        """
        await self._doors.manager.ref(action.unit for action in actions)
        await self._submit(actions)
        self._early = actions

    async def _run(self, actions: list[Action], *, wait: bool = True) -> None:
        resets = [a for a in actions if a.verb is Verb.RESET_FAILED]
        refused = await self._doors.manager.reset_failed([a.unit for a in resets])
        for action in resets:
            refusal = refused.get(action.unit)
            self._set(action, Result.FAILED if refusal else Result.DONE, str(refusal or ""))
        jobs = [a for a in actions if a.verb is not Verb.RESET_FAILED]
        await self._run_jobs([a for a in jobs if self._may_begin(a)], wait=wait)

    async def _run_jobs(self, actions: list[Action], *, wait: bool) -> None:
        await self._submit(actions)
        await self._settle(actions, wait=wait)

    async def _submit(self, actions: list[Action]) -> None:
        requests = [
            JobRequest(
                JOB_VERBS[action.verb],
                action.unit,
                Mode.REPLACE if action.verb is Verb.STOP else Mode.FAIL,
            )
            for action in actions
        ]
        answers = await self._doors.manager.submit(requests)
        for action, answer in zip(actions, answers, strict=True):
            if isinstance(answer, Job):
                self._jobs[action] = answer
            else:
                self._note_refusal(action, answer)

    async def _settle(self, actions: list[Action], *, wait: bool) -> None:
        mine = {a: self._jobs[a] for a in actions if a in self._jobs}
        if wait:
            left = max(0.05, self._deadline - time.monotonic())
            await self._doors.manager.wait(mine.values(), limit_seconds=left)
        for action, job in mine.items():
            self._note_job(action, job.result)

    def _note_refusal(self, action: Action, error: UnitwardError) -> None:
        if isinstance(error, ManagerUnreachableError):
            raise error
        name = error.name if isinstance(error, ManagerCallError) else ""
        if isinstance(error, ManagerTimeoutError):
            self._fail(action, Result.PENDING, _sentence(error))
        elif name == ErrorName.TRANSACTION_IS_DESTRUCTIVE:
            self._fail(action, Result.BUSY, "another job is queued on it")
        elif name == ErrorName.ONLY_BY_DEPENDENCY:
            self._fail(action, Result.PENDING, "it refuses to be started or stopped by hand")
        elif action.verb is Verb.STOP and name == ErrorName.NO_SUCH_UNIT:
            self._set(action, Result.DONE)
        else:
            self._fail(action, Result.FAILED, _sentence(error))

    def _note_job(self, action: Action, result: JobResult | None) -> None:
        match result:
            case JobResult.DONE:
                self._set(action, Result.DONE)
            case None if action.phase is Phase.OWN:
                self._set(action, Result.DONE)
            case None:
                verb = "stopping" if action.verb is Verb.STOP else "starting"
                self._fail(action, Result.PENDING, f"still {verb}")
            case JobResult.CANCELED:
                self._fail(action, Result.BUSY, "another job took its place")
            case _:
                self._fail(action, Result.FAILED, f"its job ended with: {result.value}")

    async def _forget(self, actions: list[Action]) -> None:
        for action in actions:
            self._set(action, Result.DONE)

    async def look_again(self) -> None:
        """Ask what became of every unit that was acted on; `done` does not mean running."""
        touched = sorted(
            {a.unit for a in self._plan.actions if a.unit and not a.unit.endswith(".d")}
        )
        if not touched:
            return
        await self._settle(self._early, wait=True)
        started = [
            action
            for action, outcome in self._results.items()
            if action.verb in PROCESS_VERBS and outcome.result is not Result.SKIPPED
        ]
        if started:
            await asyncio.sleep(SETTLE_SECONDS)
        manager = self._doors.manager
        self._after = await manager.list_units(touched)
        names = sorted({a.unit for a in started} & self._after.keys())
        self._details = await manager.properties(names, LOOKED_AT)
        failed = [name for name in names if self._after[name].active == "failed"]
        self._details.update(await manager.details(failed) if failed else {})
        for action in started:
            self._judge_after(action)

    def _judge_after(self, action: Action) -> None:
        detail = self._details.get(action.unit)
        outcome = self._results.get(action)
        if detail is None or outcome is None:
            return
        if outcome.result is Result.FAILED or detail.active_state == "failed":
            if detail.active_state == "failed":
                self._fail(action, Result.FAILED, failure_text(detail))
            return
        if detail.active_state == "inactive" and detail.condition_timestamp:
            if not detail.condition_result:
                self._set(action, outcome.result, "skipped: a condition of it does not hold")
            return
        ours = str(self._doors.files.root / action.unit)
        is_ours = any(a.path == action.unit and a.content for a in self._plan.actions)
        if is_ours and detail.fragment_path not in {"", ours}:
            self._fail(action, Result.FAILED, f"shadowed by {detail.fragment_path}")

    def record(self) -> None:
        """Write what was achieved to the ledger and close what ended."""
        changes = changes_of(
            self._plan,
            self._recorded,
            self._results,
            self._intents,
            self._details,
            self._folder.links,
        )
        if changes:
            self._doors.ledger.record(changes)

    def outcomes(self) -> Outcomes:
        ordered = tuple(self._results[a] for a in self._plan.actions if a in self._results)
        return Outcomes(
            outcomes=ordered,
            after=self._after,
            failures={
                name: failure_text(detail)
                for name, detail in self._details.items()
                if detail.active_state == "failed"
            },
        )


def _intent_of(action: Action) -> Intent | None:
    match action.verb:
        case Verb.CREATE | Verb.UPDATE | Verb.RESTORE:
            return Intent(0, action.unit, IntentKind.WRITE, action.path, action.digest)
        case Verb.ENABLE:
            return Intent(0, action.unit, IntentKind.LINK)
        case Verb.START | Verb.RESTART:
            return Intent(
                0,
                action.unit,
                IntentKind.RUN,
                digest=action.run_digest,
                invocation=action.invocation,
            )
        case Verb.STOP:
            return Intent(0, action.unit, IntentKind.STOP, neighbours=action.neighbours)
        case Verb.REMOVE | Verb.FORGET:
            return Intent(0, action.unit, IntentKind.REMOVE, action.path)
        case _:
            return None


def _sentence(error: UnitwardError) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)
