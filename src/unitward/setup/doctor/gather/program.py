"""unitward's own environments: the one in use, those beside it, the last upgrade."""

import subprocess
from pathlib import Path

from unitward.setup.doctor.facts import Account, LastUpgrade, Program
from unitward.setup.layout import Layout, layout_from
from unitward.setup.upgrade.environment import is_complete
from unitward.setup.upgrade.guard import UNDOING
from unitward.setup.upgrade.record import read_upgrade
from unitward.setup.upgrade.scene import Scene
from unitward.store.lock import lock_holder

_LIMIT_SECONDS = 10.0
_OPEN = frozenset({"ready", "switching"})


def look_at_program(account: Account) -> Program:
    """Look where `current` leads, try the program there, and read what became of upgrades."""
    layout = layout_from(account.env, account.folders.home)
    current, broken = "", ""
    if layout.current.is_symlink():
        current = layout.current.readlink().name
        broken = _why_broken(layout, account)
    elif layout.current.exists():
        broken = f"{layout.current} is not the link that it has to be"
    try:
        beside = sorted(folder.name for folder in layout.versions.iterdir() if is_complete(folder))
    except OSError:
        beside = []
    return Program(
        root=str(layout.root),
        current=current,
        broken=broken,
        others=tuple(name for name in beside if name != current),
        upgrade=_last_upgrade(layout, account),
    )


def _why_broken(layout: Layout, account: Account) -> str:
    """Return why the program in use does not run, "" when it does."""
    link, folder = layout.current, layout.current.resolve()
    if not folder.is_dir():
        return f"{link} leads to {folder}, which does not exist"
    python = folder / "bin" / "python"
    if not python.exists():
        where = f" (it leads to {python.readlink()})" if python.is_symlink() else ""
        return f"{python} does not exist{where}"
    try:
        ended = subprocess.run(
            (str(layout.program), "--version"),
            # A look leaves no bytecode in the environment.
            env={**account.env, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=_LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"{layout.program} does not answer within {_LIMIT_SECONDS:g} s"
    except OSError as error:
        return f"{layout.program} cannot be run: {error.strerror}"
    said = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
    return "" if ended.returncode == 0 else f"{layout.program} does not run: {said[-1]}"


def _last_upgrade(layout: Layout, account: Account) -> LastUpgrade | None:
    scene = Scene(layout, account.folders, "", account.env)
    holder = lock_holder(scene.lock)
    preparing = holder[0] if holder else 0
    last = read_upgrade(scene.record)
    if last is None:
        return LastUpgrade(preparing=preparing) if preparing else None
    return LastUpgrade(
        version=last.version,
        phase=last.phase.value,
        told=last.summary,
        at=last.at,
        limit=last.limit if last.phase.value in _OPEN else 0.0,
        preparing=preparing,
        goes_back=_exists(scene.kept / UNDOING),
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
