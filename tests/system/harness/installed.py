"""Systems with this checkout's unitward on them, installed from wheels without a network."""

import subprocess
from pathlib import Path
from typing import Final

import pytest
from tests.system.harness.debian import Debian, base_system
from tests.system.harness.nspawn import joined, nspawn
from tests.system.harness.roots import Image, Root
from tests.system.harness.wheels import fill_wheel_folder, pinned

from unitward.systemd.sandbox.cgroup import own_slice

WHEELS: Final = "/srv/wheels"
"""Where a machine has the wheels, and `requirements.txt` with their hashes."""

_INSTALL: Final = f"""
python3 -m venv /opt/unitward
/opt/unitward/bin/pip install --quiet --no-index --find-links={WHEELS} unitward
ln -s /opt/unitward/bin/unitward /usr/local/bin/unitward
"""
_LIMIT_S: Final = 180.0


def plain_image(debian: Debian) -> Image:
    """Return the suite's minimal system, without unitward."""
    return Image((base_system(debian),))


def image_with_wheels(debian: Debian, unitward: Path, folder: Path) -> Image:
    """Return the minimal system with a wheel folder, made below `folder`."""
    root = Root(plain_image(debian), folder)
    wheels = root.path / WHEELS.removeprefix("/")
    fill_wheel_folder(wheels, debian, unitward)
    (wheels / "requirements.txt").write_text(pinned(wheels), encoding="ascii")
    return root.freeze()


def image_with_unitward(wheels: Image, folder: Path) -> Image:
    """Return the system with unitward in /opt and on everybody's PATH, made below `folder`."""
    root = Root(wheels, folder)
    with own_slice() as cgroup:
        inside = nspawn(root.path, "--console=pipe", "sh", "-ec", _INSTALL)
        ended = subprocess.run(
            joined(cgroup.path, *inside),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=_LIMIT_S,
        )
    if ended.returncode != 0:
        pytest.fail(f"unitward cannot be installed:\n{ended.stdout}{ended.stderr}")
    return root.freeze()
