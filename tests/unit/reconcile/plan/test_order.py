"""The order of actions within a pass (O), and when systemd has to read units again (D6)."""

from typing import Any

from unitward.model.plan import Phase, Verb
from unitward.model.recorded import IntentKind


def service(lines: str = "", unit: str = "") -> str:
    """Return the text of a service installed in the default target."""
    return f"[Unit]\n{unit}[Service]\nExecStart=/bin/a\n{lines}[Install]\nWantedBy=default.target\n"


def test_phases_follow_one_another(scene: Any) -> None:
    """O3 to O7: stop by old definitions, write, one reload, then run; links before the reload."""
    scene.settled("a.service", service("ExecStop=/bin/x\n"))
    scene.declare("a.service", service("ExecStop=/bin/y\n"))
    scene.declare("b.service")
    scene.settled("gone.service")
    del scene.units["gone.service"]
    scene.set(prune_after=0.0)
    actions = scene.plan().actions
    phases = [action.phase for action in actions]
    assert sorted(phases) == phases
    assert 1 == phases.count(Phase.RELOAD)
    assert {"enable"} < {a.verb.value for a in actions if a.phase is Phase.WRITE}


def test_what_others_come_after_goes_first(scene: Any) -> None:
    """O7: starts are in dependency order, by After= and Before=, whatever the names."""
    scene.declare("a.service", service(unit="After=c.service\n"))
    scene.declare("b.service", service(unit="Before=c.service\n"))
    scene.declare("c.service")
    starts = [line for line in scene.does() if line.startswith("start")]
    assert ["start b.service", "start c.service", "start a.service"] == starts


def test_a_cycle_is_no_obstacle(scene: Any) -> None:
    """O7: After= in a circle is started in some order."""
    scene.declare("a.service", service(unit="After=b.service\n"))
    scene.declare("b.service", service(unit="After=a.service\n"))
    starts = [line for line in scene.does() if line.startswith("start")]
    assert ["start a.service", "start b.service"] == sorted(starts)


def test_sockets_come_before_their_service(scene: Any) -> None:
    """O7, C7: a service starts after the sockets that trigger it, whatever they are called."""
    scene.declare("a.service")
    socket = "[Socket]\nListenStream=1\nService=a.service\n[Install]\nWantedBy=default.target\n"
    scene.declare("z.socket", socket)
    assert ["start z.socket", "start a.service"] == scene.does()[-2:]


def test_the_own_unit_comes_last(scene: Any) -> None:
    """O10: unitward's own unit is restarted after everything else."""
    for name in ("a.service", "unitward.service", "z.service"):
        scene.settled(name)
        scene.declare(name, service("Nice=1\n"))
    last = scene.plan().actions[-1]
    assert ("unitward.service", Phase.OWN) == (last.unit, last.phase)


def test_a_definition_older_than_the_file_is_loaded(scene: Any) -> None:
    """D6: a reload, and nothing else, where the file is newer than what systemd loaded."""
    scene.settled("a.service")
    scene.on_disk("a.service", scene.files["a.service"].content, 9999.0)
    assert ["daemon-reload"] == scene.does()
    assert "a.service is newer than what the manager loaded" == scene.plan().actions[0].reason


def test_a_file_that_systemd_misses(scene: Any) -> None:
    """D6, O5: a unit that is not found though its file stands there is started after a reload."""
    scene.declare("a.service")
    scene.applied("a.service")
    scene.down("a.service", load="not-found")
    reload, start = (f"{a.verb.value} {a.unit}".strip() for a in scene.plan().actions[-2:])
    assert ("daemon-reload", "start a.service") == (reload, start)
    reasons = [a.reason for a in scene.plan().actions if a.verb is Verb.RELOAD_MANAGER]
    assert ["systemd does not find a.service, which stands on disk"] == reasons


def test_systemd_says_that_it_needs_a_reload(scene: Any) -> None:
    """D6: NeedDaemonReload of a declared unit asks for a reload."""
    scene.settled("a.service")
    scene.up("a.service", need_daemon_reload=True)
    assert ["daemon-reload"] == scene.does()


def test_reported_drift_is_not_reloaded(scene: Any) -> None:
    """D6: with `drift: report` the reload waits too."""
    scene.settled("a.service", drift="report")
    scene.on_disk("a.service", scene.files["a.service"].content, 9999.0)
    assert [] == scene.does()
    scene.intend("a.service", IntentKind.RUN, invocation="1" * 32)
    assert ["daemon-reload", "restart a.service"] == scene.does()


def test_every_action_has_a_reason_and_a_unit(scene: Any) -> None:
    """O: a reason on everything; only the reload of the manager has no unit."""
    scene.settled("a.service")
    scene.declare("a.service", service("Nice=1\n"))
    scene.declare("b.service")
    for action in scene.plan().actions:
        assert action.reason
        assert bool(action.unit) != (action.verb.value == "daemon-reload")
