"""Jobs asked of the manager, and how they ended."""

import asyncio
from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum

from unitward.model.records import dataclass
from unitward.model.unitstate import JobResult


class Verb(StrEnum):
    """What can be asked of a unit; the value is the method of the Manager interface.

    TRY_RESTART does nothing for a unit that is neither active nor reloading when its turn comes.
    """

    START = "StartUnit"
    STOP = "StopUnit"
    RESTART = "RestartUnit"
    TRY_RESTART = "TryRestartUnit"
    RELOAD = "ReloadUnit"


class Mode(StrEnum):
    """What happens to a conflicting job already queued (systemctl(1), --job-mode=)."""

    FAIL = "fail"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One job to ask for."""

    verb: Verb
    unit: str
    mode: Mode = Mode.FAIL


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A job the manager accepted. Several requests may have been merged into one `path`."""

    path: str
    unit: str
    verb: Verb
    done: "asyncio.Future[JobResult]" = field(repr=False)

    @property
    def result(self) -> JobResult | None:
        """How the job ended; None while it has not, or when that can no longer be learnt."""
        finished = self.done.done() and not self.done.cancelled()
        return self.done.result() if finished else None


class JobTracker:
    """Matches JobRemoved to jobs by path: it names the primary unit, not the alias asked for."""

    def __init__(self) -> None:
        self._unfinished: dict[str, asyncio.Future[JobResult]] = {}
        self._early: dict[str, JobResult] = {}
        self._requests = 0

    def expect(self) -> None:
        """Keep the results of unknown jobs from here on: the reply naming ours may come later.

        JobRemoved can be parsed before the coroutine that awaits the reply runs again.
        """
        self._requests += 1

    def expect_no_more(self) -> None:
        """End what one `expect` began."""
        self._requests -= 1
        if not self._requests:
            self._early.clear()

    def accept(self, path: str, unit: str, verb: Verb) -> Job:
        """Track the job of a reply; it may be finished already."""
        future = self._unfinished.get(path)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            if (result := self._early.get(path)) is not None:
                future.set_result(result)
            else:
                self._unfinished[path] = future
        return Job(path, unit, verb, future)

    def finish(self, path: str, result: JobResult) -> bool:
        """Note a JobRemoved; tell whether the job is, or may turn out to be, one of ours."""
        future = self._unfinished.pop(path, None)
        if future is not None:
            if not future.done():
                future.set_result(result)
            return True
        if self._requests:
            self._early[path] = result
            return True
        return False

    def abandon(self) -> None:
        """Give up all unfinished jobs; their result stays None."""
        for future in self._unfinished.values():
            future.cancel()
        self._unfinished.clear()


async def wait_for_jobs(
    jobs: Iterable[Job], *, limit_seconds: float
) -> dict[Job, JobResult | None]:
    """Wait until all jobs ended or the limit passed; None for those unfinished by then.

    Unfinished jobs stay tracked: `Job.result` and a later wait tell their end.
    """
    jobs = list(jobs)
    waiting = {job.done for job in jobs if not job.done.done()}
    if waiting:
        await asyncio.wait(waiting, timeout=limit_seconds)
    return {job: job.result for job in jobs}
