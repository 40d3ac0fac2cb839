"""The asynchronous part of a command."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from unitward.telemetry.absent import pretending_absent

# asyncio loads OpenSSL for TLS, which nothing here speaks: 9 ms of CPU.
with pretending_absent("ssl"):
    import asyncio

Result = TypeVar("Result")


def result_of(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` in an event loop of its own and return its result, or raise its error.

    asyncio.run() asks at its end who handles SIGINT, and is told in the words of an error that
    nobody sees, with the whole result written out (signal.getsignal() of CPython 3.11): 12 ms of
    CPU for 300 units. So the result goes past it.
    """
    results: list[Result] = []

    async def keep() -> None:
        results.append(await work)

    asyncio.run(keep())
    return results[0]
