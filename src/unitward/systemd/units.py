"""From the manager's D-Bus replies to the nouns of `unitward.model.unitstate`."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import Any

from unitward.model.unitstate import LinkChange, QueuedJob, UnitDetail, UnitStatus
from unitward.systemd.connection import SERVICE, UNIT
from unitward.unitfile.names import is_unit_name, object_path, parse_name

_NEVER = 2**64 - 1

TYPE_INTERFACES = {
    suffix: f"{SERVICE}.{suffix.capitalize()}"
    for suffix in ("service", "socket", "timer", "path", "mount", "automount", "swap", "scope")
}

_UNIT_PROPERTIES = {
    "name": "Id",
    "names": "Names",
    "job_id": "Job",
    "invocation_id": "InvocationID",
    "load_state": "LoadState",
    "load_error": "LoadError",
    "active_state": "ActiveState",
    "sub_state": "SubState",
    "fragment_path": "FragmentPath",
    "source_path": "SourcePath",
    "dropin_paths": "DropInPaths",
    "transient": "Transient",
    "need_daemon_reload": "NeedDaemonReload",
    "unit_file_state": "UnitFileState",
    "condition_result": "ConditionResult",
    "condition_timestamp": "ConditionTimestampMonotonic",
    "state_change_timestamp": "StateChangeTimestampMonotonic",
    "inactive_exit_timestamp": "InactiveExitTimestampMonotonic",
    "active_enter_timestamp": "ActiveEnterTimestampMonotonic",
    "active_exit_timestamp": "ActiveExitTimestampMonotonic",
    "inactive_enter_timestamp": "InactiveEnterTimestampMonotonic",
    "refuse_manual_start": "RefuseManualStart",
    "refuse_manual_stop": "RefuseManualStop",
    "can_reload": "CanReload",
    "requires": "Requires",
    "requisite": "Requisite",
    "wants": "Wants",
    "binds_to": "BindsTo",
    "part_of": "PartOf",
    "required_by": "RequiredBy",
    "bound_by": "BoundBy",
    "consists_of": "ConsistsOf",
    "conflicts": "Conflicts",
    "conflicted_by": "ConflictedBy",
    "triggers": "Triggers",
    "triggered_by": "TriggeredBy",
    "conditions": "Conditions",
    "asserts": "Asserts",
}

_TYPE_PROPERTIES = {
    "result": "Result",
    "type": "Type",
    "remain_after_exit": "RemainAfterExit",
    "main_pid": "MainPID",
    "exec_main_start_timestamp": "ExecMainStartTimestampMonotonic",
    "exec_main_exit_timestamp": "ExecMainExitTimestampMonotonic",
    "exec_main_code": "ExecMainCode",
    "exec_main_status": "ExecMainStatus",
    "restart": "Restart",
    "restart_prevent_codes": "RestartPreventExitStatus",
    "restart_prevent_signals": "RestartPreventExitStatus",
    "n_restarts": "NRestarts",
    "remain_after_elapse": "RemainAfterElapse",
    "next_elapse": "NextElapseUSecMonotonic",
    "next_elapse_realtime": "NextElapseUSecRealtime",
    "last_trigger": "LastTriggerUSecMonotonic",
    "last_trigger_realtime": "LastTriggerUSec",
    "accept": "Accept",
    "listen": "Listen",
    "slice": "Slice",
}


# A pass over 1000 units would spend 20 ms on the same names each time.
_NAMES_REMEMBERED = 8192


@lru_cache(maxsize=_NAMES_REMEMBERED)
def path_of(name: str) -> str:
    """Return the object path of a unit."""
    return object_path(name)


@lru_cache(maxsize=_NAMES_REMEMBERED)
def can_be_listed(name: str) -> bool:
    """Tell whether ListUnitsByNames answers for a name: a valid one, and no template."""
    return is_unit_name(name) and not ("@" in name and parse_name(name).is_template)


def type_interface(name: str) -> str:
    """Return the D-Bus interface of the unit's type, "" where the type has nothing to tell."""
    return TYPE_INTERFACES.get(name.rpartition(".")[2], "")


def status_of(row: Sequence[Any]) -> UnitStatus:
    """Decode one row of ListUnitsByNames, `ssssssouso`."""
    name, _description, load, active, sub, _following, _path, job_id, job_type, _job_path = row
    return UnitStatus(intern(name), intern(load), intern(active), intern(sub), job_id, job_type)


def job_of(row: Sequence[Any]) -> QueuedJob:
    """Decode one row of ListJobs, `usssoo`."""
    job_id, unit, job_type, state, _job_path, _unit_path = row
    return QueuedJob(job_id, unit, job_type, state)


def links_of(rows: Sequence[Sequence[str]]) -> tuple[LinkChange, ...]:
    """Decode the changes `a(sss)` of EnableUnitFiles and its like."""
    return tuple(LinkChange(kind, path, target) for kind, path, target in rows)


def property_of(name: str, field: str) -> tuple[str, str]:
    """Return interface and property that a field of UnitDetail comes from, for a unit of this type.

    ("", "") where the type has no interface of its own to hold it. Raises KeyError for a field
    that does not exist.
    """
    if field in _UNIT_PROPERTIES:
        return UNIT, _UNIT_PROPERTIES[field]
    interface = type_interface(name)
    return (interface, _TYPE_PROPERTIES[field]) if interface else ("", "")


def detail_of(name: str, unit: Mapping[str, Any], of_type: Mapping[str, Any]) -> UnitDetail:
    """Decode properties of the Unit interface and of the type's own; the absent keep defaults.

    `name` is what the unit is called where `Id` is absent.
    """
    found: dict[str, Any] = {"name": name}
    for table, properties in ((_UNIT_PROPERTIES, unit), (_TYPE_PROPERTIES, of_type)):
        found.update(
            (field, _decoded(field, properties[key].value))
            for field, key in table.items()
            if key in properties
        )
    return UnitDetail(**found)


def _decoded(field: str, value: Any) -> Any:  # noqa: ANN401 - a D-Bus variant's value is of any type
    match field:
        case "job_id" | "restart_prevent_codes":
            return _plain(value[0])
        case "restart_prevent_signals":
            return _plain(value[1])
        case "invocation_id":
            return bytes(value).hex()
        case "next_elapse" | "next_elapse_realtime" if value == _NEVER:
            return 0
        case "conditions" | "asserts":
            return tuple(map(_condition, value))
        case _:
            return _plain(value)


def _condition(row: Sequence[Any]) -> str:
    """Write one row of Conditions or Asserts, `sbbsi`, as the unit file would have it."""
    kind, is_trigger, is_negated, parameter, _result = row
    return f"{kind}={'|' if is_trigger else ''}{'!' if is_negated else ''}{parameter}"


def _plain(value: Any) -> Any:  # noqa: ANN401 - as above
    """Turn D-Bus arrays and structures, however nested, into tuples."""
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return value
