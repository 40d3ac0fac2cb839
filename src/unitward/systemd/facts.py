"""What holds for the manager as a whole: its version, its state, where it looks for units."""

from unitward.errors import UnitwardError
from unitward.model.observed import ManagerFacts
from unitward.model.unitstate import SystemdVersion
from unitward.systemd.connection import MANAGER, MANAGER_PATH, Connection, one_property


async def read_version(connection: Connection) -> SystemdVersion:
    """Return the version of the running manager, not of the installed files."""
    text = str(await _property(connection, "Version"))
    return SystemdVersion(_major(text), text)


async def read_system_state(connection: Connection) -> str:
    """Return `running`, `degraded`, `starting`, `stopping` or another state of systemctl(1)."""
    return str(await _property(connection, "SystemState"))


async def read_units_load_timestamp(connection: Connection) -> int:
    """Return when the files were last loaded, as `Manager.units_load_timestamp` promises."""
    names = ("UnitsLoadTimestampMonotonic", "UnitsLoadStartTimestampMonotonic")
    return max([int(str(await _property(connection, name))) for name in names])


async def read_unit_path(connection: Connection) -> tuple[str, ...]:
    """Return the unit folders, the one of the highest priority first."""
    found = await _property(connection, "UnitPath")
    return tuple(found) if isinstance(found, list) else ()


async def read_environment(connection: Connection) -> dict[str, str]:
    """Return the variables that the manager gives to the services it starts."""
    found = await _property(connection, "Environment")
    words = found if isinstance(found, list) else []
    return dict(str(word).split("=", 1) for word in words if "=" in str(word))


async def read_facts(connection: Connection) -> ManagerFacts:
    """Return all that a pass has to know of the manager, in one round trip."""
    names = (
        "Version",
        "SystemState",
        "UserspaceTimestamp",
        "UnitsLoadTimestamp",
        "UnitsLoadStartTimestamp",
    )
    replies = await connection.call_all(
        [one_property(MANAGER_PATH, MANAGER, name) for name in names]
    )
    values: list[str] = []
    for reply in replies:
        if isinstance(reply, UnitwardError):
            raise reply
        values.append(str(reply[0].value))
    version, state, begun, *loaded = values
    return ManagerFacts(
        _major(version),
        state,
        life=begun,
        loaded_at=max(map(int, loaded)),
        private=connection.route.private,
    )


async def _property(connection: Connection, name: str) -> object:
    [variant] = await connection.call(one_property(MANAGER_PATH, MANAGER, name))
    value: object = variant.value
    return value


def _major(version: str) -> int:
    """Return 252 for texts such as `252.38-1~deb12u1` or `v257`, 0 for what is no number."""
    digits = version.removeprefix("v").split(".")[0].split("~")[0].split("-")[0]
    return int(digits) if digits.isdecimal() else 0
