"""What became of units that the manager has unloaded since, and so forgotten."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.systemd.connection import UNIT
from unitward.systemd.units import detail_of, type_interface

FACTS: Final = (
    "active_state",
    "sub_state",
    "invocation_id",
    "condition_result",
    "condition_timestamp",
    "state_change_timestamp",
    "inactive_exit_timestamp",
    "active_enter_timestamp",
    "active_exit_timestamp",
    "inactive_enter_timestamp",
    "result",
    "exec_main_start_timestamp",
    "exec_main_exit_timestamp",
    "exec_main_code",
    "exec_main_status",
    "n_restarts",
)
"""The fields of UnitDetail that a unit loses when it is unloaded, and no file can tell."""

Fact = str | int | bool
_SHAPE: Final = {name: type(getattr(UnitDetail(""), name)) for name in FACTS}
_RESET: Final = {"active_state": "inactive", "sub_state": "dead", "result": "success"}
_DOWN: Final = frozenset({"inactive", "failed"})
HISTORY: Final = ("invocation_id", "inactive_exit_timestamp", "condition_timestamp")
"""The fields that tell whether the manager still knows of a run, or of a skipped one."""


class Memory:
    """The last run of units that are down, for one life of the manager.

    A unit that is down and that nothing refers to is unloaded, a failed one where CollectMode=
    asks for it. The manager's signals tell all of these facts before (measured on 252). Of a unit
    that is up nothing is remembered: it is not unloaded.

    moment: grows with every change that is heard.
    """

    def __init__(self, told: Mapping[str, object] | None = None) -> None:
        """told: what another Memory `tell`s; parts that cannot be understood are left out."""
        told = told or {}
        life, units = told.get("life"), told.get("units")
        self._life = life if isinstance(life, str) else ""
        self._facts = _understood(units) if self._life else {}
        self._kept: set[str] = set(self._facts)
        self._of_type: dict[str, Mapping[str, Any]] = {}
        self._heard: dict[str, int] = {}
        self.moment = 0
        self._told = self._facts.copy()

    def tell(self) -> dict[str, object] | None:
        """Return everything in plain values, None while nothing changed since the last time."""
        if self._facts == self._told:
            return None
        self._told = self._facts.copy()
        return {"life": self._life, "units": self._told}

    def keep(self, names: Iterable[str]) -> None:
        """Remember these units, too, from now on."""
        self._kept.update(names)

    def drop(self, names: Iterable[str]) -> None:
        """Forget units."""
        for name in names:
            self._kept.discard(name)
            self._facts.pop(name, None)
            self._of_type.pop(name, None)
            self._heard.pop(name, None)

    def begin(self, life: str) -> None:
        """Say which manager is asked from now on; another one's units are forgotten.

        life: as in ManagerFacts; a manager that executes itself anew keeps it.
        """
        if self._life not in {"", life}:
            self._facts.clear()
            self._of_type.clear()
        self._life = life

    def hear(self, name: str, interface: str, changed: Mapping[str, Any]) -> None:
        """Take a PropertiesChanged of a unit: first that of its type, then that of `Unit`."""
        if name not in self._kept:
            return
        if interface == UNIT:
            self.moment += 1
            self._heard[name] = self.moment
            of_type = self._of_type.pop(name, {})
            if "ActiveState" in changed and changed["ActiveState"].value not in _DOWN:
                self._facts.pop(name, None)
            else:
                self.see(detail_of(name, changed, of_type), self.moment)
        elif interface == type_interface(name):
            self._of_type[name] = changed

    def see(self, detail: UnitDetail, asked: int) -> None:
        """Take what the manager says of a unit; what it forgot leaves the memory as it is.

        asked: the `moment` at which it was asked. What was heard since counts instead: it is at
        least as new as the answer, which may have waited behind others.
        """
        if detail.name not in self._kept or self._was_heard(detail.name, asked):
            return
        if not _has_history(detail):
            return
        if detail.active_state in _DOWN:
            self._facts[detail.name] = {field: getattr(detail, field) for field in FACTS}
        else:
            self._facts.pop(detail.name, None)

    def see_up(self, statuses: Iterable[UnitStatus], asked: int) -> None:
        """Forget the earlier end of units that are up again. asked: as for `see`."""
        if self._facts:
            for status in statuses:
                if status.active not in _DOWN and not self._was_heard(status.name, asked):
                    self._facts.pop(status.name, None)

    def _was_heard(self, name: str, since: int) -> bool:
        return self._heard.get(name, 0) > since

    def reset(self, names: Iterable[str]) -> None:
        """Clear failures, as ResetFailedUnit does of units that are loaded."""
        for name in names:
            if (facts := self._facts.get(name)) is not None:
                self._facts[name] = {**facts, **_RESET}

    def doubted(self, statuses: Iterable[UnitStatus]) -> list[str]:
        """Return the units that failed as far as is known here, and are listed as inactive."""
        facts = self._facts
        return [
            status.name
            for status in (statuses if facts else ())
            if status.name in facts
            and status.active == "inactive"
            and facts[status.name]["active_state"] == "failed"
        ]

    def recall_status(self, status: UnitStatus, detail: UnitDetail) -> UnitStatus:
        """Return the line of a unit; where the manager has forgotten the unit, as it was before.

        detail: with `HISTORY`.
        """
        known = self.recall(detail, ("active_state", "sub_state"))
        if known is detail:
            return status
        return replace(status, active=known.active_state, sub=known.sub_state)

    def recall(self, detail: UnitDetail, fields: Iterable[str] = FACTS) -> UnitDetail:
        """Return the detail; where the manager has forgotten the unit, with its last run.

        fields: which of the detail were asked for.
        """
        facts = self._facts.get(detail.name)
        if facts is None or _has_history(detail):
            return detail
        known: dict[str, Any] = {name: facts[name] for name in fields if name in facts}
        return replace(detail, **known)


def _understood(units: object) -> dict[str, dict[str, Fact]]:
    if not isinstance(units, Mapping):
        return {}
    return {
        str(name): dict(facts)
        for name, facts in units.items()
        if isinstance(facts, Mapping)
        and facts.keys() == _SHAPE.keys()
        and all(type(facts[field]) is kind for field, kind in _SHAPE.items())
    }


def _has_history(detail: UnitDetail) -> bool:
    return bool(
        detail.inactive_exit_timestamp
        or detail.condition_timestamp
        or detail.invocation_id
        or detail.active_state not in {"", "inactive"}
    )
