"""Which folders are watched: the source, the unit folder, and what units depend on."""

import asyncio
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from unitward.model.recorded import Recorded
from unitward.reconcile.account import Account
from unitward.reconcile.one_pass import Considered
from unitward.reconcile.outside import expand_path
from unitward.sources.watch import FolderWatch, Watcher

GLOB_CHARACTERS = frozenset("*?[")


class Watches:
    """All watches of the daemon. To be made inside the running event loop.

    on_source: a change of the desired-state folder, heard at a time of time.monotonic().
    on_unit_file: a path of the unit folder. on_content: a watched path (`env_files`,
    `restart_on`, a missing executable).
    """

    def __init__(
        self,
        account: Account,
        on_source: Callable[[float], None],
        on_unit_file: Callable[[str], None],
        on_content: Callable[[Path], None],
    ) -> None:
        self._account = account
        self._on_source = on_source
        self._on_content = on_content
        self._watcher = Watcher(asyncio.get_running_loop())
        self._source = self._watcher.add(account.source.root, self._source_changed)
        self._units = self._watcher.add(
            account.folders.unit_dir, on_unit_file, recursive=True, every_name=True
        )
        self._contents: dict[Path, tuple[FolderWatch, set[str]]] = {}
        self._owners: dict[str, str] = {}
        self._links: dict[str, str] = {}

    @property
    def degraded(self) -> str:
        """Return why changes may go unnoticed, "" when all is watched."""
        return self._watcher.degraded or self._source.degraded or self._units.degraded

    def take_dropped(self) -> bool:
        """Tell, once, whether the kernel dropped notices of changes."""
        dropped, self._watcher.dropped = self._watcher.dropped, False
        return dropped

    def close(self) -> None:
        """Stop watching."""
        self._watcher.close()

    def restart_source(self) -> None:
        """Watch the source folder of the settings in force now."""
        self._source.close()
        self._source = self._watcher.add(self._account.source.root, self._source_changed)

    def _source_changed(self, _: str) -> None:
        self._on_source(self._source.heard_at)

    def follow(self, considered: Considered, recorded: Recorded) -> None:
        """Watch what the units of a pass depend on, and remember whose each path is.

        recorded: the ledger after the pass, which knows the links that the pass made.
        """
        desired = considered.desired
        self._owners = {path: file.unit for path, file in recorded.files.items()}
        for name, unit in desired.units.items():
            self._owners.update({file.path: name for file in unit.files()})
        self._links = {path: link.unit for path, link in recorded.links.items()}
        wanted = {Path(path) for path in considered.observed.missing.values()}
        places = self._account.places
        for name, unit in desired.units.items():
            policy = unit.policy
            for pattern in (*policy.env_files, *policy.restart_on, *policy.reload_on):
                path = expand_path(pattern, name, places)
                if path is not None:
                    wanted.add(Path(path))
        self._watch_contents(wanted)
        if self.degraded:
            self._source.rescan()
            self._units.rescan()

    def _watch_contents(self, wanted: set[Path]) -> None:
        folders: dict[Path, set[str]] = {}
        for path in wanted:
            folder, pattern = _split(path)
            folders.setdefault(folder, set()).add(pattern)
        for folder in self._contents.keys() - folders.keys():
            self._contents.pop(folder)[0].close()
        for folder, patterns in folders.items():
            if folder in self._contents:
                self._contents[folder][1].clear()
                self._contents[folder][1].update(patterns)
                continue
            watch = self._watcher.add(
                folder,
                lambda name, folder=folder: self._content_changed(folder, name),  # type: ignore[misc]
                recursive=False,
                every_name=True,
            )
            self._contents[folder] = (watch, patterns)

    def _content_changed(self, folder: Path, name: str) -> None:
        known = self._contents.get(folder)
        if known is None:
            return
        first = name.partition("/")[0]
        if not name or any(fnmatch(first, pattern) for pattern in known[1]):
            self._on_content(folder / name)

    def owner_of(self, path: str) -> str:
        """Return the declared unit that a path of the unit folder concerns, "" for none."""
        return self._owners.get(path) or self._links.get(path, "")

    def differs(self, path: str) -> bool:
        """Tell whether the path no longer looks as the last pass left it."""
        if path in self._links:
            return not (self._account.folders.unit_dir / path).is_symlink()
        return not self._account.files.looks_as_before(path)


def _split(path: Path) -> tuple[Path, str]:
    """Return the folder to watch for a path or glob, and what its entries must match."""
    parts = path.parts
    for number, part in enumerate(parts):
        if GLOB_CHARACTERS & set(part):
            return Path(*parts[:number]), part
    return path.parent, path.name
