"""When a pass happens: triggers, settling, resync, backoff, signals. Knows no unit file.

Read `loop.py` for the life of the daemon, `triggers.py` for what makes a pass due.
"""

import asyncio
import os

from unitward.daemon.loop import Daemon
from unitward.errors import Exit, LockHeldError
from unitward.reconcile.account import assemble
from unitward.store.identity import identity
from unitward.store.ledger import open_ledger
from unitward.store.lock import hold_lock
from unitward.systemd.journal import JournalSocket
from unitward.telemetry.log import set_up_logging, stderr_is_journal

ROLE = "the daemon"


def run() -> Exit:
    """Run until SIGTERM or SIGINT; returns the exit code.

    Raises ConfigError, LockHeldError, LedgerError and ManagerUnreachableError before the
    first pass; later troubles are logged and mended.
    """
    journal = JournalSocket().send if stderr_is_journal(os.environ) else None
    set_up_logging(journal=journal, colors=not os.environ.get("NO_COLOR"))
    account = assemble(os.environ)
    try:
        with hold_lock(account.folders.lock, ROLE):
            name = identity(account.source.uid)
            with open_ledger(account.folders.ledger, identity=name) as ledger:
                return asyncio.run(Daemon(account, ledger).run())
    except LockHeldError as error:
        error.hint = "one unitward for an account: `unitward status` shows what it does"
        raise
