"""What the stateful test declares: small groups of units, each with a number that it runs with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """The units that a thing is made of."""

    SERVICE = "service"
    SOCKET = "socket and service"
    TIMER = "timer and service"
    TEMPLATE = "template with two instances"
    TARGET = "target and the service that it pulls in"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing as it is declared.

    number: what its processes sleep for, and its address or its time. about: its description.
    site: the value of its drop-in's variable, 0 for no drop-in.
    """

    kind: Kind
    name: str
    number: int = 1
    about: int = 1
    site: int = 0

    @property
    def units(self) -> tuple[str, ...]:
        """Return its units, the one that carries its name first."""
        name = self.name
        match self.kind:
            case Kind.SERVICE:
                return (f"{name}.service",)
            case Kind.SOCKET | Kind.TIMER | Kind.TARGET:
                return (f"{name}.{self.kind.name.lower()}", f"{name}.service")
            case Kind.TEMPLATE:
                return (f"{name}@.service", f"{name}@x.service", f"{name}@y.service")

    @property
    def running(self) -> tuple[str, ...]:
        """Return the services that have to run."""
        match self.kind:
            case Kind.SOCKET | Kind.TIMER:
                return ()
            case Kind.TEMPLATE:
                return self.units[1:]
            case _:
                return self.units[-1:]

    @property
    def active(self) -> tuple[str, ...]:
        """Return the units that have to be active."""
        head = self.kind in {Kind.SOCKET, Kind.TIMER, Kind.TARGET}
        return (*(self.units[:1] if head else ()), *self.running)

    @property
    def command(self) -> str:
        """Return the command line of its services."""
        return f"/bin/sleep {self.number + 1000}"

    @property
    def address(self) -> str:
        """Return the name of its socket below the runtime folder."""
        return f"{self.name}.{self.number}"

    @property
    def calendar(self) -> str:
        """Return the times of its timer; none comes while a test runs."""
        return f"2090-01-{self.number % 28 + 1:02} 00:00:00"

    @property
    def links(self) -> Mapping[str, str]:
        """Return the enablement links, each with the unit it is for."""
        wants = "default.target"
        match self.kind:
            case Kind.TARGET:
                target, service = self.units
                return {
                    f"{wants}.wants/{target}": target,
                    f"{target}.wants/{service}": service,
                }
            case Kind.TEMPLATE:
                return {f"{wants}.wants/{unit}": unit for unit in self.running}
            case _:
                return {f"{wants}.wants/{self.units[0]}": self.units[0]}

    def entries(self) -> str:
        """Return its part of a manifest."""
        if not self.site:
            return self._entries()
        service = f"    Service: {{Environment: SITE={self.site}}}\n"
        return f"{self._entries()}  {self.drop_in}:\n{service}"

    def _entries(self) -> str:
        head = f"  {self.units[0]}:\n"
        about = f"    Unit: {{Description: {self.described}}}\n"
        free = f"    Unit: {{Description: {self.described}, StartLimitIntervalSec: 0}}\n"
        again = "Restart: on-failure, RestartSec: 50ms"
        service = f"{free}    Service: {{ExecStart: {self.command}, {again}}}\n"
        second = f"  {self.units[-1]}:\n{service}"
        wanted = "    Install: {WantedBy: default.target}\n"
        match self.kind:
            case Kind.SERVICE:
                return f"{head}{service}{wanted}"
            case Kind.SOCKET:
                listen = f"    Socket: {{ListenStream: '%t/{self.address}'}}\n"
                return f"{head}{about}{listen}{wanted}{second}"
            case Kind.TIMER:
                times = f"    Timer: {{OnCalendar: '{self.calendar}'}}\n"
                return f"{head}{about}{times}{wanted}{second}"
            case Kind.TEMPLATE:
                return f"{head}    instances: [x, y]\n{service}{wanted}"
            case Kind.TARGET:
                pulled = f"    Install: {{WantedBy: {self.units[0]}}}\n"
                return f"{head}{about}{wanted}{second}{pulled}"

    @property
    def described(self) -> str:
        """Return the description of its units."""
        return f"{self.name} number {self.about}"

    @property
    def drop_in(self) -> str:
        """Return the path of its drop-in."""
        return f"{self.name}{'@' if self.kind is Kind.TEMPLATE else ''}.service.d/50-site.conf"

    @property
    def files(self) -> tuple[str, ...]:
        """Return the paths of its files in the unit folder."""
        units = self.units[:1] if self.kind is Kind.TEMPLATE else self.units
        return (*units, *([self.drop_in] if self.site else ()))

    def restarted_by(self, other: "Thing") -> set[str]:
        """Return the units that may get a new process when this becomes the other."""
        restarted: set[str] = set()
        if (self.number, self.site) != (other.number, other.site):
            restarted |= {unit for unit in self.units if unit.endswith(".service")}
        if self.number != other.number and self.kind is Kind.SOCKET:
            restarted.add(self.units[0])
        return restarted


ALL = (
    *(Thing(Kind.SERVICE, name) for name in "abc"),
    Thing(Kind.SOCKET, "k"),
    Thing(Kind.TIMER, "t"),
    Thing(Kind.TEMPLATE, "w"),
    Thing(Kind.TARGET, "g"),
)
FILES = ("one.yaml", "two.yaml")


def at_first() -> dict[str, tuple[str, Thing]]:
    """Return everything declared: name -> file and thing."""
    return {
        thing.name: (FILES[number % len(FILES)], replace(thing)) for number, thing in enumerate(ALL)
    }


def text_of(things: Iterable[Thing]) -> str:
    """Return a whole manifest."""
    entries = "".join(thing.entries() for thing in things)
    return "version: 1\nunits:\n" + entries if entries else "version: 1\nunits: {}\n"
