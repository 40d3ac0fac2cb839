"""Table V: why a unit that should run does not, and what is done about it."""

from typing import Any

import pytest

from unitward.model.recorded import IntentKind
from unitward.reconcile.plan.down import pause

NOW = 10_000.0
RESTARTING = "[Service]\nExecStart=/bin/a\nRestart=always\n[Install]\nWantedBy=default.target\n"


def known(scene: Any, body: str | None = None, **record: Any) -> None:
    """Have a.service declared and applied."""
    scene.declare("a.service", *([body] if body else []))
    scene.applied("a.service", *([body] if body else []), **record)


def test_auto_restart_is_left_to_systemd(scene: Any) -> None:
    """V0: between two tries of Restart= the unit counts as running."""
    known(scene, RESTARTING)
    scene.up("a.service", "activating", "auto-restart")
    assert [] == scene.does()
    scene.declare("a.service", RESTARTING.replace("/bin/a", "/bin/b"))
    assert "restart a.service" == scene.does()[-1]


def test_a_queued_job_is_waited_for(scene: Any) -> None:
    """V1: while somebody's job is queued nothing is decided."""
    known(scene)
    scene.down("a.service", job_id=3, job_type="start")
    assert [] == scene.does()
    assert "starting: a start job is queued on it" == scene.says("a.service")


def test_nothing_happens_while_the_manager_stops(scene: Any) -> None:
    """V1, T: no pass acts while SystemState is stopping."""
    known(scene)
    scene.ended("a.service")
    scene.system_state = "stopping"
    assert [] == scene.does()


def test_a_failed_condition_is_in_order(scene: Any) -> None:
    """V2: skipped, and tried again only when the content changed."""
    body = "[Unit]\nConditionPathExists=/x\n" + RESTARTING
    known(scene, body)
    scene.down("a.service", condition_timestamp=5, condition_result=False)
    assert [] == scene.does()
    assert scene.says("a.service").startswith("skipped: ")
    scene.declare("a.service", body.replace("/x", "/y"))
    assert "start a.service" == scene.does()[-1]


def test_what_ran_in_this_life_and_is_gone_is_started_again(scene: Any) -> None:
    """V3: an unloaded unit that was running is started, thrice where it does not stay up."""
    known(scene)
    scene.down("a.service")
    assert ["start a.service"] == scene.does()
    assert 1 == scene.plan().records["a.service"].tries
    known(scene, tries=3)
    assert [] == scene.does()


def test_what_vanishes_again_and_again_is_tried_with_pauses(scene: Any) -> None:
    """V3: each further try waits longer, from 5 s on; the time of the last one is recorded."""
    known(scene)
    scene.down("a.service")
    assert NOW == scene.plan().records["a.service"].tried_at
    for tries, least in ((1, 4.5), (2, 9.0)):
        known(scene, tries=tries, tried_at=NOW)
        assert [] == scene.does()
        verdict = scene.verdict("a.service")
        assert "does not stay up; tried again when its pause ends" == verdict.reason
        assert NOW + least <= verdict.until <= NOW + least * 1.25
        assert verdict.until == scene.plan().wake_at
        known(scene, tries=tries, tried_at=NOW - least * 1.25)
        assert ["start a.service"] == scene.does()


def test_what_never_ran_is_started(scene: Any) -> None:
    """V4: no facts and another life of the manager: start it."""
    known(scene, life="before")
    scene.down("a.service")
    assert ["start a.service"] == scene.does()
    assert 0 == scene.plan().records["a.service"].tries


@pytest.mark.parametrize(("result", "word"), [("success", "in-sync"), ("exit-code", "failed")])
def test_a_oneshot_is_never_run_again_for_its_end(scene: Any, result: str, word: str) -> None:
    """V5: complete or failed by Result, and that is all."""
    body = "[Service]\nType=oneshot\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"
    known(scene, body)
    scene.ended("a.service", result=result, exec_main_status=3)
    assert [] == scene.does()
    assert word == scene.verdict("a.service").sync


def test_a_failed_oneshot_that_remains_is_not_retried(scene: Any) -> None:
    """V, Failed: tries are not for oneshots."""
    body = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/a\n"
    known(scene, body + "[Install]\nWantedBy=default.target\n")
    scene.ended("a.service", result="exit-code", active_enter_timestamp=0)
    assert [] == scene.does()
    assert "failed" == scene.verdict("a.service").sync


BY_HAND = "stopped-by-hand: stopped by hand; started again when stop_grace ends"


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(
            {
                "active_enter_timestamp": 0,
                "exec_main_code": 2,
                "exec_main_status": 15,
                "asked": False,
            },
            id="V6 while starting",
        ),
        pytest.param({"asked": True}, id="V10 graceful"),
        pytest.param({"asked": True, "result": "exit-code", "exec_main_status": 143}, id="V10"),
        pytest.param({"asked": False, "exec_main_code": 2, "exec_main_status": 15}, id="V12 kill"),
        pytest.param({"asked": False, "exec_main_code": 2, "exec_main_status": 1}, id="V12 HUP"),
    ],
)
def test_a_stop_by_hand_is_respected(scene: Any, facts: dict[str, Any]) -> None:
    """V6, V10, V12: left alone for stop_grace, then started."""
    known(scene, RESTARTING)
    scene.ended("a.service", **facts)
    assert [] == scene.does()
    assert BY_HAND == scene.says("a.service")
    assert scene.verdict("a.service").until == scene.plan().wake_at
    scene.ended("a.service", seconds_ago=301, **facts)
    assert ["start a.service"] == scene.does()
    scene.ended("a.service", **facts)
    scene.set(stop_grace=0.0)
    assert ["start a.service"] == scene.does()


@pytest.mark.parametrize("result", ["timeout", "watchdog"])
def test_a_stop_that_timed_out_is_a_failure(scene: Any, result: str) -> None:
    """V7: Result timeout or watchdog is no person's stop."""
    known(scene, RESTARTING)
    scene.ended("a.service", asked=True, result=result, restart="always")
    assert scene.says("a.service").startswith(("failed: ", "pending: failed ("))


def test_our_own_stop_is_finished(scene: Any) -> None:
    """V8: an interrupted restart starts the unit at once, whatever `drift` says."""
    known(scene)
    scene.declare("a.service", drift="report")
    scene.ended("a.service", asked=True)
    scene.intend("a.service", IntentKind.RUN, invocation="1" * 32)
    assert ["start a.service"] == scene.does()


def test_what_we_stopped_for_its_state_was_not_stopped_by_hand(scene: Any) -> None:
    """V8: `state: stopped` taken back starts the unit without a grace."""
    known(scene, wish="stopped")
    scene.ended("a.service", asked=True)
    assert ["start a.service"] == scene.does()


def test_neighbours_of_an_interrupted_stop_come_back(scene: Any) -> None:
    """V8: what our stop took down is started again, frozen and stopped ones excepted."""
    scene.freeze("f.service")
    scene.declare("off.service", state="stopped")
    scene.applied("off.service", wish="stopped")
    names = ("b.service", "f.service", "off.service")
    scene.intend("a.service", IntentKind.STOP, neighbours=names)
    assert ["start b.service"] == scene.does()


def test_a_unit_that_we_only_start_again_is_finished_too(scene: Any) -> None:
    """V8: an open intent on a unit that is not declared is finished or closed."""
    ident = scene.intend("b.service", IntentKind.RUN)
    assert ["start b.service"] == scene.does()
    scene.up("b.service")
    assert [] == scene.does()
    assert (ident,) == scene.plan().close


def test_a_start_that_ended_badly_is_not_repeated_at_once(scene: Any) -> None:
    """V8, V13: an intent whose start ran and failed leads to the backoff, not to a loop."""
    known(scene, RESTARTING)
    ident = scene.intend("a.service", IntentKind.RUN, invocation="0" * 32)
    scene.ended("a.service", result="exit-code", restart="always", seconds_ago=1)
    assert [] == scene.does()
    assert (ident,) == scene.plan().close
    assert "failed: exit status 0; tried again when its pause ends" == scene.says("a.service")


@pytest.mark.parametrize("key", ["requires", "binds_to", "part_of"])
def test_a_unit_follows_what_it_needs(scene: Any, key: str) -> None:
    """V9: it went down with a unit that it needs and that is down: no drift."""
    known(scene)
    scene.ended("a.service", asked=True, **{key: ("b.service",)})
    scene.ended("b.service", asked=True)
    assert [] == scene.does()
    assert "waiting: follows b.service: which is not up" == scene.says("a.service")


def test_a_unit_follows_its_rival(scene: Any) -> None:
    """V9: a Conflicts= partner that runs now is no drift."""
    known(scene)
    scene.ended("a.service", asked=True, conflicts=("b.service", "shutdown.target"))
    scene.up("b.service")
    assert [] == scene.does()
    assert "waiting: follows b.service: which runs" == scene.says("a.service")


def test_a_natural_end_is_complete(scene: Any) -> None:
    """V11: it ended by itself with success: healthy, until its content changes."""
    known(scene)
    scene.ended("a.service")
    assert [] == scene.does()
    assert scene.says("a.service").startswith("in-sync: complete")
    scene.declare("a.service", RESTARTING.replace("/bin/a", "/bin/b"))
    assert "start a.service" == scene.does()[-1]


def test_a_description_does_not_start_what_is_complete(scene: Any) -> None:
    """V11, C1: only content that its process depends on starts it again."""
    known(scene)
    scene.ended("a.service")
    scene.declare("a.service", "[Unit]\nDescription=x\n" + scene_text())
    assert ["update a.service", "daemon-reload"] == scene.does()


def scene_text() -> str:
    """Return the text that the scene's service has by default."""
    return "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"


def test_a_failure_is_tried_again_with_growing_pauses(scene: Any) -> None:
    """V13, D4: with Restart= for ever, 5 s to 5 min apart, and the start limit is cleared."""
    known(scene, RESTARTING, tries=9)
    failed: dict[str, Any] = {"result": "exit-code", "restart": "always"}
    failed |= dict.fromkeys(("active_enter_timestamp", "inactive_exit_timestamp"), 4_590_000_000)
    scene.ended("a.service", seconds_ago=400, **failed)
    assert ["reset-failed a.service", "start a.service"] == scene.does()
    failed |= dict.fromkeys(("active_enter_timestamp", "inactive_exit_timestamp"), 4_970_000_000)
    scene.ended("a.service", seconds_ago=20, **failed)
    assert [] == scene.does()
    assert 200 < scene.plan().wake_at - 10_000 < 330


@pytest.mark.parametrize(
    ("record", "facts", "word"),
    [
        ({"tries": 2}, {}, ["reset-failed a.service", "start a.service"]),
        ({"tries": 3}, {}, []),
        ({"tries": 0}, {"restart_prevent_codes": (7,), "exec_main_status": 7}, []),
    ],
    ids=["third try", "given up", "RestartPreventExitStatus="],
)
def test_a_failure_without_restart_is_tried_three_times(
    scene: Any, record: dict[str, Any], facts: dict[str, Any], word: list[str]
) -> None:
    """V13: without Restart= three tries; never an exit that RestartPreventExitStatus= names."""
    known(scene, **record)
    scene.ended(
        "a.service", seconds_ago=100, active_enter_timestamp=4_880_000_000,
        inactive_exit_timestamp=4_880_000_000, result="exit-code", restart="no", **facts,
    )  # fmt: skip
    assert word == scene.does()


def test_a_pause_begins_with_the_last_change_of_state(scene: Any) -> None:
    """V13: a socket that cannot listen notes no end of a run, and still has its pauses."""
    known(scene, tries=2)
    end = {"inactive_enter_timestamp": 0, "state_change_timestamp": 4_999_000_000}
    scene.ended("a.service", result="resources", **end)
    assert [] == scene.does()
    assert 0 < scene.plan().wake_at - 10_000 < 25


def test_a_minute_of_running_forgets_the_tries(scene: Any) -> None:
    """V, Failed: success is 60 s active."""
    known(scene, tries=2)
    scene.up("a.service")
    assert 0 == scene.plan().records["a.service"].tries


@pytest.mark.parametrize("load", ["bad-setting", "error", "masked"])
def test_what_systemd_cannot_load_is_not_started(scene: Any, load: str) -> None:
    """V: no start in a loop for a unit that cannot be loaded; changed content is tried."""
    known(scene)
    scene.down("a.service", load=load)
    assert [] == scene.does()
    scene.declare("a.service", RESTARTING)
    assert "start a.service" == scene.does()[-1]


def test_a_unit_on_its_way_down_is_not_started(scene: Any) -> None:
    """V1: a stop that has not ended is waited for."""
    known(scene)
    scene.up("a.service", "deactivating", "stop-sigterm")
    assert [] == scene.does()
    assert "stopping" == scene.verdict("a.service").sync


def test_a_missing_path_is_waited_for(scene: Any) -> None:
    """F: a start that cannot succeed is not tried until the path is there."""
    known(scene)
    scene.down("a.service")
    scene.observed["missing"] = {"a.service": "/opt/a"}
    assert [] == scene.does()
    assert "waiting: /opt/a missing; started when it appears" == scene.says("a.service")


def test_a_missing_path_keeps_the_running_process(scene: Any) -> None:
    """F: a restart that cannot succeed would be a stop; the file waits with it."""
    scene.settled("a.service")
    scene.declare("a.service", RESTARTING.replace("/bin/a", "/opt/a"))
    scene.observed["missing"] = {"a.service": "/opt/a"}
    assert [] == scene.does()


def test_pauses_grow_and_differ_by_unit() -> None:
    """V13: 5 s at first, at most 5 min and a tenth, spread by the unit's name."""
    assert all(4.5 <= pause(f"{n}.service", 0) <= 5.5 for n in range(50))
    assert all(270 <= pause("a.service", tries) <= 330 for tries in range(7, 40))
    assert pause("a.service", 3) != pause("b.service", 3)
