"""Where an upgrade takes place: the environments beside one another, and what lies in the state."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from unitward.model.folders import Folders
from unitward.model.records import dataclass
from unitward.setup.layout import Layout, layout_from
from unitward.setup.upgrade.record import UpgradeError, record_path

RESTART = "systemctl --user restart unitward.service"


@dataclass(frozen=True, slots=True)
class Scene:
    """An account whose unitward runs from the environment `running` of the layout.

    env: the account's environment, for the programs that are run.
    """

    layout: Layout
    folders: Folders
    running: str
    env: Mapping[str, str]

    @property
    def record(self) -> Path:
        """Return the path of the last upgrade's record."""
        return record_path(self.folders)

    @property
    def kept(self) -> Path:
        """Return the folder of what a switch keeps for going back."""
        return self.folders.ledger.parent / "upgrade"

    @property
    def previous(self) -> Path:
        """Return the link that goes back in the place of `current`."""
        return self.layout.root / "previous"

    @property
    def lock(self) -> Path:
        """Return the lock of the one who prepares an upgrade."""
        return self.folders.ledger.parent / "upgrade.lock"

    @property
    def current(self) -> str:
        """Return the name of the environment that the next start takes, "" for none."""
        try:
            return self.layout.current.readlink().name
        except OSError:
            return ""

    def environment(self, version: str) -> Path:
        """Return the path of a version's environment."""
        return self.layout.versions / version


def runs_from(layout: Layout, prefix: str = sys.prefix) -> bool:
    """Tell whether a Python environment is one of the layout's versions."""
    return Path(prefix).resolve().parent == layout.versions.resolve()


def scene_of(folders: Folders, env: Mapping[str, str], prefix: str = sys.prefix) -> Scene:
    """Return the scene of the running unitward, whose Python environment is `prefix`.

    Raises UpgradeError, with what to do instead, when it was installed in another way.
    """
    layout = layout_from(env, folders.home)
    real = Path(prefix).resolve()
    if not runs_from(layout, prefix):
        what, instead = _installed_by(real)
        raise UpgradeError(f"{what}, which upgrades it", hint=f"{instead}; then {RESTART}")
    scene = Scene(layout, folders, real.name, env)
    if scene.current and scene.current != scene.running:
        raise UpgradeError(
            f"this is unitward {scene.running}, and {scene.current} is in use",
            hint=f"run that one: {layout.program} upgrade",
        )
    return scene


def _installed_by(prefix: Path) -> tuple[str, str]:
    """Return who installed this unitward, and how it is upgraded."""
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - slow

    if (prefix / "pipx_metadata.json").exists():
        return "unitward was installed by pipx", "pipx upgrade unitward"
    if (prefix / "uv-receipt.toml").exists():
        return "unitward was installed by uv", "uv tool upgrade unitward"
    try:
        found = distribution("unitward")
    except PackageNotFoundError:
        return "unitward was not installed, but is run from its source", "git pull, or unpack it"
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return f"unitward runs from the folder {origin.get('url', '')}", "git pull there"
    if (found.read_text("INSTALLER") or "").strip() in {"pip", "uv"}:
        return f"unitward was installed by pip in {prefix}", (
            f"{prefix}/bin/python -m pip install --upgrade unitward"
        )
    return "unitward came with a package of the distribution", (
        "upgrade it as every package, such as with `sudo apt upgrade`"
    )
