"""Running systemd-analyze to its end, so that it can remove what it made.

It makes folders in /tmp, whatever TMPDIR says, and removes them when it ends by itself (systemd
252: src/analyze/analyze-verify.c, src/basic/path-lookup.c; measured). A signal in the middle would
leave them behind: those that end unitward, its cgroup or its terminal's job are ignored.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

from unitward.model.records import dataclass

LEAVE_SECONDS = 5.0
"""How long a run that nobody waits for any more may take to end."""

_UNDISTURBED = 'trap "" HUP INT TERM PIPE; exec "$@"'


@dataclass(frozen=True, slots=True)
class Analyzed:
    """What a run ended with: its exit status, its output and its error output."""

    status: int
    output: str
    errors: str


async def analyze(
    *arguments: str, env: Mapping[str, str], limit_seconds: float, cwd: Path | None = None
) -> Analyzed:
    """Run `systemd-analyze` with the arguments and this whole environment.

    Raises OSError when it cannot be run, TimeoutError when it did not end in time: then it is
    killed. Cancelled, it gets LEAVE_SECONDS to end by itself.
    """
    import shutil  # noqa: PLC0415 - 2 ms of CPU, for commands that may have nothing to ask

    program = shutil.which("systemd-analyze", path=env.get("PATH"))
    if program is None:
        raise FileNotFoundError("systemd-analyze is not in PATH")
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        _UNDISTURBED,
        "sh",
        program,
        *arguments,
        cwd=cwd,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    run = asyncio.ensure_future(process.communicate())
    try:
        async with asyncio.timeout(limit_seconds):
            output, errors = await asyncio.shield(run)
    except asyncio.CancelledError:
        await asyncio.wait({run}, timeout=LEAVE_SECONDS)
        raise
    finally:
        if not run.done():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await run
    status = process.returncode or 0
    return Analyzed(status, output.decode(errors="replace"), errors.decode(errors="replace"))
