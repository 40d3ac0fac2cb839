"""Whether the conditions of a unit hold at this moment, as systemd itself judges them."""

from collections.abc import Mapping, Sequence

from unitward.systemd.analyze import analyze

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
        said = await analyze(
            "--user", "condition", *conditions, env=env, limit_seconds=LIMIT_SECONDS
        )
    except OSError:
        return True
    return said.status == 0 or " failed." not in said.errors
