"""The Debian systems that tests boot: built once for each suite, kept between runs."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final

import pytest

PACKAGES: Final = (
    "dbus",
    "dbus-user-session",
    "git",
    "libpam-systemd",
    "openssh-server",
    "python3",
    "python3-venv",
    "systemd",
    "systemd-sysv",
)

_ARCHIVE: Final = re.compile(r"Debian\|Debian\|main\|(\S+)")
_ASKED: Final = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
_BUILD_LIMIT_S: Final = 900.0
_OF_THE_BUILDER: Final = ("etc/resolv.conf", "etc/apt/apt.conf.d/99mmdebstrap")


@dataclass(frozen=True)
class Debian:
    """One release of Debian."""

    suite: str
    systemd: int
    python: str

    def __str__(self) -> str:
        """Return the name a test's id carries."""
        return self.suite


DEBIANS: Final = (Debian("bookworm", 252, "3.11"), Debian("trixie", 257, "3.13"))


def cache_folder() -> Path:
    """Return the folder that outlasts a run of the tests; it exists."""
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(home, "unitward-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept(name: str, build: Callable[[Path], None]) -> Path:
    """Return the cache's folder of that name, built by `build` if it is not there.

    What an interrupted build left is removed first. Others who want the folder wait meanwhile.
    """
    folder = cache_folder() / name
    with _locked(folder.with_name(f"{name}.lock")):
        if not folder.exists():
            unfinished = folder.with_name(f"{name}.part")
            if unfinished.exists():
                shutil.rmtree(unfinished)
            build(unfinished)
            unfinished.rename(folder)
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        flock(file, LOCK_EX)
        yield


def base_system(debian: Debian) -> Path:
    """Return the root folder of the suite's minimal system. Nobody writes into it."""
    recipe = repr((debian.suite, PACKAGES, "minbase", 1))
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    return kept(f"{debian.suite}-{digest}", lambda folder: _bootstrap(debian, folder))


def _bootstrap(debian: Debian, folder: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as options:
        options.write(_asked("apt-config", "dump", "Acquire"))
        options.flush()
        built = subprocess.run(
            (
                "mmdebstrap",
                "--variant=minbase",
                f"--include={','.join(PACKAGES)}",
                f"--aptopt={options.name}",
                debian.suite,
                folder,
                _mirror(),
            ),
            capture_output=True,
            check=False,
            text=True,
            timeout=_BUILD_LIMIT_S,
        )
    if built.returncode != 0:
        pytest.fail(f"Debian {debian.suite} cannot be built:\n{built.stderr}")
    for name in _OF_THE_BUILDER:
        (folder / name).unlink(missing_ok=True)
    (folder / "etc/hostname").write_text("debian\n", encoding="ascii")


def _mirror() -> str:
    """Return where this machine's own apt has Debian from."""
    found = _ARCHIVE.findall(_asked("apt-get", "indextargets", "--format", _ASKED))
    if not found:
        pytest.fail(
            "apt knows no archive of Debian itself: name one in /etc/apt/sources.list and run "
            "`apt-get update`"
        )
    return str(found[0])


def _asked(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout
