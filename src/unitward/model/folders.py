"""Where things lie for one account (XDG Base Directory Specification)."""

from collections.abc import Mapping
from pathlib import Path

from unitward.errors import UnitwardError
from unitward.model.records import dataclass
from unitward.model.settings import Settings


@dataclass(frozen=True, slots=True)
class Folders:
    """The account's folders and files. None of them needs to exist.

    config, state, cache: the XDG base folders; runtime: `$XDG_RUNTIME_DIR`.
    unit_dir: where the user manager looks for the account's own units (systemd.unit(5)).
    desired: the desired-state folder unless `source:` of config_file names another.
    edited: where copies of hand-edited unit files are kept.
    wake: the socket on which commands wake the daemon.
    remembered: what the daemon heard of units that the manager has forgotten.
    given_up: why the daemon's passes fail, while they do.
    """

    home: Path
    config: Path
    state: Path
    cache: Path
    runtime: Path
    unit_dir: Path
    desired: Path
    config_file: Path
    ledger: Path
    lock: Path
    edited: Path
    wake: Path
    remembered: Path
    given_up: Path


def folders_from(env: Mapping[str, str], uid: int) -> Folders:
    """Return the folders that an environment means for the account `uid`.

    A relative or empty XDG value is ignored, as the specification demands. Without
    `XDG_RUNTIME_DIR` (su, cron) the folder that pam_systemd(8) makes is assumed.

    Raises UnitwardError when HOME is not an absolute path.
    """
    home = _absolute(env, "HOME")
    if home is None:
        raise UnitwardError(
            "HOME is not set to an absolute path, so the unit folder cannot be found",
            hint="log in normally, or set HOME to the account's home folder",
        )
    config = _absolute(env, "XDG_CONFIG_HOME") or home / ".config"
    state = _absolute(env, "XDG_STATE_HOME") or home / ".local" / "state"
    cache = _absolute(env, "XDG_CACHE_HOME") or home / ".cache"
    runtime = _absolute(env, "XDG_RUNTIME_DIR") or Path(f"/run/user/{uid}")
    own_config, own_state = config / "unitward", state / "unitward"
    return Folders(
        home=home,
        config=config,
        state=state,
        cache=cache,
        runtime=runtime,
        unit_dir=config / "systemd" / "user",
        desired=own_config / "desired",
        config_file=own_config / "config.yaml",
        ledger=own_state / "ledger.sqlite",
        lock=own_state / "lock",
        edited=own_state / "edited",
        wake=runtime / "unitward" / "wake",
        remembered=runtime / "unitward" / "remembered.json",
        given_up=runtime / "unitward" / "given-up.json",
    )


def source_folder(folders: Folders, settings: Settings) -> Path:
    """Return the desired-state folder in force."""
    return Path(settings.source) if settings.source else folders.desired


def _absolute(env: Mapping[str, str], name: str) -> Path | None:
    path = Path(env.get(name, ""))
    return path if path.is_absolute() else None
