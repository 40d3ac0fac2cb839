"""Sockets and their services change together (semantics.md C7, D2).

A socket cannot be restarted under its running service, and a service that is stopped
comes back by its socket; so both are stopped before anything is written, and the
sockets are started first afterwards.
"""

from collections.abc import Mapping

from unitward.model.declared import OnChange
from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Sync, Verb
from unitward.model.records import dataclass
from unitward.reconcile.kinds import accepts, service_of
from unitward.reconcile.plan.change import Change
from unitward.reconcile.plan.files import FileSync
from unitward.reconcile.plan.gate import Gate
from unitward.reconcile.plan.protected import obstacle
from unitward.reconcile.plan.sides import Draft, Sides
from unitward.reconcile.plan.starting import reset_action, start_action
from unitward.reconcile.plan.stopping import start_again, stop_action, taken_down
from unitward.reconcile.plan.want import Wish, want
from unitward.unitfile.effects import Effect


@dataclass(frozen=True, slots=True)
class Bounce:
    """Sockets and the service behind them that are stopped and started as one.

    socket: the one that changed. stops: units to stop before files are written.
    sockets: to start afterwards. service: "" or the service to start after its sockets,
    because it ran. below: what the stops take down besides.
    """

    socket: str
    reason: str
    stops: tuple[str, ...]
    sockets: tuple[str, ...]
    service: str
    below: tuple[str, ...]

    @property
    def members(self) -> frozenset[str]:
        """Return every unit whose running this bounce decides."""
        return frozenset({*self.stops, *self.sockets})


def find_bounces(
    changes: Mapping[str, Change], gates: dict[str, Gate], sides: Sides
) -> list[Bounce]:
    """Return the groups of sockets and services that have to be stopped together.

    A socket whose group may not be stopped now is added to `gates`, or keeps running as
    it is where its own policy or an obstacle of table C says so.
    """
    bounces: list[Bounce] = []
    done: set[str] = set()
    for name, change in changes.items():
        if not name.endswith(".socket"):
            continue
        socket = sides.desired.units[name]
        if socket.is_template or accepts(socket):
            continue
        if name in done or name in gates:
            continue
        reason = _reason(socket, change, sides)
        if not reason or _stays(socket, sides):
            continue
        bounce = _bounce(socket, reason, sides)
        why = _why_not(bounce, gates, sides) or _is_undeclared(bounce, change, sides)
        if why:
            gates[name] = Gate(Sync.PENDING, f"{reason}; {why}")
        elif bounce.stops:
            done |= bounce.members
            bounces.append(bounce)
    return bounces


def _stays(socket: DesiredUnit, sides: Sides) -> bool:
    """Tell whether the socket itself must not be stopped: `keep`, or C16 to C18."""
    return socket.policy.on_change is OnChange.KEEP or obstacle(socket, sides) is not None


def _reason(socket: DesiredUnit, change: Change, sides: Sides) -> str:
    up = sides.observed.is_up(socket.name)
    if change.is_new:
        wanted = want(socket, sides).wish is Wish.RUNNING
        gains = sides.observed.is_up(service_of(socket)) and wanted and not up
        return f"gains {socket.name}" if gains else ""
    if change.effect in {Effect.RESTART, Effect.STOP_START}:
        return change.reason if up else ""
    status = sides.observed.units.get(socket.name)
    gone = any(j.sync is FileSync.GONE for j in change.judgements)
    if gone and up and status is not None and status.load != "loaded":
        return "its file was gone across a reload"
    return ""


def _bounce(socket: DesiredUnit, reason: str, sides: Sides) -> Bounce:
    service = service_of(socket)
    detail = sides.observed.details.get(service)
    triggering = {n for n in (detail.triggered_by if detail else ()) if n.endswith(".socket")}
    triggering |= {
        unit.name
        for unit in sides.desired.units.values()
        if unit.suffix == ".socket" and not accepts(unit) and service_of(unit) == service
    }
    up = sorted(name for name in triggering if sides.observed.is_up(name))
    ran = [service] if sides.observed.is_up(service) else []
    wanted = want(socket, sides).wish is not Wish.STOPPED
    sockets = sorted({*up, *([socket.name] if wanted else [])})
    stops = (*up, *ran)
    below = tuple(n for n in taken_down(stops, sides) if n not in sockets)
    return Bounce(socket.name, reason, stops, tuple(sockets), "".join(ran), below)


def _why_not(bounce: Bounce, gates: Mapping[str, Gate], sides: Sides) -> str:
    """Return why the group may not be stopped in this pass, "" if it may."""
    for name in (*sorted(bounce.members), *bounce.below):
        if sides.is_frozen(name):
            return f"{name} is {sides.how_frozen(name)}"
        if name in gates and name != bounce.socket:
            return f"waits for {name}: {gates[name].reason}"
        unit = sides.desired.units.get(name)
        if unit is None or name in bounce.below:
            continue
        held_back = obstacle(unit, sides)
        if held_back is not None:
            return f"{name}: {held_back.reason}"
        if unit.policy.on_change is OnChange.KEEP:
            return f"{name} is kept running (on_change: keep)"
    return ""


def _is_undeclared(bounce: Bounce, change: Change, sides: Sides) -> str:
    """Return why a service that nothing declares is not stopped for its socket, "" if it is."""
    service = bounce.service
    if not service or service in sides.desired.units:
        return ""
    if change.is_new:
        return f"{service} runs and is not declared; waits until it is stopped"
    if service in sides.recorded.units and not sides.desired.complete:
        return f"{service} is not declared in this reading, which is not whole"
    return ""


def bounce_actions(bounce: Bounce, sides: Sides, draft: Draft) -> list[Action]:
    """Return the stops, sockets first so that none starts the service again, and the starts."""
    back = (*bounce.sockets, *([bounce.service] if bounce.service else []), *bounce.below)
    actions = [
        stop_action(name, bounce.reason, sides, tuple(n for n in back if n != name))
        for name in bounce.stops
    ]
    for name in (*bounce.sockets, bounce.service):
        unit = sides.desired.units.get(name)
        if unit is not None and want(unit, sides).wish is Wish.STOPPED:
            continue
        if unit is not None:
            actions.append(reset_action(unit))
            actions.append(start_action(unit, sides, Verb.START, bounce.reason))
        elif name:
            actions.append(Action(Phase.RUN, Verb.START, name, bounce.reason))
    for name in bounce.below:
        actions += start_again(name, f"went down with {bounce.socket}", sides, draft)
    return actions
