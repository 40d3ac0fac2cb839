"""What systemd is asked of the desired state. Pure.

Apart from `judged.py`: most passes have nothing to ask, and load nothing that understands answers.
"""

from collections.abc import Mapping

from unitward.model.desired import Desired, DesiredFile
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.reconcile.check.together import beside, groups


@dataclass(frozen=True, slots=True)
class Question:
    """What of the desired state systemd is to judge.

    files: path below the unit folder -> every file that may come to be there.
    changed: the paths of those that are not as recorded; groups: theirs, each with all the files
    it has to do with.
    """

    files: Mapping[str, DesiredFile]
    changed: frozenset[str]
    groups: tuple[set[str], ...]


def question_of(desired: Desired, recorded: Recorded) -> Question:
    """Return what systemd has to be asked, without groups where every file is as recorded."""
    files = {f.path: f for unit in desired.units.values() for f in unit.files()}
    files |= {f.path: f for f in desired.loose}
    changed = frozenset(
        path
        for path, file in files.items()
        if (known := recorded.files.get(path)) is None or known.digest != file.digest
    )
    concerned = beside(changed, groups(files)) if changed else ()
    return Question(files, changed, tuple(concerned))
