"""Why no table judges how a unit runs, for units that are not declared and valid. Pure."""

from unitward.model.desired import DesiredFile, Freeze
from unitward.model.explanation import Installed, Ruling, Standing
from unitward.model.plan import Plan
from unitward.model.records import dataclass
from unitward.model.source import Severity
from unitward.model.unitstate import UnitDetail
from unitward.reconcile.evidence import NONE
from unitward.reconcile.plan.absent import is_renamed, may_remove
from unitward.reconcile.plan.files import judge_file
from unitward.reconcile.plan.sides import Sides
from unitward.unitfile.names import parse_name


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What is said in place of the rows of W, V or P, and C."""

    wants: Ruling
    judged: Ruling = NONE
    change: Ruling = NONE


def loose_file(path: str, sides: Sides) -> DesiredFile | None:
    """Return the declared drop-in for many units at once that the path is, if any."""
    return next((file for file in sides.desired.loose if file.path == path), None)


def why_left_alone(
    name: str, sides: Sides, plan: Plan, detail: UnitDetail | None, unit_dir: str
) -> LeftAlone:
    """Say why a unit that is not among `sides.desired.units` is not judged, and by which row."""
    freeze = sides.desired.frozen.get(name)
    if freeze is not None:
        return _frozen(name, freeze, sides)
    if name in sides.desired.unsupported:
        return LeftAlone(
            Ruling("", "nothing here: what stands and runs stays as it is"),
            Ruling("", "not judged: this systemd cannot run what is declared"),
        )
    if name in sides.forgotten or name in sides.recorded.orders.forgotten:
        return LeftAlone(
            Ruling("N4", "nothing: it was forgotten; what stands and runs stays as it is"),
            Ruling("", "not judged: it is its owner's"),
            Ruling("", "what the folder says of it is not applied"),
        )
    file = loose_file(name, sides)
    if file is not None:
        return _loose(file, sides)
    if name in sides.recorded.units:
        return LeftAlone(
            _of_removal(name, sides, plan), Ruling("", "not judged: it need not run any more")
        )
    return LeftAlone(Ruling(*_not_ours(name, sides, detail, unit_dir)))


def _frozen(name: str, freeze: Freeze, sides: Sides) -> LeftAlone:
    error = next(
        (p for p in sides.desired.problems if p.unit == name and p.severity is Severity.ERROR), None
    )
    change = NONE
    if error is not None:
        change = Ruling("", f"nothing is read of it: {error.place}: {error.message}")
    return LeftAlone(
        Ruling(freeze.row, "nothing new: it stays as it is until that is mended"),
        Ruling("", "not judged while it is frozen: neither started nor restarted"),
        change,
    )


def _loose(file: DesiredFile, sides: Sides) -> LeftAlone:
    owner = file.path.partition(".d/")[0]
    suffix = owner.rpartition(".")[2]
    whose = f"each {owner[: -len(suffix) - 1]}*.{suffix}" if "." in owner else f"each {suffix}"
    judgement = judge_file(file, sides)
    differs = f"{file.path} {judgement.reason}: is" if judgement.is_changed else "a change is"
    return LeftAlone(
        Ruling("", f"to stand in the unit folder: it adds to {whose}"),
        Ruling("", "nothing runs by it alone"),
        Ruling("C12", f"{differs} written and loaded, and restarts nothing"),
    )


def _of_removal(name: str, sides: Sides, plan: Plan) -> Ruling:
    """Say when a unit goes that is recorded and not declared."""
    desired = sides.desired
    if sides.hold_of(name) is not None:
        return Ruling("H1", "to go, once its hold ends")
    for held in plan.held:
        if name in held.units:
            row = "R2" if is_renamed(sides) else "R3"
            return Ruling(row, f"to go, once a person approves: unitward approve {held.digest}")
    if not desired.complete:
        return Ruling("R2", f"to go, once {desired.incomplete_because} is mended")
    if name in desired.removed:
        return Ruling("R1", "to go now: it is listed under removed:")
    if may_remove(name, sides):
        return Ruling("R1", "to go now: it was absent for prune_after")
    return Ruling("R1", "to go, once it was absent for prune_after")


def _not_ours(name: str, sides: Sides, detail: UnitDetail | None, unit_dir: str) -> tuple[str, str]:
    """Return the row and the sentence for a unit that only the manager knows."""
    template = parse_name(name).template
    if template in sides.desired.units:
        return "C11", f"any: an instance of {template} that nobody declared; changes with it"
    if foreign_fragment(detail, sides, unit_dir):
        return "", f"nothing: its file is not unitward's; `unitward adopt {name}` gives it over"
    return "", "nothing: no manifest names it, with `state:` or a drop-in for it"


def foreign_fragment(
    detail: UnitDetail | None, sides: Sides, unit_dir: str
) -> tuple[Installed, ...]:
    """Return the file of somebody else in the unit folder that a unit was loaded from."""
    if detail is None or not unit_dir or not detail.fragment_path.startswith(f"{unit_dir}/"):
        return ()
    path = detail.fragment_path.removeprefix(f"{unit_dir}/")
    return () if path in sides.recorded.files else (Installed(path, Standing.FOREIGN),)
