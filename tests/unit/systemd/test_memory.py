"""What is remembered of units that the manager has unloaded."""

from dataclasses import replace
from typing import Any

import pytest
from dbus_fast.signature import Variant

from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.systemd.connection import UNIT
from unitward.systemd.memory import FACTS, Memory

SERVICE = "org.freedesktop.systemd1.Service"
ENDED = UnitDetail(
    "a.service",
    active_state="inactive",
    invocation_id="ab" * 16,
    inactive_exit_timestamp=5,
    active_enter_timestamp=6,
    active_exit_timestamp=7,
    inactive_enter_timestamp=9,
    exec_main_exit_timestamp=8,
    exec_main_code=2,
    exec_main_status=15,
    result="success",
    main_pid=0,
)
FORGOTTEN = UnitDetail("a.service", active_state="inactive", type="simple", restart="always")


def unit_signal(**properties: Any) -> dict[str, Variant]:
    """Return what PropertiesChanged of the Unit interface carries."""
    types = {str: "s", int: "t", bool: "b", bytes: "ay"}
    return {key: Variant(types[type(value)], value) for key, value in properties.items()}


def remembering(*details: UnitDetail) -> Memory:
    """Return a memory that saw these."""
    memory = Memory()
    memory.begin("life")
    memory.keep(detail.name for detail in details)
    for detail in details:
        memory.see(detail, memory.moment)
    return memory


def test_the_last_run_comes_back() -> None:
    """V10: of a unit that was unloaded, the definition is the manager's, the run is remembered."""
    recalled = remembering(ENDED).recall(FORGOTTEN)

    assert replace(FORGOTTEN, **{name: getattr(ENDED, name) for name in FACTS}) == recalled


def test_signals_say_the_same_as_a_read() -> None:
    """The pair of signals before a unit is unloaded leaves what reading it would have."""
    memory = remembering(FORGOTTEN)
    memory.hear("a.service", SERVICE, unit_signal(ExecMainCode=1, Result="success"))
    running = unit_signal(ActiveState="active", InactiveExitTimestampMonotonic=5)
    memory.hear("a.service", UNIT, running)
    of_type = unit_signal(ExecMainCode=2, ExecMainStatus=15, Result="signal", NRestarts=3)
    memory.hear("a.service", SERVICE, of_type)
    stopped = unit_signal(
        ActiveState="failed",
        InactiveExitTimestampMonotonic=5,
        InactiveEnterTimestampMonotonic=9,
        InvocationID=b"\xab" * 16,
    )
    memory.hear("a.service", UNIT, stopped)

    recalled = memory.recall(FORGOTTEN)

    assert (2, 15, "signal", 3) == (
        recalled.exec_main_code,
        recalled.exec_main_status,
        recalled.result,
        recalled.n_restarts,
    )
    assert (5, 9, "ab" * 16) == (
        recalled.inactive_exit_timestamp,
        recalled.inactive_enter_timestamp,
        recalled.invocation_id,
    )


def test_what_the_manager_knows_counts() -> None:
    """A unit that the manager still knows, or knows anew, is as the manager says."""
    memory = remembering(ENDED)
    later = replace(ENDED, inactive_enter_timestamp=99)
    skipped = replace(FORGOTTEN, condition_timestamp=50)

    assert later == memory.recall(later)
    assert skipped == memory.recall(skipped)


def test_an_answer_older_than_a_signal() -> None:
    """V10: what was heard while an answer was on its way counts, not the answer."""
    memory = remembering(FORGOTTEN)
    asked = memory.moment
    of_type = unit_signal(ExecMainCode=2, ExecMainStatus=15, Result="success")
    memory.hear("a.service", SERVICE, of_type)
    stopped = unit_signal(ActiveState="inactive", InactiveExitTimestampMonotonic=5)
    memory.hear("a.service", UNIT, stopped)

    memory.see_up([UnitStatus("a.service", "loaded", "active", "running")], asked)
    memory.see(replace(ENDED, active_state="active"), asked)
    memory.see(replace(ENDED, exec_main_status=0), asked)

    recalled = memory.recall(FORGOTTEN)
    assert (5, 2, 15) == (
        recalled.inactive_exit_timestamp,
        recalled.exec_main_code,
        recalled.exec_main_status,
    )


def test_only_what_is_kept_is_remembered() -> None:
    """Foreign units leave no trace, and neither does one that is dropped."""
    memory = Memory()
    memory.begin("life")
    memory.see(ENDED, memory.moment)
    memory.hear("a.service", UNIT, unit_signal(ActiveState="failed"))
    assert FORGOTTEN == memory.recall(FORGOTTEN)

    kept = remembering(ENDED)
    kept.drop(["a.service"])
    assert FORGOTTEN == kept.recall(FORGOTTEN)


def test_a_failure_is_listed_and_cleared() -> None:
    """V13: what failed before it was unloaded is listed so, until its failure is cleared."""
    failed = replace(ENDED, active_state="failed", sub_state="failed", result="exit-code")
    memory = remembering(failed, replace(ENDED, name="b.service"))
    lines = [UnitStatus(f"{name}.service", "loaded", "inactive", "dead") for name in "abc"]
    as_before = replace(lines[0], active="failed", sub="failed")
    again = UnitDetail("a.service", inactive_exit_timestamp=50)

    assert ["a.service"] == memory.doubted(lines)
    assert as_before == memory.recall_status(lines[0], UnitDetail("a.service"))
    assert lines[0] == memory.recall_status(lines[0], again)
    assert ("failed", "exit-code") == (
        memory.recall(FORGOTTEN).active_state,
        memory.recall(FORGOTTEN).result,
    )
    memory.reset(["a.service", "c.service"])
    assert [] == memory.doubted(lines)
    assert replace(ENDED, type="simple", restart="always", sub_state="dead") == memory.recall(
        FORGOTTEN
    )


@pytest.mark.parametrize("how", ["listed", "read", "heard"])
def test_a_unit_that_is_up_again_has_no_earlier_end(how: str) -> None:
    """Once a unit is up, however that is learnt, its earlier run is not told any more."""
    memory = remembering(ENDED)
    match how:
        case "listed":
            memory.see_up([UnitStatus("a.service", "loaded", "active", "running")], memory.moment)
        case "read":
            memory.see(replace(ENDED, active_state="active"), memory.moment)
        case _:
            up = unit_signal(ActiveState="activating", InactiveExitTimestampMonotonic=20)
            memory.hear("a.service", UNIT, up)

    assert FORGOTTEN == memory.recall(FORGOTTEN)


def test_another_life_of_the_manager() -> None:
    """What was before a manager began is forgotten with it."""
    memory = remembering(ENDED)
    memory.begin("life")
    assert ENDED.result == memory.recall(FORGOTTEN).result
    assert 9 == memory.recall(FORGOTTEN).inactive_enter_timestamp
    memory.begin("another")

    assert FORGOTTEN == memory.recall(FORGOTTEN)


def test_only_the_fields_asked_for_come_back() -> None:
    """A detail of which a part was read keeps the rest at its defaults."""
    recalled = remembering(ENDED).recall(UnitDetail("a.service"), ("invocation_id", "names"))

    assert UnitDetail("a.service", invocation_id="ab" * 16) == recalled


def test_told_to_another_process() -> None:
    """What one memory tells, another knows; without a change nothing is told."""
    memory = remembering(ENDED)
    told = memory.tell()

    assert told is not None
    assert ENDED == Memory(told).recall(replace(FORGOTTEN, type="", restart=""))
    assert memory.tell() is None
    assert Memory(told).tell() is None


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"life": 7, "units": []},
        {"life": "x", "units": {"a.service": None}},
        {"life": "x", "units": {"a.service": {"result": "success"}}},
        {"life": "x", "units": {"a.service": {**dict.fromkeys(FACTS, 1)}}},
    ],
)
def test_told_in_another_shape(told: dict[str, object]) -> None:
    """What another version wrote, or nobody, is as if nothing was told."""
    assert FORGOTTEN == Memory(told).recall(FORGOTTEN)
