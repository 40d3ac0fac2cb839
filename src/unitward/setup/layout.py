"""Where unitward's own program lies, when it keeps its versions beside one another."""

from collections.abc import Mapping
from pathlib import Path

from unitward.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """Below `$XDG_DATA_HOME/unitward`; nothing of it needs to exist.

    versions: one virtual environment for each version, named by it.
    current: a link to the one in use. What names it follows an upgrade.
    """

    root: Path

    @property
    def versions(self) -> Path:
        """Return the folder of the virtual environments."""
        return self.root / "versions"

    @property
    def current(self) -> Path:
        """Return the link to the virtual environment in use."""
        return self.root / "current"

    @property
    def program(self) -> Path:
        """Return the path of the program that stays the same in every version."""
        return self.current / "bin" / "unitward"


def data_home(env: Mapping[str, str], home: Path) -> Path:
    """Return the XDG data folder that an environment means."""
    named = env.get("XDG_DATA_HOME", "")
    return Path(named) if named.startswith("/") else home / ".local" / "share"


def layout_from(env: Mapping[str, str], home: Path) -> Layout:
    """Return the layout of the account that an environment means."""
    return Layout(data_home(env, home) / "unitward")
