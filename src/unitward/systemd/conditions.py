"""Whether the conditions of a unit hold at this moment, as systemd itself judges them."""

import asyncio
from collections.abc import Mapping, Sequence

LIMIT_SECONDS = 10.0


async def failing_condition(conditions: Sequence[str], env: Mapping[str, str]) -> str:
    """Return the first of `ConditionX=value` lines that does not hold, "" when all do.

    Triggering conditions (`=|`) count as systemd counts them: together. Where
    `systemd-analyze condition` (systemd 250) is not to be had, all count as holding.
    """
    if await _hold(conditions, env):
        return ""
    for condition in conditions:
        if not await _hold([condition], env):
            return condition
    return " and ".join(conditions)


async def _hold(conditions: Sequence[str], env: Mapping[str, str]) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            "systemd-analyze",
            "--user",
            "condition",
            *conditions,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError:
        return True
    try:
        _, output = await asyncio.wait_for(process.communicate(), LIMIT_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return True
    return process.returncode == 0 or b" failed." not in output
