"""Which unitward can be upgraded by itself, and what is said of the others."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from unitward.setup.upgrade.record import UpgradeError
from unitward.setup.upgrade.scene import Scene, scene_of


def test_version_is_the_name_of_its_environment(scene: Scene) -> None:
    """A unitward in the layout knows which version it is."""
    prefix = str(scene.environment("0.1.0"))
    assert scene == scene_of(scene.folders, scene.env, prefix)
    assert scene == scene_of(scene.folders, scene.env, str(scene.layout.current))


def test_version_that_is_not_in_use(scene: Scene) -> None:
    """An older version that is run by its path leaves upgrades to the one in use."""
    with pytest.raises(UpgradeError, match=r"this is unitward 0\.2\.0, and 0\.1\.0") as caught:
        scene_of(scene.folders, scene.env, str(scene.environment("0.2.0")))
    assert f"{scene.layout.program} upgrade" in caught.value.hint
    scene.layout.current.unlink()
    prefix = str(scene.environment("0.2.0"))
    assert replace(scene, running="0.2.0") == scene_of(scene.folders, scene.env, prefix)


@pytest.mark.parametrize(
    ("trace", "command"),
    [
        ("pipx_metadata.json", "pipx upgrade unitward"),
        ("uv-receipt.toml", "uv tool upgrade unitward"),
    ],
)
def test_tools_upgrade_what_they_installed(
    scene: Scene, tmp_path: Path, trace: str, command: str
) -> None:
    """What a tool installed is upgraded by that tool, with its command."""
    prefix = tmp_path / "tool"
    prefix.mkdir()
    (prefix / trace).touch()
    with pytest.raises(UpgradeError) as caught:
        scene_of(scene.folders, scene.env, str(prefix))
    assert caught.value.hint.startswith(f"{command}; then systemctl --user restart")


def test_clone(scene: Scene) -> None:
    """A clone, as these tests run from, is upgraded by git."""
    with pytest.raises(UpgradeError, match="runs from the folder") as caught:
        scene_of(scene.folders, scene.env, sys.prefix)
    assert caught.value.hint.startswith("git pull there")
