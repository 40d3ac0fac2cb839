"""The installation's id where no ledger tells it: in the marks of the files that stand."""

from collections.abc import Iterable
from pathlib import Path

from unitward.store.unit_files import UnitFiles
from unitward.unitfile.mark import read_mark


def marked_installation(unit_dir: Path, identity: str) -> str:
    """Return the id that the marks below a unit folder carry, "" for none or more than one.

    identity: of this machine and account. Marks of others do not count: the files of a
    copied home stay foreign (semantics.md N3).
    """
    files = UnitFiles(unit_dir)
    marks = (read_mark(files.look(path).content or b"") for path in _unit_files(unit_dir))
    found = {mark.installation for mark in marks if mark is not None}
    own = {installation for installation in found if installation.startswith(f"{identity}-")}
    return own.pop() if len(own) == 1 else ""


def _unit_files(unit_dir: Path) -> Iterable[str]:
    for pattern in ("*.*", "*.d/*.conf"):
        for path in unit_dir.glob(pattern):
            yield str(path.relative_to(unit_dir))
