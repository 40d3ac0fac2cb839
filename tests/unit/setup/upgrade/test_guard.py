"""The script that goes back: plain sh, which may be cut off anywhere and run again."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from unitward.setup.upgrade.guard import (
    ARMED,
    CONFIRMED,
    SCRIPT,
    UNDOING,
    decide,
    keep_for_return,
)
from unitward.setup.upgrade.record import Phase, Upgrade, read_upgrade, write_upgrade
from unitward.setup.upgrade.scene import Scene
from unitward.setup.upgrade.switch import point_to
from unitward.store.ledger import open_ledger

UPGRADE = Upgrade("0.2.0", "0.1.0", Phase.SWITCHING, 1000.0)


def _switch(scene: Scene) -> None:
    """Bring an account to where a new version works: other link, unit file and ledger."""
    folders = scene.folders
    open_ledger(folders.ledger, identity="old").close()
    keep_for_return(scene, UPGRADE, b"old unit")
    (scene.kept / ARMED).touch()
    write_upgrade(scene.record, UPGRADE)
    point_to(scene, "0.2.0")
    (folders.unit_dir / "unitward.service").write_bytes(b"new unit")
    folders.ledger.write_bytes(b"new ledger")
    for suffix in ("-wal", "-shm"):
        folders.ledger.with_name(f"{folders.ledger.name}{suffix}").write_bytes(b"new log")


def _run(scene: Scene, when: str, lines: int | None = None) -> None:
    """Run the script, or its first lines only. There is no manager that systemctl could reach."""
    script = (scene.kept / SCRIPT).read_text().splitlines(keepends=True)
    subprocess.run(
        ("sh", "-c", "".join(script[:lines]), "sh", when),
        check=False,
        env=dict(scene.env),
        capture_output=True,
        timeout=60,
    )


def _assert_back(scene: Scene) -> None:
    folders = scene.folders
    assert "0.1.0" == scene.current
    assert b"old unit" == (folders.unit_dir / "unitward.service").read_bytes()
    assert not folders.ledger.with_name(f"{folders.ledger.name}-wal").exists()
    open_ledger(folders.ledger, identity="old").close()
    undone = read_upgrade(scene.record)
    assert undone is not None
    assert (Phase.UNDONE, "no pass finished within 3 min") == (undone.phase, undone.reason)
    assert not (scene.kept / ARMED).exists()
    assert not (scene.kept / UNDOING).exists()


def test_goes_back(scene: Scene) -> None:
    """Link, unit file, ledger and record are the old ones, though no manager answers."""
    _switch(scene)
    _run(scene, "late")
    _assert_back(scene)


# The `if` of the ledger is cut off as a whole: a shell reads it to its end first.
@pytest.mark.parametrize("lines", [8, 9, 13, 14, 15, 16, 17, 18, 19])
@pytest.mark.parametrize("when", ["late", "boot"])
def test_cut_off_after_any_line(scene: Scene, lines: int, when: str) -> None:
    """Run again after the power failed, it goes on where it was."""
    _switch(scene)
    _run(scene, "late", lines)
    assert (scene.kept / UNDOING).exists()
    _run(scene, when)
    _assert_back(scene)


def test_ledger_is_cut_off_between_its_steps(scene: Scene) -> None:
    """The log of the failed version is gone before the old ledger is in place, never after."""
    _switch(scene)
    (scene.kept / ARMED).rename(scene.kept / UNDOING)
    scene.folders.ledger.with_name(f"{scene.folders.ledger.name}-wal").unlink()
    _run(scene, "boot")
    _assert_back(scene)


def test_at_boot_it_begins_nothing(scene: Scene) -> None:
    """A new version that waits for its first pass keeps its time after a reboot."""
    _switch(scene)
    _run(scene, "boot")
    assert "0.2.0" == scene.current
    assert (scene.kept / ARMED).exists()


def test_who_decides_first(scene: Scene) -> None:
    """After the confirmation nothing goes back; once it goes back, nothing is confirmed."""
    _switch(scene)
    assert decide(scene.kept, CONFIRMED)
    assert decide(scene.kept, CONFIRMED)
    _run(scene, "late")
    assert "0.2.0" == scene.current
    (scene.kept / CONFIRMED).rename(scene.kept / UNDOING)
    assert not decide(scene.kept, CONFIRMED)


def test_any_path_can_be_named(tmp_path: Path, scene: Scene) -> None:
    """Spaces, quotes and dollars in a home folder are kept as they are."""
    odd = tmp_path / "a 'b' $HOME \"c\""
    os.renames(scene.folders.state, odd / "state")
    folders = replace(scene.folders, state=odd / "state", ledger=odd / "state/unitward/l.sqlite")
    moved = replace(scene, folders=folders)
    _switch(moved)
    _run(moved, "late")
    _assert_back(moved)
