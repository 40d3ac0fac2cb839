"""Reading many units' properties over one connection, all calls pipelined."""

from collections.abc import Sequence
from typing import Any

from unitward.errors import ManagerCallError, UnitwardError
from unitward.model.unitstate import UnitDetail
from unitward.systemd.connection import UNIT, Connection, all_properties, one_property
from unitward.systemd.units import detail_of, path_of, property_of, type_interface


async def read_details(connection: Connection, names: Sequence[str]) -> dict[str, UnitDetail]:
    """Read every property of each unit, as `Manager.details` promises.

    Of all interfaces at once ("" in sd-bus, process_get_all() in bus-objects.c): between two calls
    a unit can end and be unloaded, and half of its last run would be missing.
    """
    replies = await connection.call_all([all_properties(path_of(name), "") for name in names])
    bodies = map(_unless_refused, replies)
    return {
        name: detail_of(name, body[0], body[0] if type_interface(name) else {})
        for name, body in zip(names, bodies, strict=True)
        if body is not None
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
