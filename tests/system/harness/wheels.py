"""Folders of wheels from which a machine without a network installs unitward."""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

from tests.system.harness.debian import Debian, kept

PROJECT: Final = Path(__file__).parents[3]

_LIMIT_S: Final = 300.0


def build_unitward(folder: Path) -> Path:
    """Build this checkout's wheel into a folder and return it."""
    _pip("wheel", "--no-deps", f"--wheel-dir={folder}", str(PROJECT))
    (wheel,) = folder.glob("unitward-*.whl")
    return wheel


def dependencies_for(debian: Debian) -> Path:
    """Return a folder with the wheels that unitward needs under the suite's own Python."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    needed: list[str] = tomllib.loads(text)["project"]["dependencies"]
    digest = hashlib.sha256(repr(needed).encode()).hexdigest()[:12]

    def download(folder: Path) -> None:
        _pip(
            "download",
            f"--dest={folder}",
            "--only-binary=:all:",
            f"--python-version={debian.python}",
            *needed,
        )

    return kept(f"wheels-{debian.python}-{digest}", download)


def fill_wheel_folder(folder: Path, debian: Debian, unitward: Path) -> None:
    """Make a folder with unitward's wheel and those it needs."""
    shutil.copytree(dependencies_for(debian), folder)
    shutil.copy2(unitward, folder)


def pinned(folder: Path) -> str:
    """Return a requirements file that names every wheel of a folder with its hash."""
    lines = []
    for wheel in sorted(folder.glob("*.whl")):
        name, version, *_ = wheel.name.split("-")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name}=={version} --hash=sha256:{digest}\n")
    return "".join(lines)


def _pip(*arguments: str) -> None:
    subprocess.run(
        (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments),
        check=True,
        timeout=_LIMIT_S,
    )
