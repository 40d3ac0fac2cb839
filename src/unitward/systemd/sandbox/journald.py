"""A journald of the sandbox's own: in memory, without the kernel's and the machine's messages."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from unitward.systemd.sandbox.process import has_ended, spawn
from unitward.systemd.sandbox.programs import journal_program

_JOURNALCTL: Final = "journalctl"

_START_LIMIT_S: Final = 5.0
_POLL_S: Final = 0.01
_SETTINGS: Final = """\
[Journal]
Storage=volatile
Audit=
ReadKMsg=no
RateLimitIntervalSec=0
RuntimeMaxUse=32M
RuntimeKeepFree=1M
ForwardToSyslog=no
ForwardToKMsg=no
ForwardToConsole=no
ForwardToWall=no
"""


class NoJournalError(Exception):
    """journald cannot be started; the sandbox works without it."""


def start_journal(environment: Mapping[str, str], journal_gid: int, output: Path) -> int:
    """Start journald on the (private) /run/systemd and /run/log; return its pid.

    It cannot reach the kernel's audit, which it would switch on or off for the whole machine.
    `output` gets what it prints. Raises NoJournalError.
    """
    program = journal_program()
    if program is None:
        raise NoJournalError("systemd-journald is not installed")
    settings = Path("/run/systemd/journald.conf.d/zz-sandbox.conf")
    settings.parent.mkdir(parents=True)
    settings.write_text(_SETTINGS, encoding="utf-8")
    folder = Path("/run/log/journal")
    folder.mkdir()
    os.chown(folder, 0, journal_gid)
    folder.chmod(0o2755)
    without_audit = "-audit_control,-audit_read,-audit_write"
    try:
        pid = spawn(
            ("setpriv", f"--bounding-set={without_audit}", "--", str(program)),
            environment,
            output=output,
        )
    except OSError as error:
        raise NoJournalError(str(error)) from error
    give_up_at = time.monotonic() + _START_LIMIT_S
    while not Path("/run/systemd/journal/stdout").exists():
        if has_ended(pid) or time.monotonic() >= give_up_at:
            said = output.read_text(encoding="utf-8", errors="replace").strip()
            raise NoJournalError(f"systemd-journald does not start; {said or 'it says nothing'}")
        time.sleep(_POLL_S)
    return pid


def last_messages() -> str:
    """Return the newest messages of the sandbox's journal."""
    answer = subprocess.run(
        (_JOURNALCTL, "--quiet", "--no-pager", "--output=cat", "--lines=15"),
        capture_output=True,
        check=False,
        text=True,
        timeout=_START_LIMIT_S,
    )
    return answer.stdout
