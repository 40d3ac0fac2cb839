"""The environment of the manager and of the command: clean, with what belongs to the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

MANAGER_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_PASSED_ON: Final = frozenset(
    {
        "BENCH_OUT",
        "CI",
        "COLORTERM",
        "COLUMNS",
        "EDITOR",
        "FORCE_COLOR",
        "LANG",
        "LANGUAGE",
        "LINES",
        "NO_COLOR",
        "PAGER",
        "SYSTEMD_COLORS",
        "SYSTEMD_PAGER",
        "TERM",
        "TZ",
        "VIRTUAL_ENV",
    }
)
_PASSED_ON_PREFIXES: Final = ("COVERAGE_", "HYPOTHESIS_", "LC_", "PYTEST_", "UNITWARD_")


def manager_environment(
    outer: Mapping[str, str], *, user: str, home: Path, runtime_dir: Path
) -> dict[str, str]:
    """Return the environment a login would give a user manager, and so its services."""
    environment = {
        "HOME": str(home),
        "LOGNAME": user,
        "PATH": MANAGER_PATH,
        "SHELL": "/bin/sh",
        "USER": user,
        "XDG_RUNTIME_DIR": str(runtime_dir),
    }
    if "LANG" in outer:
        environment["LANG"] = outer["LANG"]
    return environment


def command_environment(
    outer: Mapping[str, str], *, user: str, home: Path, runtime_dir: Path, has_bus: bool
) -> dict[str, str]:
    """Return the environment of the command: the sandbox's folders, the caller's terminal and PATH.

    The settings of unitward and of test runs (pytest, hypothesis, coverage, benchmarks) are passed
    on too. `TMPDIR` lies in the home folder, so that temporary files end with the sandbox.
    """
    passed_on = {
        name: value
        for name, value in outer.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    bus = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime_dir}/bus"} if has_bus else {}
    return (
        passed_on
        | bus
        | {
            "HOME": str(home),
            "LOGNAME": user,
            "PATH": outer.get("PATH", MANAGER_PATH),
            "SHELL": outer.get("SHELL", "/bin/sh"),
            "TMPDIR": str(home / "tmp"),
            "USER": user,
            "XDG_RUNTIME_DIR": str(runtime_dir),
        }
    )
