"""What a declared unit wants to be (semantics.md W, first match)."""

from enum import Enum
from functools import lru_cache

from unitward.model.declared import State
from unitward.model.desired import DesiredUnit
from unitward.model.records import dataclass
from unitward.reconcile.kinds import is_true
from unitward.reconcile.plan.sides import OWN_UNIT, Sides
from unitward.reconcile.traits import traits_of
from unitward.unitfile.names import parse_name


class Wish(Enum):
    """The run state a unit should have."""

    RUNNING = "running"
    RAN = "ran"
    STOPPED = "stopped"
    COMPLETE = "complete"
    ANY = "any"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Want:
    """A wish, why, and the row of table W that decided it ("" for a template, which has none)."""

    wish: Wish
    reason: str
    row: str = ""

    @property
    def waiting(self) -> bool:
        """Tell whether the unit only waits for a target."""
        return self.row == "W5"


def targets_of(unit: DesiredUnit, sides: Sides) -> tuple[str, ...]:
    """Return the units that pull this one in once its links are as declared."""
    traits = traits_of(unit)
    if traits.enabling is False:
        return ()
    if traits.enabling:
        return traits.installs_into
    targets: dict[str, None] = {}
    for link in sides.links_of.get(unit.name, ()):
        folder, _, base = link.path.rpartition("/")
        if base == unit.name and folder.endswith((".wants", ".requires", ".upholds")):
            targets[folder.rpartition(".")[0]] = None
    return tuple(targets)


def want(unit: DesiredUnit, sides: Sides) -> Want:
    """Return what the unit wants to be."""
    return _want(unit, sides, frozenset())


def _want(unit: DesiredUnit, sides: Sides, asking: frozenset[str]) -> Want:
    if unit.is_template:
        return Want(Wish.ANY, "a template: only its instances run")
    if _does_not_exist(unit, sides):
        return Want(Wish.ABSENT, "no such unit on this account", "W8")
    if unit.name == OWN_UNIT and unit.is_policy_only:
        return Want(Wish.ANY, "unitward itself", "W6")
    if unit.policy.mask:
        return Want(Wish.STOPPED, "masked", "W1")
    if unit.policy.state is not None:
        return _want_as_said(unit, unit.policy.state)
    traits, detail = traits_of(unit), sides.observed.details.get(unit.name)
    if traits.refuses_start or (detail is not None and detail.refuse_manual_start):
        return Want(Wish.ANY, "refuses to be started by hand (RefuseManualStart=)", "W2")
    if _is_complete_timer(unit, sides):
        return Want(Wish.COMPLETE, "elapsed, and does not remain after that", "W7")
    targets = targets_of(unit, sides)
    for target in targets:
        if _will_be_up(target, unit, sides, asking):
            return _pulled_in(target, traits.is_oneshot, traits.ends)
    if targets:
        return Want(Wish.ANY, _waits_for(targets, sides), "W5")
    return Want(Wish.ANY, _started_by(unit, sides), "W6")


def _want_as_said(unit: DesiredUnit, state: State) -> Want:
    match state:
        case State.STOPPED:
            return Want(Wish.STOPPED, "state: stopped", "W1")
        case State.ANY:
            return Want(Wish.ANY, "state: any", "W1")
        case State.RUNNING:
            return Want(_running_wish(unit), "state: running", "W1")


@lru_cache(maxsize=64)
def _pulled_in(target: str, is_oneshot: bool, ends: bool) -> Want:
    """Return what most units want; one object for all that a target pulls in."""
    wish = Wish.RAN if ends else Wish.RUNNING
    return Want(wish, f"pulled in by {target}", "W4" if is_oneshot else "W3")


def _waits_for(targets: tuple[str, ...], sides: Sides) -> str:
    """Say which targets it waits for, and which of them neither manager nor folder has."""
    units, declared = sides.observed.units, sides.desired.units
    unknown = [
        name
        for name in targets
        if name not in declared and name in units and units[name].load == "not-found"
    ]
    waits = f"waits for {', '.join(targets)}"
    if len(unknown) == len(targets):
        return f"{waits}, which this account does not have"
    return f"{waits}; this account has no {', '.join(unknown)}" if unknown else waits


def _running_wish(unit: DesiredUnit) -> Wish:
    return Wish.RAN if traits_of(unit).ends else Wish.RUNNING


def _does_not_exist(unit: DesiredUnit, sides: Sides) -> bool:
    if not unit.is_policy_only:
        return False
    status = sides.observed.units.get(unit.name)
    return status is None or status.load == "not-found"


def _is_complete_timer(unit: DesiredUnit, sides: Sides) -> bool:
    if unit.suffix != ".timer":
        return False
    remain = unit.text.last("Timer", "RemainAfterElapse")
    if not remain or is_true(remain):
        return False
    known = sides.known(unit.name)
    detail = sides.observed.details.get(unit.name)
    ran = known is not None and known.life == sides.observed.manager.life
    unchanged = known is not None and known.run_digest == unit.run_digest
    return (
        not sides.observed.is_up(unit.name)
        and unchanged
        and (ran or (detail is not None and detail.active_exit_timestamp > 0))
    )


def _will_be_up(target: str, unit: DesiredUnit, sides: Sides, asking: frozenset[str]) -> bool:
    status = sides.observed.units.get(target)
    if status is not None and (
        status.active in {"active", "activating", "reloading"} or status.job_type == "start"
    ):
        return True
    declared = sides.desired.units.get(target)
    if declared is None or target == unit.name or target in asking:
        return False
    return _want(declared, sides, asking | {unit.name}).wish is Wish.RUNNING


def _started_by(unit: DesiredUnit, sides: Sides) -> str:
    parsed = parse_name(unit.name)
    starter = sides.starters.get(unit.name) or sides.starters.get(parsed.template)
    if starter:
        return f"started by {starter}"
    if traits_of(unit).enabling is False:
        return "not enabled; started only by hand or by other units"
    return "installed, nothing starts it"
