"""What a user manager says of itself, over a connection of its own that does not subscribe."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from unitward.errors import UnitwardError
from unitward.model.records import dataclass
from unitward.model.unitstate import SystemdVersion, UnitDetail
from unitward.systemd.connection import MANAGER, MANAGER_PATH, Connection, one_property
from unitward.systemd.details import read_details

LIMIT_SECONDS = 3.0

_PROPERTIES = (
    "Version",
    "SystemState",
    "UserspaceTimestamp",
    "UserspaceTimestampMonotonic",
    "NFailedUnits",
    "ControlGroup",
    "UnitPath",
)


@dataclass(frozen=True, slots=True)
class Vitals:
    """The manager's own properties, and details of the units asked for.

    started_at: wall clock, started_monotonic: CLOCK_MONOTONIC, both in seconds.
    private: it was reached over its private socket, not over the bus.
    """

    version: SystemdVersion
    state: str
    started_at: float
    started_monotonic: float
    failed_units: int
    control_group: str
    unit_path: tuple[str, ...]
    details: Mapping[str, UnitDetail]
    private: bool = False


async def read_vitals(
    env: Mapping[str, str], units: Sequence[str], *, limit_seconds: float = LIMIT_SECONDS
) -> Vitals:
    """Ask the manager that `env` leads to. The limit is for each step.

    Raises ManagerUnreachableError, ManagerTimeoutError or ManagerCallError.
    """
    values: dict[str, Any] = {}

    async def begin(connection: Connection) -> None:
        values.update(await _properties(connection))

    connection = await Connection.open(
        env,
        on_signal=lambda _: None,
        on_end=lambda: None,
        begin=begin,
        limit_seconds=limit_seconds,
    )
    try:
        details = await read_details(connection, units)
    finally:
        await connection.close()
    return Vitals(
        version=_version(values["Version"]),
        state=values["SystemState"],
        started_at=values["UserspaceTimestamp"] / 1e6,
        started_monotonic=values["UserspaceTimestampMonotonic"] / 1e6,
        failed_units=values["NFailedUnits"],
        control_group=values["ControlGroup"],
        unit_path=tuple(values["UnitPath"]),
        details=details,
        private=connection.route.private,
    )


async def _properties(connection: Connection) -> dict[str, Any]:
    calls = [one_property(MANAGER_PATH, MANAGER, name) for name in _PROPERTIES]
    values: dict[str, Any] = {}
    for name, reply in zip(_PROPERTIES, await connection.call_all(calls), strict=True):
        if isinstance(reply, UnitwardError):
            raise reply
        values[name] = reply[0].value
    return values


def _version(text: str) -> SystemdVersion:
    number = re.match(r"v?(\d+)", text)
    return SystemdVersion(int(number[1]) if number else 0, text)
