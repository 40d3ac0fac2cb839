"""The effects on the unit folder: files, links, masks, stamps."""

import os
import time
from pathlib import Path

from unitward.errors import ManagerCallError, UnitFileError, UnitwardError
from unitward.model.plan import Action, Verb
from unitward.model.recorded import RecordedLink
from unitward.model.unitstate import LinkChange
from unitward.store.unit_files import UnitFiles
from unitward.systemd.manager import Manager

STALE = "changed meanwhile: somebody wrote it; planned anew"


class FolderWork:
    """Carries out what a plan wants of the unit folder, one action at a time.

    edited: folder for copies of hand-edited files. stamps: folder of timer stamps.
    `links` is what was made, for the ledger.
    """

    def __init__(self, files: UnitFiles, manager: Manager, edited: Path, stamps: Path) -> None:
        self._files = files
        self._manager = manager
        self._edited = edited
        self._stamps = stamps
        self._dirty: set[str] = set()
        self.links: list[RecordedLink] = []

    async def do(self, action: Action) -> str:
        """Carry out one action; returns why it no longer fits the disk, "" when done.

        Raises UnitFileError or ManagerCallError.
        """
        if (stale := self.stale_because(action)) != "":
            return stale
        match action.verb:
            case Verb.CREATE | Verb.UPDATE | Verb.RESTORE | Verb.RELEASE:
                self._files.write(action.path, action.content)
                self._dirty.add(action.path)
            case Verb.DELETE:
                self._files.delete(action.path)
                self._dirty.add(action.path)
            case Verb.UNLINK:
                return self._unlink(action)
            case Verb.LINK:
                self._dirty.add(action.path)
                return "" if self._files.link(action.path, action.target) else STALE
            case Verb.KEEP_COPY:
                self._keep_copy(action)
            case Verb.STAMP:
                self._touch_stamp(action)
            case Verb.MASK:
                await self._manager.mask([action.unit])
            case Verb.UNMASK:
                await self._manager.unmask([action.unit])
            case _:
                raise UnitFileError(f"{action.summary}: not an action on the unit folder")
        return ""

    def stale_because(self, action: Action) -> str:
        """Return why an action no longer fits the disk, "" if it does."""
        fits = action.before is None or self._files.look(action.path) == action.before
        return "" if fits else STALE

    def sync(self) -> None:
        """Make what was written durable."""
        if self._dirty:
            self._files.sync_folders(self._dirty)
            self._dirty.clear()

    def _unlink(self, action: Action) -> str:
        found = self._files.links_at([action.path]).get(action.path)
        # Comparing paths takes longer than removing the link.
        if found is not None and found != action.target and Path(found) != Path(action.target):
            return ""
        self._files.delete(action.path)
        self._dirty.add(action.path)
        return ""

    def _keep_copy(self, action: Action) -> None:
        assert action.before is not None
        stamp = time.strftime("%Y%m%dT%H%M%S")
        name = f"{action.path.replace('/', '_')}.{stamp}"
        target = self._edited / name
        try:
            self._edited.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = 1
            while target.exists():
                number += 1
                target = self._edited / f"{name}-{number}"
            with target.open("xb") as file:
                file.write(action.before.content or b"")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UnitFileError(
                f"{target}: the edited copy cannot be kept: {error.strerror}",
                hint="nothing was overwritten; free space or give write access",
            ) from error

    def _touch_stamp(self, action: Action) -> None:
        target = self._stamps / f"stamp-{action.unit}"
        try:
            self._stamps.mkdir(parents=True, exist_ok=True)
            target.touch()
        except OSError as error:
            raise UnitFileError(f"{target}: cannot be touched: {error.strerror}") from error

    async def enable(self, actions: list[Action]) -> dict[Action, str]:
        """Enable all units in one call, singly where that fails; returns why each failed."""
        if not actions:
            return {}
        try:
            changes = await self._manager.enable([action.unit for action in actions])
        except ManagerCallError:
            return {action: await self._enable_one(action) for action in actions}
        self._note_links(changes, actions)
        missing = _without_target(changes)
        return {action: missing.get(action.unit, "") for action in actions}

    async def _enable_one(self, action: Action) -> str:
        try:
            changes = await self._manager.enable([action.unit])
        except UnitwardError as error:
            return str(error)
        self._note_links(changes, [action])
        return _without_target(changes).get(action.unit, "")

    def _note_links(self, changes: tuple[LinkChange, ...], actions: list[Action]) -> None:
        units = {action.unit for action in actions}
        root = f"{self._files.root}/"
        named = {change.path.removeprefix(root) for change in changes}
        present = self._files.links_at(named.union(*(action.adopts for action in actions)))
        for change in changes:
            path = change.path.removeprefix(root)
            if change.kind == "symlink" and path in present:
                unit = _owner(path, present[path], units)
                self.links.append(RecordedLink(path, present[path], unit))
        for action in actions:
            for path in action.adopts:
                if path in present:
                    self.links.append(RecordedLink(path, present[path], action.unit))


def _owner(path: str, target: str, units: set[str]) -> str:
    """Return the unit a link belongs to: by its own name, else (an alias) by its target's."""
    name, target_name = Path(path).name, Path(target).name
    if name in units or target_name not in units:
        return name
    return target_name


def _without_target(changes: tuple[LinkChange, ...]) -> dict[str, str]:
    """Return why enabling a unit has no effect yet, where systemd named a trouble."""
    return {
        Path(change.path).name: f"{change.path}: {change.kind}"
        for change in changes
        if change.kind not in {"symlink", "unlink", "destination not present"}
    }
