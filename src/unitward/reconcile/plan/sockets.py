"""Sockets and their services change together (semantics.md C7, D2).

A socket cannot be restarted under its running service, and a service that is stopped
comes back by its socket; so both are stopped before anything is written, and the
sockets are started first afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from unitward.model.desired import DesiredUnit
from unitward.model.plan import Action, Phase, Verb
from unitward.model.source import Place
from unitward.reconcile.plan.change import Change
from unitward.reconcile.plan.files import FileSync
from unitward.reconcile.plan.running import reset_action, start_action
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.want import Wish, is_true, want
from unitward.unitfile.effects import Effect


@dataclass(frozen=True, slots=True)
class Bounce:
    """Sockets and the service behind them that are stopped and started as one.

    stops: units to stop before files are written. sockets: to start afterwards.
    service: "" or the service to start after its sockets, because it ran.
    """

    reason: str
    stops: tuple[str, ...]
    sockets: tuple[str, ...]
    service: str

    @property
    def members(self) -> frozenset[str]:
        """Return every unit whose running this bounce decides."""
        return frozenset({*self.stops, *self.sockets, *([self.service] if self.service else [])})


def accepts(unit: DesiredUnit) -> bool:
    """Tell whether the socket starts an instance for each connection."""
    return is_true(unit.text.last("Socket", "Accept"))


def service_of(socket: DesiredUnit) -> str:
    """Return the service that a socket with `Accept=no` starts."""
    named = socket.text.last("Socket", "Service")
    return named or f"{socket.name.removesuffix('.socket')}.service"


def find_bounces(changes: Mapping[str, Change], sides: Sides) -> list[Bounce]:
    """Return the groups of sockets and services that have to be stopped together."""
    bounces: list[Bounce] = []
    done: set[str] = set()
    for name, change in changes.items():
        socket = sides.desired.units.get(name)
        if socket is None or socket.suffix != ".socket" or accepts(socket) or name in done:
            continue
        reason = _reason(name, change, sides)
        if reason:
            bounce = _bounce(socket, reason, sides)
            done |= bounce.members
            if bounce.stops:
                bounces.append(bounce)
    return bounces


def _reason(name: str, change: Change, sides: Sides) -> str:
    socket = sides.desired.units[name]
    service_up = sides.observed.is_up(service_of(socket))
    if change.foreign is not None:
        return ""
    if change.is_new:
        wanted = want(socket, sides).wish is Wish.RUNNING
        return f"gains {name}" if service_up and wanted else ""
    if change.effect in {Effect.RESTART, Effect.STOP_START}:
        return change.reason
    gone = any(j.sync is FileSync.GONE for j in change.judgements)
    if gone and sides.observed.is_up(name):
        return "its file was gone"
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
    up = tuple(sorted(name for name in triggering if sides.observed.is_up(name)))
    service_ran = sides.observed.is_up(service)
    sockets = tuple(sorted({*up, socket.name}))
    return Bounce(
        reason,
        stops=(*up, *((service,) if service_ran else ())),
        sockets=sockets,
        service=service if service_ran else "",
    )


def bounce_stops(bounce: Bounce, sides: Sides) -> list[Action]:
    """Return the stops before anything is written: sockets first, so that none starts it again."""
    return [
        Action(Phase.STOP, Verb.STOP, name, bounce.reason, place=_place(name, sides))
        for name in bounce.stops
    ]


def bounce_starts(bounce: Bounce, sides: Sides) -> list[Action]:
    """Return the starts afterwards: all sockets in one batch, then the service if it ran."""
    names = (*bounce.sockets, *((bounce.service,) if bounce.service else ()))
    actions: list[Action] = []
    for name in names:
        unit = sides.desired.units.get(name)
        if unit is None:
            actions.append(Action(Phase.RUN, Verb.START, name, bounce.reason))
        else:
            actions += [
                reset_action(unit),
                start_action(unit, sides, Verb.START, bounce.reason),
            ]
    return actions


def _place(name: str, sides: Sides) -> Place | None:
    unit = sides.desired.units.get(name)
    return unit.place if unit else None
