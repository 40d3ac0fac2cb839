"""Decoding what the manager replies."""

from dataclasses import fields

import pytest
from dbus_fast.signature import Variant

from unitward.model.unitstate import UnitDetail
from unitward.systemd.units import detail_of, property_of, status_of, type_interface

UNIT = {
    "Id": Variant("s", "a.timer"),
    "Names": Variant("as", ["a.timer", "b.timer"]),
    "LoadError": Variant("(ss)", ["", ""]),
    "Job": Variant("(uo)", [7, "/job/7"]),
    "InvocationID": Variant("ay", bytes(range(16))),
}


def test_detail_of_a_timer() -> None:
    """Arrays become tuples, the invocation hexadecimal, "never" zero; the rest its default."""
    detail = detail_of(
        "a.timer",
        UNIT,
        {
            "NextElapseUSecMonotonic": Variant("t", 2**64 - 1),
            "NextElapseUSecRealtime": Variant("t", 5),
        },
    )

    assert detail.name == "a.timer"
    assert detail.names == ("a.timer", "b.timer")
    assert detail.job_id == 7
    assert detail.invocation_id == "000102030405060708090a0b0c0d0e0f"
    assert detail.next_elapse == 0
    assert detail.next_elapse_realtime == 5
    assert detail.result == "success"
    assert detail.load_error == ("", "")


def test_a_unit_that_never_ran_has_no_invocation() -> None:
    """The empty array of bytes is the empty text."""
    assert detail_of("a.timer", UNIT | {"InvocationID": Variant("ay", b"")}, {}).invocation_id == ""


def test_restart_prevent_exit_status_is_taken_apart() -> None:
    """RestartPreventExitStatus= gives exit codes and signal numbers apart."""
    detail = detail_of(
        "a.timer", UNIT, {"RestartPreventExitStatus": Variant("(aiai)", [[1, 2], [15]])}
    )

    assert detail.restart_prevent_codes == (1, 2)
    assert detail.restart_prevent_signals == (15,)


def test_listen_pairs_become_tuples() -> None:
    """Nested arrays become tuples all the way down, so that a detail can be hashed."""
    detail = detail_of("a.timer", UNIT, {"Listen": Variant("a(ss)", [["Stream", "/run/x"]])})

    assert detail.listen == (("Stream", "/run/x"),)
    assert hash(detail)


def test_status_row() -> None:
    """The ten columns of ListUnitsByNames give name, states and job."""
    status = status_of(["a", "text", "loaded", "active", "running", "", "/u", 3, "start", "/j"])

    assert (status.name, status.load, status.active, status.sub) == (
        "a",
        "loaded",
        "active",
        "running",
    )
    assert (status.job_id, status.job_type) == (3, "start")


def test_types_without_anything_to_tell_have_no_interface() -> None:
    """Targets and slices cost one call, services and timers two."""
    assert type_interface("a.target") == ""
    assert type_interface("a.slice") == ""
    assert type_interface("a@b.c.service") == "org.freedesktop.systemd1.Service"
    assert type_interface("a.timer") == "org.freedesktop.systemd1.Timer"


def test_where_a_field_comes_from() -> None:
    """A field is asked of the Unit interface, or of the type's own where that has one."""
    assert property_of("a.target", "fragment_path") == (
        "org.freedesktop.systemd1.Unit",
        "FragmentPath",
    )
    assert property_of("a.service", "main_pid") == ("org.freedesktop.systemd1.Service", "MainPID")
    assert property_of("a.target", "main_pid") == ("", "")
    with pytest.raises(KeyError):
        property_of("a.service", "colour")


def test_every_field_comes_from_somewhere() -> None:
    """No field of a detail is left without a property to fill it from."""
    assert all(property_of("a.service", field.name)[1] for field in fields(UnitDetail))


def test_conditions_read_like_the_unit_file() -> None:
    """Triggering and negated conditions and asserts come back as systemd.unit(5) writes them."""
    rows = [["ConditionPathExists", True, True, "/x y", 1], ["ConditionUser", False, False, "a", 0]]
    detail = detail_of(
        "a.timer",
        UNIT
        | {
            "Conditions": Variant("a(sbbsi)", rows),
            "Asserts": Variant("a(sbbsi)", [["AssertHost", False, True, "b", 0]]),
        },
        {},
    )

    assert detail.conditions == ("ConditionPathExists=|!/x y", "ConditionUser=a")
    assert detail.asserts == ("AssertHost=!b",)
