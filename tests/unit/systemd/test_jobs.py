"""Jobs and their results: matched by path, whichever message is parsed first."""

import asyncio

from unitward.model.unitstate import JobResult
from unitward.systemd.jobs import JobTracker, Verb, wait_for_jobs


async def test_a_result_that_came_before_the_reply_is_kept() -> None:
    """JobRemoved parsed before the reply that names the job still gives its result."""
    tracker = JobTracker()
    tracker.expect()
    tracker.finish("/job/1", JobResult.FAILED)
    job = tracker.accept("/job/1", "a.service", Verb.START)
    tracker.expect_no_more()

    assert job.result is JobResult.FAILED
    assert {job: JobResult.FAILED} == await wait_for_jobs([job], limit_seconds=0)


async def test_results_of_foreign_jobs_are_not_kept() -> None:
    """Without a request under way a foreign job's end leaves nothing behind."""
    tracker = JobTracker()
    ours = tracker.finish("/job/1", JobResult.DONE)
    tracker.expect()
    tracker.finish("/job/2", JobResult.DONE)
    tracker.expect_no_more()
    late = tracker.accept("/job/2", "a.service", Verb.START)

    assert not ours
    assert late.result is None


async def test_merged_requests_share_their_end() -> None:
    """Two requests that the manager merged into one job both end with it."""
    tracker = JobTracker()
    first = tracker.accept("/job/1", "a.service", Verb.START)
    second = tracker.accept("/job/1", "a.service", Verb.START)
    tracker.finish("/job/1", JobResult.DONE)

    assert first != second
    assert first.result is second.result is JobResult.DONE


async def test_an_unfinished_job_stays_tracked() -> None:
    """A wait that ends by its limit tells None, and a later one the result."""
    tracker = JobTracker()
    job = tracker.accept("/job/1", "a.service", Verb.STOP)
    early = await wait_for_jobs([job], limit_seconds=0.01)
    asyncio.get_running_loop().call_later(0.01, tracker.finish, "/job/1", JobResult.DONE)
    late = await wait_for_jobs([job], limit_seconds=5)

    assert early == {job: None}
    assert late == {job: JobResult.DONE}


async def test_abandoned_jobs_end_every_wait() -> None:
    """When the connection ends, waiting ends at once and the result stays unknown."""
    tracker = JobTracker()
    job = tracker.accept("/job/1", "a.service", Verb.STOP)
    asyncio.get_running_loop().call_later(0.01, tracker.abandon)

    async with asyncio.timeout(5):
        assert {job: None} == await wait_for_jobs([job], limit_seconds=60)


def test_a_newer_systemds_word_is_unknown() -> None:
    """A result that did not exist when this was written is UNKNOWN, not an error."""
    assert JobResult("frozen") is JobResult.FROZEN
    assert JobResult("postponed-until-tuesday") is JobResult.UNKNOWN
