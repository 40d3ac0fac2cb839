"""Traces of other installations."""

import os
from pathlib import Path

from unitward.setup.doctor.gather.account import look_at_account
from unitward.setup.doctor.gather.installations import look_at_installations
from unitward.store.identity import identity
from unitward.store.lock import hold_lock
from unitward.unitfile.mark import seal

BODY = b"[Service]\nExecStart=/bin/true\n"


def test_marks_of_others(tmp_path: Path) -> None:
    """Marks of another machine are found in unit files and drop-ins; one's own are no strangers."""
    account = look_at_account({"HOME": str(tmp_path)}, os.getuid())
    units = account.folders.unit_dir
    (units / "b.service.d").mkdir(parents=True)
    own = f"{identity(os.getuid())}-1234"
    (units / "mine.service").write_bytes(seal(BODY, installation=own, unit="mine.service"))
    (units / "a.service").write_bytes(seal(BODY, installation="other-1", unit="a.service"))
    dropin = "b.service.d/x.conf"
    (units / dropin).write_bytes(seal(BODY, installation="other-1", unit=dropin))
    (units / "plain.service").write_bytes(BODY)

    found = look_at_installations(account)

    assert {"other-1": ("a.service", dropin)} == found.strangers


def test_unit_files_and_the_daemon_s_python(tmp_path: Path) -> None:
    """The unit file in force leads those it hides; a holder of the lock shows its Python."""
    account = look_at_account({"HOME": str(tmp_path)}, os.getuid())
    folders = (account.folders.unit_dir, tmp_path / ".local/share/systemd/user")
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "unitward.service").write_bytes(BODY)
    assert "" == look_at_installations(account).running

    with hold_lock(account.folders.lock, "the daemon"):
        found = look_at_installations(account)

    expected = tuple(str(folder / "unitward.service") for folder in folders)
    assert expected == found.fragments[:2]
    words = Path(f"/proc/{os.getpid()}/cmdline").read_bytes().split(b"\0")
    started_as = os.fsdecode(words[0])
    assert (started_as if started_as.startswith("/") else "") == found.running
