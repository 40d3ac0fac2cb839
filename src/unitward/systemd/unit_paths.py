"""The folders in which the user manager of an account looks for units."""

from collections.abc import Mapping
from pathlib import Path

from unitward.systemd.analyze import analyze
from unitward.systemd.environment import passed_on

LIMIT_SECONDS = 10.0

_NOT_OF_A_TRIAL = ("transient", "generator", "generator.early", "generator.late")


async def unit_paths(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the search path that `systemd-analyze verify` has after its staging folder, in order.

    Not what the running manager made: for a trial, systemd has folders of its own in place of
    those (`LOOKUP_PATHS_TEMPORARY_GENERATED`, seen with strace on 252). 10 ms of CPU.
    Raises OSError and TimeoutError where that cannot be told.
    """
    said = await analyze(
        "--user",
        "unit-paths",
        env={**passed_on(env), "LC_ALL": "C"},
        limit_seconds=LIMIT_SECONDS,
    )
    if said.status or not said.output.strip():
        raise OSError(f"systemd-analyze unit-paths ended with status {said.status}")
    made = {str(Path(env.get("XDG_RUNTIME_DIR", "/"), "systemd", n)) for n in _NOT_OF_A_TRIAL}
    return tuple(path for path in said.output.split("\n") if path and path not in made)
