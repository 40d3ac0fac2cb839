"""Environments: which one is whole, which version hashes name."""

from pathlib import Path

import pytest

from unitward.setup.upgrade.environment import (
    Origin,
    find_version,
    is_complete,
    mark_complete,
    remove_environments,
)
from unitward.setup.upgrade.record import UpgradeError
from unitward.setup.upgrade.scene import Scene


def test_whole_with_marker_and_python(scene: Scene) -> None:
    """Without its last file, or the Python it was made with, an environment is made anew."""
    folder = scene.environment("0.2.0")
    assert not is_complete(folder)
    mark_complete(folder)
    assert is_complete(folder)
    (folder / "bin/python").unlink()
    (folder / "bin/python").symlink_to("/nowhere/python3.11")
    assert not is_complete(folder)


async def test_standing_version_needs_no_origin(scene: Scene) -> None:
    """What stands, and what runs, is found offline, however its number is written."""
    nowhere = Origin(Path("/no/wheels"))
    mark_complete(scene.environment("0.2.0"))
    assert "0.2.0" == await find_version(scene, "0.2", nowhere)
    assert "0.1.0" == await find_version(scene, "0.1", nowhere)
    with pytest.raises(UpgradeError, match="/no/wheels: no such folder"):
        await find_version(scene, "0.3", nowhere)
    with pytest.raises(UpgradeError, match=r"`\.\./x` is not a version"):
        await find_version(scene, "../x", nowhere)


async def test_hashes_name_the_version(scene: Scene, tmp_path: Path) -> None:
    """With hashes the version is the one they are for; another one is refused."""
    assert Origin(tmp_path, None) == Origin.of(tmp_path)
    hashes = tmp_path / "requirements.txt"
    hashes.write_text("click==8.1 --hash=sha256:1\nunitward==0.3.0 --hash=sha256:2\n")
    origin = Origin.of(tmp_path)
    assert hashes == origin.hashes
    assert "0.3.0" == await find_version(scene, "", origin)
    with pytest.raises(UpgradeError, match=r"the hashes of unitward 0\.3\.0, not of 0\.4"):
        await find_version(scene, "0.4", origin)
    hashes.write_text("click==8.1\n")
    with pytest.raises(UpgradeError, match="no line `unitward==VERSION"):
        await find_version(scene, "", origin)


async def test_others_are_removed(scene: Scene) -> None:
    """Environments that are not kept go; what is no environment stays."""
    (scene.layout.versions / "note").touch()
    await remove_environments(scene, frozenset({"0.1.0"}))
    assert {"0.1.0", "note"} == {path.name for path in scene.layout.versions.iterdir()}
