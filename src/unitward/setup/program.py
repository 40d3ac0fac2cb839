"""Which program unitward's own unit runs: the one that was run, by a path that lasts."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from unitward.errors import UnitwardError
from unitward.model.records import dataclass
from unitward.setup.layout import Layout

PROGRAM = "unitward"
# string_is_safe() in systemd's src/basic/string-util.c, which config_parse_exec() demands.
_UNSAFE = re.compile(r"""[\x00-\x1f\x7f"'\\]""")
CACHES = frozenset({".cache", "cache"})


@dataclass(frozen=True, slots=True)
class Invocation:
    """How this process was started: what Python knows of it.

    argv0: as the caller named the program. prefix: of the Python environment it runs in.
    """

    argv0: str
    executable: str
    prefix: str
    path: str

    @classmethod
    def of_this_process(cls, env: Mapping[str, str]) -> "Invocation":
        """Return how this process was started."""
        return cls(sys.argv[0], sys.executable, sys.prefix, env.get("PATH", os.defpath))


def lasting_command(invocation: Invocation, layout: Layout) -> tuple[str, ...]:
    """Return the words that start the same unitward from anywhere, its command excepted.

    Versions that stand side by side are named by the link `current`, so that the unit
    follows an upgrade. Links are kept as they are: those of pipx and uv stay where they
    are while what they lead to is replaced.

    Raises UnitwardError when the program lies where it will not stay.
    """
    prefix = Path(invocation.prefix).resolve()
    if layout.current.exists() and prefix.is_relative_to(layout.versions.resolve()):
        return (str(layout.program),)
    command = _as_run(invocation)
    if CACHES & set(Path(command[0]).parent.parts):
        raise UnitwardError(
            f"{command[0]} lies in a cache, which may be emptied at any time",
            hint="install it where it stays, such as with `pipx install` or `uv tool install`,"
            " and run that one",
        )
    if _UNSAFE.search(command[0]):
        raise UnitwardError(
            f"{command[0]!r}: systemd starts no program whose path has quotes, backslashes or"
            " control characters",
            hint="install unitward elsewhere and run that one",
        )
    return command


def _as_run(invocation: Invocation) -> tuple[str, ...]:
    named = Path(invocation.argv0)
    if named.name == PROGRAM:
        found = invocation.argv0
        if "/" not in found:
            found = shutil.which(found, path=invocation.path) or found
        path = os.path.abspath(found)  # noqa: PTH100 - resolve() would follow the links that last
        if os.access(path, os.X_OK):
            return (path,)
    beside = Path(invocation.executable).with_name(PROGRAM)
    if os.access(beside, os.X_OK):
        return (str(beside),)
    return (invocation.executable, "-m", PROGRAM)


def installed_at() -> float:
    """Return when the running unitward was installed (wall clock, seconds), 0 if unknown."""
    try:
        record = distribution(PROGRAM).locate_file(f"{PROGRAM}-{_version()}.dist-info/RECORD")
        return Path(str(record)).stat().st_ctime
    except (OSError, PackageNotFoundError):
        return 0.0


def _version() -> str:
    return distribution(PROGRAM).version
