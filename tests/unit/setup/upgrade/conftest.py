"""An account as far as files go."""

from pathlib import Path

import pytest

from unitward.model.folders import folders_from
from unitward.setup.layout import layout_from
from unitward.setup.upgrade.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Give the scene of an account that runs 0.1.0 and has 0.2.0 beside it."""
    env = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "PATH": "/usr/bin:/bin"}
    folders, layout = folders_from(env, 1000), layout_from(env, tmp_path)
    for version in ("0.1.0", "0.2.0"):
        (layout.versions / version / "bin").mkdir(parents=True)
        (layout.versions / version / "bin/python").symlink_to("/bin/true")
    layout.current.symlink_to("versions/0.1.0")
    folders.unit_dir.mkdir(parents=True)
    folders.ledger.parent.mkdir(parents=True)
    return Scene(layout, folders, "0.1.0", env)
