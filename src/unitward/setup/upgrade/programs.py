"""Programs that are run with a time limit and end with it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

from unitward.model.records import dataclass
from unitward.setup.upgrade.record import UpgradeError

KEPT_LINES = 5


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program that ended by itself left behind."""

    code: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """Return the end of what it complained about, in one line."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        said = [line for line in lines if not line.startswith(("WARNING:", "[notice]"))]
        errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")]
        return "; ".join((errors or said)[-KEPT_LINES:]) or f"exit code {self.code}, without a word"


async def run_program(
    command: Sequence[str], *, env: Mapping[str, str], limit: float, what: str
) -> Ended:
    """Run a program to its end, for `limit` seconds at most.

    When the limit passes or the caller is cancelled, it is killed with all that it started.
    Raises UpgradeError when it cannot be started or takes longer; `what` says what it is.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise UpgradeError(f"{what}: {command[0]}: {error.strerror}") from error
    try:
        out, err = await asyncio.wait_for(process.communicate(), limit)
    except TimeoutError:
        raise UpgradeError(f"{what}: not done within {limit:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
