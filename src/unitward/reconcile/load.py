"""Source -> Snapshot, or Unavailable."""

from dataclasses import field, replace
from pathlib import Path

from unitward.model.records import dataclass
from unitward.model.source import Snapshot, Unavailable
from unitward.sources.content import ReadCache
from unitward.sources.folder import read_folder
from unitward.sources.git import find_checkout
from unitward.sources.index_lock import wait_for_index_lock
from unitward.sources.trust import check_overlap


@dataclass(slots=True)
class Source:
    """The desired-state folder of one account; unchanged files are not read again."""

    root: Path
    unit_dir: Path
    uid: int
    cache: ReadCache = field(default_factory=ReadCache)


def is_locked(source: Source) -> bool:
    """Tell whether git is changing the folder at the moment."""
    checkout = find_checkout(source.root)
    return checkout is not None and checkout.index_locked()


async def load(source: Source, *, settled: bool) -> Snapshot | Unavailable:
    """Read the folder whole, waiting for git to finish a checkout in it (60 s at most).

    `settled` is False when the folder never became quiet before this reading.
    """
    overlap = check_overlap(source.root, source.unit_dir)
    if overlap is not None:
        return overlap
    checkout = find_checkout(source.root)
    if checkout is not None and checkout.index_locked():
        await wait_for_index_lock(checkout)
    snapshot = read_folder(source.root, uid=source.uid, cache=source.cache)
    if isinstance(snapshot, Snapshot) and not settled:
        return replace(snapshot, settled=False)
    return snapshot
