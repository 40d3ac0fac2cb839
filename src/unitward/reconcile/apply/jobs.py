"""Jobs of a pass: asking for them, waiting for them, and what became of them."""

import time
from collections.abc import Collection, Sequence

from unitward.errors import (
    ManagerCallError,
    ManagerTimeoutError,
    ManagerUnreachableError,
    UnitwardError,
)
from unitward.model.plan import Action, Phase, Verb
from unitward.model.report import Result
from unitward.model.unitstate import JobResult
from unitward.reconcile.apply.progress import Progress
from unitward.reconcile.words import error_text
from unitward.systemd.connection import ErrorName
from unitward.systemd.jobs import Job, JobRequest, Mode
from unitward.systemd.jobs import Verb as JobVerb
from unitward.systemd.manager import Manager

JOB_VERBS = {
    Verb.START: JobVerb.START,
    Verb.STOP: JobVerb.STOP,
    Verb.RESTART: JobVerb.RESTART,
    Verb.RELOAD: JobVerb.RELOAD,
}
SHORTEST_WAIT = 0.05
BEGINS_WITHIN = 0.05
"""How long a job may take until the manager has begun with it, which it does when idle."""


class JobWork:
    """The jobs that a pass asks for; all waiting together ends after `limit_seconds`."""

    def __init__(self, manager: Manager, progress: Progress, limit_seconds: float) -> None:
        self._manager = manager
        self._progress = progress
        self._deadline = time.monotonic() + limit_seconds
        self._jobs: dict[Action, Job] = {}

    async def run(
        self, actions: Sequence[Action], *, active: Collection[str] = (), wait: bool = True
    ) -> None:
        """Ask for the jobs of all actions, and wait for their end.

        active: units of which a restart must not start what somebody stops before its turn.
        """
        await self.submit(actions, active=active)
        await self.settle(actions, wait=wait)

    async def submit(self, actions: Sequence[Action], *, active: Collection[str] = ()) -> None:
        """Ask for the jobs of all actions, in this order; note those that are refused."""
        requests = [_request(action, is_active=action.unit in active) for action in actions]
        answers = await self._manager.submit(requests)
        for action, answer in zip(actions, answers, strict=True):
            if isinstance(answer, Job):
                self._jobs[action] = answer
            else:
                self._note_refusal(action, answer)

    async def let_begin(self, actions: Sequence[Action]) -> None:
        """Wait until the jobs have ended, or can have been begun at least.

        The manager answers a request for a job and begins with it when it has nothing else to
        do. A reload asked for at once comes before that: of services saved beside 1000 others
        on a busy machine, three of twelve then started after it, two seconds late (252).
        """
        mine = [self._jobs[action] for action in actions if action in self._jobs]
        await self._manager.wait(mine, limit_seconds=BEGINS_WITHIN)

    async def settle(self, actions: Sequence[Action], *, wait: bool = True) -> None:
        """Note how the jobs of actions ended; those that take longer are noted as pending."""
        mine = {a: self._jobs[a] for a in actions if a in self._jobs}
        if wait:
            left = max(SHORTEST_WAIT, self._deadline - time.monotonic())
            await self._manager.wait(mine.values(), limit_seconds=left)
        for action, job in mine.items():
            self._note_end(action, job.result)

    def _note_refusal(self, action: Action, error: UnitwardError) -> None:
        if isinstance(error, ManagerUnreachableError):
            raise error
        name = error.name if isinstance(error, ManagerCallError) else ""
        if isinstance(error, ManagerTimeoutError):
            self._progress.fail(action, Result.PENDING, error_text(error))
        elif name == ErrorName.TRANSACTION_IS_DESTRUCTIVE:
            self._progress.fail(action, Result.BUSY, "another job is queued on it")
        elif name == ErrorName.ONLY_BY_DEPENDENCY:
            why = "it refuses to be started or stopped by hand"
            self._progress.fail(action, Result.PENDING, why)
        elif action.verb is Verb.STOP and name == ErrorName.NO_SUCH_UNIT:
            self._progress.note(action, Result.DONE)
        else:
            self._progress.fail(action, Result.FAILED, error_text(error))

    def _note_end(self, action: Action, result: JobResult | None) -> None:
        match result:
            case JobResult.DONE:
                self._progress.note(action, Result.DONE)
            case None if action.phase is Phase.OWN:
                self._progress.note(action, Result.DONE)
            case None:
                verb = "stopping" if action.verb is Verb.STOP else "starting"
                self._progress.fail(action, Result.PENDING, f"still {verb}")
            case JobResult.CANCELED:
                self._progress.fail(action, Result.BUSY, "another job took its place")
            case _:
                why = f"its job ended with: {result.value}"
                self._progress.fail(action, Result.FAILED, why)


def _request(action: Action, *, is_active: bool) -> JobRequest:
    verb = JOB_VERBS[action.verb]
    if verb is JobVerb.RESTART and is_active:
        verb = JobVerb.TRY_RESTART
    mode = Mode.REPLACE if action.verb is Verb.STOP else Mode.FAIL
    return JobRequest(verb, action.unit, mode)
