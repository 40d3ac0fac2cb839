"""When a pass happens: triggers, settling, resync, backoff, signals. Knows no unit file.

Read `loop.py` for the life of the daemon, `triggers.py` for what makes a pass due.
"""

import asyncio
import os

# Now, not with the first file to decode or to check: by then another version may lie in its place.
import unitward.manifest.read
import unitward.reconcile.check.judged
import unitward.reconcile.plan
import unitward.systemd.verify  # noqa: F401 - all four are loaded when they are needed first
from unitward.daemon.loop import Daemon
from unitward.errors import Exit, LockHeldError
from unitward.reconcile.account import Account, assemble
from unitward.store.identity import identity
from unitward.store.ledger import open_ledger
from unitward.store.lock import hold_lock
from unitward.systemd.journal import JournalSocket
from unitward.telemetry.log import logger, set_up_logging, stderr_is_journal

ROLE = "the daemon"
LOST = (
    "{path} is new, though unitward's unit files are here: it goes on with them; what an earlier"
    " ledger knew besides (stops by hand, holds, history) is gone"
)


def run() -> Exit:
    """Run until SIGTERM or SIGINT; returns the exit code.

    Raises ConfigError, LockHeldError, LedgerError and ManagerUnreachableError before the
    first pass; later troubles are logged and mended. A ledger that is removed or replaced
    meanwhile is given up for the one at its place, with the same errors.
    """
    journal = JournalSocket().send if stderr_is_journal(os.environ) else None
    set_up_logging(journal=journal, colors=not os.environ.get("NO_COLOR"))
    account = assemble(os.environ)
    while (code := _live(account)) is None:
        logger().warning("the ledger was removed or replaced: unitward begins anew")
    return code


def _live(account: Account) -> Exit | None:
    """Run with the lock and the ledger that are there now; None when that ledger is gone."""
    folders, name = account.folders, identity(account.source.uid)
    try:
        with (
            hold_lock(folders.lock, ROLE),
            open_ledger(folders.ledger, identity=name, unit_dir=folders.unit_dir) as ledger,
        ):
            if ledger.goes_on:
                logger().warning(LOST.format(path=folders.ledger))
            return asyncio.run(Daemon(account, ledger).run())
    except LockHeldError as error:
        error.hint = "one unitward for an account: `unitward status` shows what it does"
        raise
