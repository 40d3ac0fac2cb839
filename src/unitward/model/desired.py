"""What the folder asks for, put together from all its manifests."""

from collections.abc import Mapping
from dataclasses import field
from typing import TypeVar

from unitward.model.declared import Policy
from unitward.model.records import dataclass
from unitward.model.source import Place, Problem, Revision, Unavailable
from unitward.model.unittext import UnitText


@dataclass(frozen=True, slots=True)
class DesiredFile:
    """One file that should stand below the unit folder.

    path: relative to the unit folder.
    content: its exact bytes, the ownership mark included; `digest` is their sha256.
    line_places: (line of content, where that line comes from), ascending.
    run_digest: what a running process depends on of a unit that is this file alone; "" of a
        drop-in and of an empty file.
    kept: as in DesiredUnit, of the unit that is this file alone.
    """

    path: str
    content: bytes
    digest: str
    place: Place
    text: UnitText
    line_places: tuple[tuple[int, Place], ...] = ()
    run_digest: str = ""
    kept: object = field(default=None, init=False, repr=False, compare=False)

    def place_of(self, line: int) -> Place:
        """Return where a line of the content comes from, the whole file when unknown."""
        found = self.place
        for known, place in self.line_places:
            if known > line:
                break
            found = place
        return found


@dataclass(frozen=True, slots=True)
class DesiredUnit:
    """One unit as it should be.

    fragment: None when the unit's file is not ours (policy, drop-ins only) or is its template.
    template: the template's name when the unit is an instance of a declared template.
    text: the meaning of what we declare of it: fragment or template's fragment, then drop-ins.
    run_digest: what a running process of this unit depends on (classes R and S).
    kept: what a reader worked out of the unit and left with it (`keep_with`). It is no part of
        what the unit is, and a unit made of this one by `replace` has none.
    """

    name: str
    place: Place
    text: UnitText
    policy: Policy = field(default_factory=Policy)
    fragment: DesiredFile | None = None
    dropins: tuple[DesiredFile, ...] = ()
    template: str = ""
    run_digest: str = ""
    kept: object = field(default=None, init=False, repr=False, compare=False)

    @property
    def suffix(self) -> str:
        """Return the unit type's suffix, such as `.service`."""
        return self.name[self.name.rindex(".") :]

    @property
    def is_template(self) -> bool:
        """Tell whether this is a template, which never runs itself."""
        return "@" in self.name and self.name.rpartition(".")[0].endswith("@")

    @property
    def is_policy_only(self) -> bool:
        """Tell whether the unit's file belongs to someone else."""
        return self.fragment is None and not self.template

    def files(self) -> tuple[DesiredFile, ...]:
        """Return the unit's own files: fragment first, then drop-ins in order."""
        return ((self.fragment,) if self.fragment else ()) + self.dropins


Found = TypeVar("Found")


def keep_with(carrier: DesiredUnit | DesiredFile, found: Found) -> Found:
    """Return what was found, which the carrier keeps from now on for whoever asks again."""
    object.__setattr__(carrier, "kept", found)
    return found


@dataclass(frozen=True, slots=True)
class Freeze:
    """Why a unit stays exactly as it is in this pass.

    row: the row of table F, "" where none has a say.
    """

    reason: str
    place: Place
    row: str = ""


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything the folder asks for.

    loose: drop-ins for a type (`service.d/`) or a prefix (`foo-.service.d/`).
    frozen: unit name -> why it stays as it is; such a unit is not in `units`.
    unsupported: unit name -> why this systemd cannot run it.
    removed: names listed under `removed:`.
    complete: every file was valid, the reading was whole and quiet: absence is meant.
    strict: one invalid file holds everything; held_by_strict: and there is one.
    unavailable: set when the source could not be read whole; nothing is decided then.
    """

    revision: Revision
    units: Mapping[str, DesiredUnit] = field(default_factory=dict)
    loose: tuple[DesiredFile, ...] = ()
    frozen: Mapping[str, Freeze] = field(default_factory=dict)
    unsupported: Mapping[str, Freeze] = field(default_factory=dict)
    removed: Mapping[str, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    complete: bool = True
    incomplete_because: str = ""
    unavailable: Unavailable | None = None
    strict: bool = False
    held_by_strict: bool = False
