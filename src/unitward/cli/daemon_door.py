"""The running daemon as the commands see it: who it is, what it reported, how it is woken."""

import contextlib
import os
import time
from typing import TYPE_CHECKING, cast

from unitward.errors import UnitwardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from unitward.model.folders import Folders
    from unitward.reconcile.document import FailingDocument, StatusDocument
    from unitward.store.ledger import Ledger

# The role with which the daemon holds the lock.
DAEMON = "the daemon"
STATUS_SCHEMA = "unitward/status/v1"
POLL_SECONDS = 0.02


def own_folders() -> "Folders":
    """Return the folders of the account that runs this command."""
    from unitward.model.folders import folders_from

    return folders_from(os.environ, os.getuid())


def daemon_pid(folders: "Folders") -> int:
    """Return the process id of the running daemon, 0 when none runs."""
    from unitward.store.lock import lock_holder

    holder = lock_holder(folders.lock)
    return holder[0] if holder is not None and holder[1] == DAEMON else 0


@contextlib.contextmanager
def own_ledger(folders: "Folders") -> "Iterator[Ledger]":
    """Open the account's ledger for writing, making it when there is none."""
    from unitward.store.identity import identity
    from unitward.store.ledger import open_ledger

    name = identity(os.getuid())
    with open_ledger(folders.ledger, identity=name, unit_dir=folders.unit_dir) as ledger:
        yield ledger


def last_report(folders: "Folders") -> "StatusDocument | None":
    """Return the report of the last pass, None when there is none in today's shape."""
    from unitward.store import reading

    found = reading.last_report(folders.ledger)
    return None if found is None else _in_shape(found)


def failing(folders: "Folders", pid: int) -> "FailingDocument | None":
    """Return since when and why the passes of the daemon `pid` fail, None when they do not."""
    from unitward.store.given_up import read_given_up

    found = read_given_up(folders.given_up, pid)
    if found is None:
        return None
    return {"since": found.since, "reason": found.reason, "hint": found.hint}


def wake(folders: "Folders") -> bool:
    """Have the daemon look at the ledger now; tell whether somebody listens."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(b"pass", str(folders.wake))
        except OSError:
            return False
    return True


def ask_for_pass(folders: "Folders", *, timeout: float) -> "StatusDocument":
    """Have the daemon make a pass and return its report.

    timeout: seconds. Raises UnitwardError when that pass fails, the daemon ends or takes longer.
    """
    with own_ledger(folders) as ledger:
        asked = ledger.passes.ask_for_pass(time.time())
        wake(folders)
        return _await_answer(folders, ledger, asked, timeout)


def _await_answer(
    folders: "Folders", ledger: "Ledger", asked: int, timeout: float
) -> "StatusDocument":
    from unitward.store.given_up import read_given_up

    deadline = time.monotonic() + timeout
    seen = -1
    while time.monotonic() < deadline:
        changes = ledger.changes_seen()
        if changes != seen:
            seen = changes
            found = ledger.passes.last_report()
            report = _in_shape(found[0]) if found and found[2] >= asked else None
            if report is not None:
                return report
        pid = daemon_pid(folders)
        given_up = read_given_up(folders.given_up, pid)
        if given_up is not None and given_up.answered >= asked:
            raise UnitwardError(f"the pass was given up: {given_up.reason}", hint=given_up.hint)
        if not pid:
            raise UnitwardError(
                "the daemon ended before it made the pass",
                hint="its last lines: unitward logs unitward.service",
            )
        time.sleep(POLL_SECONDS)
    raise UnitwardError(
        f"the daemon did not finish a pass within {timeout:g} s",
        hint="`unitward status` shows what it waits for",
    )


def _in_shape(report: "Mapping[str, object]") -> "StatusDocument | None":
    """Return the report, None when another version of unitward wrote it."""
    if report.get("schema") != STATUS_SCHEMA:
        return None
    return cast("StatusDocument", dict(report))
