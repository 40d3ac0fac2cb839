"""No room for another version, or for the ledger's copy: the old version goes on.

The full disk is a small tmpfs, in a mount namespace of the process that meets it.
"""

import json
import os
from pathlib import Path

import pytest
from tests.integration.setup.upgrade.conftest import NEW, OLD, UNIT, Installed

# Mounts as root of a new user namespace, then goes on as the user: unshare(1) of util-linux 2.38.
IN_NAMESPACE = ("unshare", "--map-root-user", "--mount", "sh", "-eu")
AS_USER = f"exec unshare --map-user={os.getuid()} --map-group={os.getgid()} -- "
SMALL_VERSIONS = """
mkdir ~/kept-aside
mount --bind {versions}/{old} ~/kept-aside
mount -t tmpfs -o size=2m tmpfs {versions}
mkdir {versions}/{old}
mount --bind ~/kept-aside {versions}/{old}
{as_user} {current}/bin/unitward upgrade --yes --from {wheels}
"""
SMALL_STATE = """
cp -a {state} ~/kept-aside
mount -t tmpfs -o size=1m tmpfs {state}
cp -a ~/kept-aside/. {state}
chmod 700 {state}
head -c 64K /dev/zero >{state}/room
cat /dev/zero >{state}/ballast || :
rm {state}/room
{as_user} {current}/bin/unitward run
"""


@pytest.mark.usefixtures("undisturbed")
def test_no_room_for_another_version(installed: Installed, wheels: Path) -> None:
    """What could not be installed whole is removed, and said with what to do."""
    script = SMALL_VERSIONS.format(
        versions=installed.root / "versions",
        current=installed.root / "current",
        old=OLD,
        wheels=wheels,
        as_user=AS_USER,
    )
    ended = installed.account.run(*IN_NAMESPACE, "-c", script)
    assert 1 == ended.returncode
    assert f"upgrade to {NEW} was refused" in ended.stderr
    assert "No space left on device" in ended.stderr
    assert (OLD, "refused") == (installed.current, installed.phase)
    installed.until_runs(OLD)


@pytest.mark.usefixtures("undisturbed")
def test_no_room_for_the_copy_of_the_ledger(installed: Installed) -> None:
    """A switch that cannot keep what it needs for going back does not happen."""
    installed.put_beside(NEW)
    config = installed.account.home / ".config/unitward/config.yaml"
    config.write_text(f"version: 1\nunitward_version: {NEW}\n")
    script = SMALL_STATE.format(
        state=installed.state, current=installed.root / "current", as_user=AS_USER
    )
    start = installed.account.home / "start.sh"
    start.write_text(script)
    dropin = installed.account.unit_dir / f"{UNIT}.d/small.conf"
    dropin.parent.mkdir()
    dropin.write_text(
        "[Service]\nRestrictNamespaces=no\nExecStart=\n"
        f"ExecStart=/usr/bin/{' '.join(IN_NAMESPACE)} {start}\n"
    )
    installed.account.systemctl("daemon-reload")
    installed.account.systemctl("restart", UNIT)

    def refused() -> bool:
        return _record_inside(installed).get("phase") == "refused"

    installed.until(refused, "the switch is given up")
    assert "disk is full" in _record_inside(installed)["reason"]
    assert OLD == installed.current
    assert not list(installed.account.unit_dir.rglob("*undo*"))
    assert "0" != installed.account.show(UNIT, "MainPID")["MainPID"]


def _record_inside(installed: Installed) -> dict[str, str]:
    pid = installed.account.show(UNIT, "MainPID")["MainPID"]
    record = Path(f"/proc/{pid}/root{installed.state}/upgrade.json")
    try:
        return dict(json.loads(record.read_bytes()))
    except (OSError, ValueError):
        return {}
