"""Root folders of machines: a view of a finished system that can be written to."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from unitward.systemd.sandbox.kernel import Mount, Namespace, mount, unshare


def keep_mounts_private() -> None:
    """Give this process a mount namespace of its own: what it mounts ends with it.

    Raises OSError without CAP_SYS_ADMIN.
    """
    unshare(Namespace.MOUNT)
    mount("none", Path("/"), how=Mount.RECURSIVE | Mount.PRIVATE)


@dataclass(frozen=True)
class Image:
    """A system to make copies of: folders laid over one another, the uppermost first."""

    layers: tuple[Path, ...]


class Root:
    """A copy of an image, at `path`, that keeps its changes below `folder`.

    An overlay where the file system can be one's upper layer, else copied files (the writable
    layer of a container is an overlay itself, and those cannot be stacked so).
    """

    def __init__(self, image: Image, folder: Path) -> None:
        self.path = folder / "root"
        self._image = image
        self._changes = folder / "changes"
        self._is_overlay = True
        work = folder / "work"
        for made in (self.path, self._changes, work):
            made.mkdir(parents=True)
        lower = ":".join(map(str, image.layers))
        options = f"lowerdir={lower},upperdir={self._changes},workdir={work}"
        try:
            mount("overlay", self.path, "overlay", options=options)
        except OSError:
            self._is_overlay = False
            (copied,) = image.layers
            self.path.rmdir()
            subprocess.run(("cp", "-a", "--reflink=auto", copied, self.path), check=True)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was changed, and the folder."""
        self._unmount()
        shutil.rmtree(self.path.parent)

    def freeze(self) -> Image:
        """Return the root as it is now as an image; it must not be written to from now on."""
        self._unmount()
        if self._is_overlay:
            return Image((self._changes, *self._image.layers))
        return Image((self.path,))

    def _unmount(self) -> None:
        if self._is_overlay and self.path.is_mount():
            subprocess.run(("umount", "--lazy", self.path), check=True)
