"""What became of units that the manager has unloaded since, and so forgotten."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.systemd.connection import UNIT
from unitward.systemd.units import detail_of, type_interface

FACTS: Final = (
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
_DOWN: Final = frozenset({"inactive", "failed"})


class Memory:
    """The last run of units that are down, for one life of the manager.

    A unit that is down and that nothing refers to is unloaded. RefUnit prevents it, but only for
    a connection through a bus, and as long as it lasts; the manager's signals tell all of these
    facts before (measured on 252). Of a unit that is up nothing is remembered: it is not unloaded.
    """

    def __init__(self, told: Mapping[str, object] | None = None) -> None:
        """told: what another Memory `tell`s; parts that cannot be understood are left out."""
        told = told or {}
        life, units = told.get("life"), told.get("units")
        self._life = life if isinstance(life, str) else ""
        self._facts = _understood(units) if self._life else {}
        self._kept: set[str] = set(self._facts)
        self._of_type: dict[str, Mapping[str, Any]] = {}
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
            detail = detail_of(name, changed, self._of_type.pop(name, {}))
            self.see(detail)
        elif interface == type_interface(name):
            self._of_type[name] = changed

    def see(self, detail: UnitDetail) -> None:
        """Take what the manager says of a unit now; what it forgot leaves the memory as it is."""
        if detail.name not in self._kept or not _has_history(detail):
            return
        if detail.active_state in _DOWN:
            self._facts[detail.name] = {field: getattr(detail, field) for field in FACTS}
        else:
            self._facts.pop(detail.name, None)

    def see_up(self, statuses: Iterable[UnitStatus]) -> None:
        """Forget the earlier end of units that are up again."""
        if self._facts:
            for status in statuses:
                if status.active not in _DOWN:
                    self._facts.pop(status.name, None)

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
