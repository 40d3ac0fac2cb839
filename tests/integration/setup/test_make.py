"""`make install` and `make uninstall` from a clone, on a real manager."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[3]
WHEELS = Path(sys.prefix) / "wheels"
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELS)}
PARTS = ("Makefile", "README.md", "LICENSE", "pyproject.toml", "src")
UNIT = """\
version: 1
units:
  a.service:
    Service: {ExecStart: /bin/sleep infinity}
    Install: {WantedBy: default.target}
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Give a copy of the project, as building leaves files in it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for part in PARTS:
        where = PROJECT / part
        if where.is_dir():
            left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(where, folder / part, ignore=left_out)
        else:
            shutil.copy2(where, folder)
    return folder


def test_from_a_clone_and_back(place: Any, clone: Path) -> None:
    """A clone installs an environment of its own that runs the folder, and takes it off again."""
    place.account.write("a.yaml", UNIT)
    root = place.account.home / ".local/share/unitward"

    def make(target: str) -> str:
        command = ("make", "--silent", f"--directory={clone}", f"PYTHON={sys.executable}", "YES=1")
        ended = place.account.run(*command, target, env=OFFLINE, limit=200)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return str(ended.stdout)

    assert "unitward runs" in make("install")
    place.until(lambda: place.is_active("a.service"), "the unit runs")
    assert f"{root}/current/bin/unitward run" in place.file.read_text()
    assert (root / "current").resolve().parent == root / "versions"
    run = place.invocation("a.service")

    assert "a.service" in make("uninstall")
    assert (run, False) == (place.invocation("a.service"), place.file.exists())
    assert not root.exists()
