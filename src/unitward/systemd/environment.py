"""What systemd-analyze gets of the environment of the one who asks. Pure."""

from collections.abc import Mapping

_PASSED_ON = (
    "HOME",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_DIRS",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


def passed_on(env: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that says where to search and what `%h` is.

    The rest has no part in what systemd says of a unit, nor has any `SYSTEMD_*`: so that what it
    says depends on nothing that differs between a shell, an editor and a hook.
    """
    return {name: env[name] for name in _PASSED_ON if name in env}
