"""Environments of versions: found, made and recognised."""

import asyncio
import contextlib
import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from unitward.model.records import dataclass
from unitward.model.release import is_release, is_same_release
from unitward.setup.upgrade.durable import write_durably
from unitward.setup.upgrade.programs import Ended, run_program
from unitward.setup.upgrade.record import UpgradeError
from unitward.setup.upgrade.scene import Scene

MARKER = ".complete"
"""The last file that is written of an environment: without it, nobody knows what is missing."""
HASHES = "requirements.txt"
VENV_SECONDS, PIP_SECONDS, SYNC_SECONDS = 180.0, 900.0, 120.0
_OWN_LINE = re.compile(r"^unitward==(?P<version>[^\s;\\]+)", re.MULTILINE)
# What would lead pip or Python away from the environment that is made.
_MISLEADING = frozenset({"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"})
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where versions come from.

    wheels: a folder of wheels, None for the index that pip is configured with.
    hashes: a requirements file with the hash of every package, None for none.
    """

    wheels: Path | None = None
    hashes: Path | None = None

    @classmethod
    def of(cls, wheels: Path | None) -> "Origin":
        """Return the origin for a wheel folder, with the hashes that lie in it."""
        hashes = wheels / HASHES if wheels is not None else None
        return cls(wheels, hashes if hashes is not None and hashes.is_file() else None)

    @property
    def options(self) -> tuple[str, ...]:
        """Return pip's options for it."""
        if self.wheels is None:
            return ()
        return ("--no-index", "--find-links", str(self.wheels))

    def __str__(self) -> str:
        """Say it for people."""
        where = str(self.wheels) if self.wheels else "the package index"
        return f"{where}, by the hashes in {self.hashes}" if self.hashes else where


def is_complete(folder: Path) -> bool:
    """Tell whether an environment was made to its end, and its Python is there still."""
    return (folder / MARKER).is_file() and (folder / "bin/python").exists()


def mark_complete(folder: Path) -> None:
    """Say that an environment has all it needs. Raises OSError."""
    write_durably(folder / MARKER, b"", 0o644)


async def find_version(scene: Scene, wanted: str, origin: Origin) -> str:
    """Return the full name of the wanted version, of the newest for "".

    An environment that stands already is found without the origin. Raises UpgradeError.
    """
    if wanted and not is_release(wanted):
        raise UpgradeError(f"`{wanted}` is not a version", hint="for example 0.2.0")
    for version in _standing(scene):
        if wanted and is_same_release(version, wanted):
            return version
    if origin.wheels is not None and not origin.wheels.is_dir():
        raise UpgradeError(
            f"{origin.wheels}: no such folder of wheels",
            hint="put the wheels of unitward and of what it needs there",
        )
    if origin.hashes is not None:
        return _hashed_version(origin.hashes, wanted)
    requirement = f"unitward=={wanted}" if wanted else "unitward"
    asked = ("--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-")
    ended = await _pip(Path(sys.executable), scene.env, (*asked, *origin.options, requirement))
    if ended.code != 0:
        raise _pip_failed(f"{requirement} cannot be found", ended, origin)
    try:
        version = str(json.loads(ended.out)["install"][0]["metadata"]["version"])
    except (ValueError, LookupError, TypeError):
        raise UpgradeError("pip's report cannot be read; is it older than 23?") from None
    if not is_release(version):
        raise UpgradeError(f"the newest version is `{version}`, which names no release")
    return version


def _standing(scene: Scene) -> list[str]:
    """Return the versions whose environments need not be made."""
    with contextlib.suppress(OSError):
        found = [folder.name for folder in scene.layout.versions.iterdir() if is_complete(folder)]
        return [scene.running, *found]
    return [scene.running]


def _hashed_version(hashes: Path, wanted: str) -> str:
    """Return the version that a requirements file names. Raises UpgradeError for another one."""
    try:
        found = _OWN_LINE.search(hashes.read_text("utf-8", "replace"))
    except OSError as error:
        raise UpgradeError(f"{hashes}: cannot be read: {error.strerror}") from error
    version = found["version"] if found else ""
    if not is_release(version):
        raise UpgradeError(f"{hashes}: no line `unitward==VERSION --hash=sha256:…`")
    if wanted and not is_same_release(version, wanted):
        raise UpgradeError(
            f"{hashes} has the hashes of unitward {version}, not of {wanted}",
            hint="renew that file, or remove it to install without hashes",
        )
    return version


async def make_environment(scene: Scene, version: str, origin: Origin) -> Path:
    """Make a version's environment unless it stands, and return it.

    It is made in its final place. What an interrupted attempt left there is removed first;
    what a failed one left, at once. Raises UpgradeError.
    """
    folder = scene.environment(version)
    if is_complete(folder):
        return folder
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        await _fill(scene, folder, version, origin)
        await _sync(scene, folder)
        mark_complete(folder)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise UpgradeError(f"{error.filename or folder}: {error.strerror}") from error
        raise
    return folder


async def _fill(scene: Scene, folder: Path, version: str, origin: Origin) -> None:
    env, python = _clean(scene.env), folder / "bin/python"
    # ensurepip is run apart from venv, which keeps to itself what pip says.
    for command in (
        (sys.executable, "-m", "venv", "--without-pip", str(folder)),
        (str(python), "-I", "-m", "ensurepip", "--default-pip"),
    ):
        what = "the virtual environment cannot be made"
        made = await run_program(command, env=env, limit=VENV_SECONDS, what=what)
        if made.code != 0:
            raise _failed(what, made)
    wanted = ("--require-hashes", "-r", str(origin.hashes)) if origin.hashes else ()
    arguments = ("--quiet", *origin.options, *(wanted or (f"unitward=={version}",)))
    ended = await _pip(python, env, arguments)
    if ended.code != 0:
        raise _pip_failed(f"unitward {version} cannot be installed", ended, origin)


async def _pip(python: Path, env: Mapping[str, str], arguments: tuple[str, ...]) -> Ended:
    return await run_program(
        (str(python), *_PIP, *arguments),
        env=_clean(env),
        limit=PIP_SECONDS,
        what="pip did not answer",
    )


def _failed(what: str, ended: Ended, hint: str = "") -> UpgradeError:
    said = ended.last_words
    if "No module named pip" in said:
        hint = f"make this environment's pip anew: {sys.executable} -m ensurepip"
    elif "ensurepip" in said:
        hint = "Debian has what is missing in python3-venv"
    elif "No space left" in said:
        hint = "free some space, then try again"
    return UpgradeError(f"{what}: {said}", hint=hint)


def _pip_failed(what: str, ended: Ended, origin: Origin) -> UpgradeError:
    if origin.wheels is not None:
        hint = f"the wheels of unitward and of all it needs have to be in {origin.wheels}"
    else:
        hint = "without a network: put wheels into a folder and name it in `unitward_from`"
    return _failed(what, ended, hint)


async def _sync(scene: Scene, folder: Path) -> None:
    """Have the kernel write all of it: the marker must not survive what it speaks of."""
    ended = await run_program(
        ("sync", "--file-system", str(folder)),
        env=scene.env,
        limit=SYNC_SECONDS,
        what="the new environment cannot be made durable",
    )
    if ended.code != 0:
        raise UpgradeError(f"the new environment cannot be made durable: {ended.last_words}")


def _clean(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name not in _MISLEADING}


async def remove_environments(scene: Scene, kept: frozenset[str]) -> None:
    """Remove the environments of all other versions; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        for folder in scene.layout.versions.iterdir():
            if folder.name not in kept and folder.is_dir() and not folder.is_symlink():
                # First the marker: half-removed, it must not pass for a whole one.
                (folder / MARKER).unlink(missing_ok=True)
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
