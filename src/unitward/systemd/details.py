"""Reading many units' properties over one connection, all calls pipelined."""

from collections.abc import Sequence
from typing import Any

from unitward.errors import ManagerCallError, UnitwardError
from unitward.model.unitstate import UnitDetail
from unitward.systemd.connection import UNIT, Connection, all_properties, one_property
from unitward.systemd.units import detail_of, path_of, property_of, type_interface


async def read_details(connection: Connection, names: Sequence[str]) -> dict[str, UnitDetail]:
    """Read every property of each unit, as `Manager.details` promises."""
    calls = [(name, UNIT) for name in names]
    calls += [(name, type_interface(name)) for name in names if type_interface(name)]
    replies = await connection.call_all(
        [all_properties(path_of(name), interface) for name, interface in calls]
    )
    found: dict[str, dict[str, Any]] = {}
    for (name, interface), reply in zip(calls, replies, strict=True):
        body = _unless_refused(reply)
        if body is not None:
            found.setdefault(name, {})[interface] = body[0]
    return {
        name: detail_of(name, of[UNIT], of.get(type_interface(name), {}))
        for name, of in found.items()
        if UNIT in of
    }


async def read_properties(
    connection: Connection, names: Sequence[str], wanted: Sequence[str]
) -> dict[str, UnitDetail]:
    """Read single properties of each unit, as `Manager.properties` promises."""
    calls = [(name, *property_of(name, field)) for name in names for field in wanted]
    calls = [call for call in calls if call[1]]
    replies = await connection.call_all(
        [one_property(path_of(name), interface, key) for name, interface, key in calls]
    )
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for (name, interface, key), reply in zip(calls, replies, strict=True):
        body = _unless_refused(reply)
        if body is not None:
            of_unit, of_type = found.setdefault(name, ({}, {}))
            (of_unit if interface == UNIT else of_type)[key] = body[0]
    return {name: detail_of(name, *of) for name, of in found.items()}


def _unless_refused(reply: list[Any] | UnitwardError) -> list[Any] | None:
    """Return the body of a reply, None where the manager refused; raise the other errors."""
    match reply:
        case ManagerCallError():
            return None
        case UnitwardError():
            raise reply
        case _:
            return reply
