"""A pass that is killed at a chosen moment, as a power cut or the OOM killer would."""

import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

PASS = """
import asyncio, os, signal, subprocess, sys
from unitward.reconcile.carry_out import carry_out
from unitward.reconcile.one_pass import consider
from unitward.reconcile.account import assemble, connected
from unitward.store.identity import identity
from unitward.store.ledger import open_ledger

def reached():
    if subprocess.run(["/bin/sh", "-c", sys.argv[1]]).returncode == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return False

async def main():
    account = assemble(os.environ)
    with open_ledger(account.folders.ledger, identity=identity(os.getuid())) as ledger:
        async with connected(account) as manager:
            considered = await consider(account, manager, ledger.read())
            await carry_out(considered, account, manager, ledger, stop=reached)

asyncio.run(main())
"""


def begin_pass(account: Any, condition: str) -> "subprocess.Popen[str]":
    """Begin a pass that asks a shell before each action, and kills itself once it agrees."""
    process: subprocess.Popen[str] = account.spawn(sys.executable, "-c", PASS, condition)
    return process


def pass_killed_when(account: Any, condition: str) -> None:
    """Make a pass that is killed before the first action for which the condition holds."""
    process = begin_pass(account, condition)
    said, _ = process.communicate(timeout=30)
    assert -signal.SIGKILL == process.returncode, said


def is_reloaded(account: Any) -> str:
    """Return a condition: the manager has read its units again since now."""
    asks = "systemctl --user show --property=UnitsLoadTimestampMonotonic"
    now = account.systemctl("show", "--property=UnitsLoadTimestampMonotonic").strip()
    return f'test "$({asks})" != "{now}"'
