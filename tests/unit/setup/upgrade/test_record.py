"""The record: what one version writes, every other one reads."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from unitward.model.folders import folders_from
from unitward.setup.upgrade.record import (
    NOTED_SECONDS,
    Phase,
    Upgrade,
    guard_seconds,
    length_in_words,
    read_upgrade,
    record_path,
    upgrade_note,
    write_upgrade,
)

UPGRADE = Upgrade("0.2.0", "0.1.0", Phase.UNDONE, 1000.0, "no pass finished within 3 min")


@pytest.mark.parametrize("phase", Phase)
def test_read_as_written(tmp_path: Path, phase: Phase) -> None:
    """Every phase comes back with all that is known of it, readable by nobody else."""
    upgrade = replace(UPGRADE, phase=phase, limit=7.0, shunned=False)
    path = tmp_path / "state/upgrade.json"
    write_upgrade(path, upgrade)
    assert upgrade == read_upgrade(path)
    assert 0o600 == path.stat().st_mode & 0o777
    assert [path] == list(path.parent.iterdir())


def test_other_versions_may_add_keys(tmp_path: Path) -> None:
    """A key that is not known is passed over, one that is missing has its default."""
    path = tmp_path / "upgrade.json"
    write_upgrade(path, UPGRADE)
    document = {**json.loads(path.read_bytes()), "of_tomorrow": [1]}
    for key in ("reason", "limit", "shunned"):
        del document[key]
    path.write_text(json.dumps(document))
    assert replace(UPGRADE, reason="") == read_upgrade(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": "1", "phase": "unheard of"}'])
def test_damaged_record_is_none(tmp_path: Path, text: str) -> None:
    """What cannot be read stops nothing."""
    path = tmp_path / "upgrade.json"
    path.write_text(text)
    assert read_upgrade(path) is None
    assert read_upgrade(tmp_path / "none") is None


def test_note(tmp_path: Path) -> None:
    """A failure is told for a week with what to do, a success not at all."""
    folders = folders_from({"HOME": str(tmp_path)}, 1000)
    path = record_path(folders)
    assert "" == upgrade_note(folders, 0.0)
    write_upgrade(path, UPGRADE)
    assert (
        "upgrade to 0.2.0 was undone: no pass finished within 3 min; it is not tried again by"
        " itself: `unitward upgrade 0.2.0` tries it again"
    ) == upgrade_note(folders, 1000.0)
    assert "" == upgrade_note(folders, 1001.0 + NOTED_SECONDS)
    write_upgrade(path, replace(UPGRADE, phase=Phase.REFUSED, reason="no room"))
    assert "upgrade to 0.2.0 was refused: no room" == upgrade_note(folders, 1000.0)
    write_upgrade(path, replace(UPGRADE, phase=Phase.SWITCHING))
    assert "upgrade to 0.2.0 waits for its first pass" == upgrade_note(folders, 9e9)
    write_upgrade(path, replace(UPGRADE, phase=Phase.CONFIRMED))
    assert "" == upgrade_note(folders, 1000.0)


def test_three_minutes_unless_a_test_says_otherwise() -> None:
    """The time for the first pass is three minutes; nonsense changes nothing."""
    assert ("3 min", "5 s", "90 s") == tuple(map(length_in_words, (180.0, 5.0, 90.0)))
    assert 180.0 == guard_seconds({})
    for nonsense in ("", "0", "-1", "soon", "1e3"):
        assert 180.0 == guard_seconds({"UNITWARD_UPGRADE_SECONDS": nonsense})
    assert 5.0 == guard_seconds({"UNITWARD_UPGRADE_SECONDS": "5"})
