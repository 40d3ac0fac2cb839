"""Table W: what a declared unit wants to be."""

from typing import Any

import pytest

from unitward.model.declared import State
from unitward.model.unitstate import UnitStatus

ONESHOT = "[Service]\nType=oneshot\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"
BARE = "[Service]\nExecStart=/bin/a\n"


@pytest.mark.parametrize(
    ("state", "done"),
    [
        (State.RUNNING, ["start a.service"]),
        (State.STOPPED, []),
        (State.ANY, []),
    ],
)
def test_a_given_state_comes_first(scene: Any, state: State, done: list[str]) -> None:
    """W1: `state:` decides, whatever the unit is installed into."""
    scene.declare("a.service", BARE, state=state)
    scene.applied("a.service", BARE, wish="any", run_digest="", life="")
    scene.down("a.service")
    assert done == scene.does()


def test_a_running_unit_that_should_be_stopped_is_stopped(scene: Any) -> None:
    """W1: `state: stopped` stops a unit that runs."""
    scene.settled("a.service")
    scene.declare("a.service", state=State.STOPPED)
    assert ["stop a.service"] == scene.does()


def test_what_refuses_a_start_by_hand_is_not_started(scene: Any) -> None:
    """W2: RefuseManualStart= leaves the unit to whatever pulls it in."""
    body = "[Unit]\nRefuseManualStart=yes\n" + BARE + "[Install]\nWantedBy=default.target\n"
    scene.declare("a.service", body)
    scene.applied("a.service", body)
    scene.down("a.service")
    assert [] == scene.does()


@pytest.mark.parametrize(
    ("target", "done"),
    [
        (("active", ""), ["start a.service"]),
        (("activating", ""), ["start a.service"]),
        (("inactive", "start"), ["start a.service"]),
        (("inactive", ""), []),
    ],
)
def test_a_unit_runs_with_its_target(scene: Any, target: tuple[str, str], done: list[str]) -> None:
    """W3, W5: wanted once its target is up or on its way; until then it waits."""
    scene.declare("a.service")
    scene.applied("a.service", run_digest="", life="")
    scene.down("a.service")
    job = 7 if target[1] else 0
    scene.status["default.target"] = UnitStatus(
        "default.target", "loaded", target[0], target[0], job, target[1]
    )
    assert done == scene.does()
    if not done:
        assert "waiting: waits for default.target" == scene.says("a.service")


def test_a_target_that_this_pass_starts_counts(scene: Any) -> None:
    """W3: a declared target that will run by this pass pulls its units in."""
    scene.declare("g.target", "[Install]\nWantedBy=default.target\n")
    scene.declare("a.service", BARE + "[Install]\nWantedBy=g.target\n")
    assert {"start a.service", "start g.target"} <= set(scene.does())


def test_a_running_unit_whose_target_is_gone_is_left_running(scene: Any) -> None:
    """W5: no target, no wish: what runs is never stopped for that."""
    scene.settled("a.service")
    scene.status["default.target"] = UnitStatus("default.target", "loaded", "inactive", "dead")
    assert [] == scene.does()


def test_an_old_link_is_no_target(scene: Any) -> None:
    """W3, C6: the link that this pass removes does not start the unit once more."""
    scene.declare("a.service", BARE + "[Install]\nWantedBy=other.target\n")
    scene.applied("a.service", BARE + "[Install]\nWantedBy=default.target\n", life="")
    scene.down("a.service")
    assert "start a.service" not in scene.does()


def test_a_disabled_unit_is_not_started_for_its_old_link(scene: Any) -> None:
    """W3: `enable: no` takes the link away and starts nothing for it."""
    scene.declare("a.service", enable=False)
    scene.applied("a.service", life="")
    scene.down("a.service")
    assert ["unlink default.target.wants/a.service", "daemon-reload"] == scene.does()


def test_a_oneshot_runs_once_for_its_content(scene: Any) -> None:
    """W4: run when new, run again when changed since, and not otherwise."""
    scene.declare("a.service", ONESHOT)
    assert "start a.service" in scene.does()
    scene.applied("a.service", ONESHOT)
    scene.ended("a.service")
    assert [] == scene.does()
    scene.applied("a.service", ONESHOT, run_digest="another")
    assert ["start a.service"] == scene.does()
    assert "pending: has not run since its content changed" == scene.says("a.service")
    scene.declare("a.service", ONESHOT, on_change="keep")
    assert [] == scene.does()


def test_a_oneshot_that_failed_with_other_content_runs_again(scene: Any) -> None:
    """W4: a failure of the old content does not keep the new content from running."""
    scene.declare("a.service", ONESHOT)
    scene.applied("a.service", ONESHOT, run_digest="another")
    scene.ended("a.service", result="exit-code", exec_main_status=1)
    assert ["start a.service"] == scene.does()


def test_a_description_does_not_run_a_oneshot(scene: Any) -> None:
    """W4, C1: what its run does not depend on does not run it again."""
    scene.declare("a.service", "[Unit]\nDescription=new\n" + ONESHOT)
    scene.applied("a.service", ONESHOT)
    scene.ended("a.service")
    assert ["update a.service", "daemon-reload"] == scene.does()


def test_a_oneshot_that_stays_active_should_be_active(scene: Any) -> None:
    """W4: with RemainAfterExit= it is wanted active."""
    body = ONESHOT.replace("[Install]", "RemainAfterExit=yes\n[Install]")
    scene.declare("a.service", body)
    scene.applied("a.service", body, life="")
    scene.down("a.service")
    assert ["start a.service"] == scene.does()


@pytest.mark.parametrize(
    ("trigger", "body"),
    [
        ("a.timer", "[Timer]\nOnCalendar=daily\n"),
        ("a.socket", "[Socket]\nListenStream=1\n"),
        ("x.path", "[Path]\nPathExists=/a\nUnit=a.service\n"),
    ],
)
def test_what_nothing_starts_is_said(scene: Any, trigger: str, body: str) -> None:
    """W6: without [Install] it is installed only, or started by what is declared for it."""
    scene.declare("a.service", BARE)
    scene.applied("a.service", BARE)
    scene.down("a.service")
    assert [] == scene.does()
    assert "in-sync: installed, nothing starts it" == scene.says("a.service")
    scene.declare(trigger, body)
    assert f"in-sync: started by {trigger}" == scene.says("a.service")


TIMER = "[Timer]\nOnCalendar=2020-01-01\nRemainAfterElapse=no\n[Install]\nWantedBy=default.target\n"


def test_a_timer_that_does_not_remain_is_complete(scene: Any) -> None:
    """W7: started in this life and inactive: never again, until its times change."""
    scene.declare("a.timer", TIMER)
    scene.applied("a.timer", TIMER)
    scene.down("a.timer", active_exit_timestamp=5)
    assert [] == scene.does()
    scene.declare("a.timer", TIMER.replace("2020", "2099"))
    assert ["update a.timer", "daemon-reload", "start a.timer"] == scene.does()


def test_policy_for_a_unit_that_does_not_exist(scene: Any) -> None:
    """W8: absent, no failure, no action, and nothing to remember."""
    scene.declare("x.service", None, state=State.RUNNING)
    scene.status["x.service"] = UnitStatus("x.service", "not-found", "inactive", "dead")
    assert [] == scene.does()
    assert "absent: absent: no such unit on this account" == scene.says("x.service")
    assert {} == scene.plan().records


def test_an_instance_without_its_template_is_absent(scene: Any) -> None:
    """W8: `state: running` on an instance of a template that is not there starts nothing."""
    scene.declare("w@a.service", None, state=State.RUNNING)
    assert [] == scene.does()
    assert scene.says("w@a.service").startswith("absent: ")


def test_two_that_conflict_do_not_oust_each_other(scene: Any) -> None:
    """W3, V9: of two units with Conflicts= one runs and the other waits for it."""
    scene.declare("a.service")
    scene.declare("b.service", "[Unit]\nConflicts=a.service\n" + ONESHOT.replace("oneshot", "exec"))
    assert ["start a.service"] == [line for line in scene.does() if line.startswith("start")]
    assert "waiting: conflicts with a.service, which runs" == scene.says("b.service")
