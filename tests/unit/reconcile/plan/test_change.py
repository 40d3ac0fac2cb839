"""Table C: what a change does to a unit that runs."""

from typing import Any

import pytest

from unitward.model.declared import OnChange
from unitward.model.observed import DiskKind
from unitward.model.plan import Phase

INSTALL = "[Install]\nWantedBy=default.target\n"


def service(lines: str = "", unit: str = "", command: str = "/bin/a") -> str:
    """Return the text of a service."""
    return f"[Unit]\n{unit}[Service]\nExecStart={command}\n{lines}{INSTALL}"


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        (service(), "# a comment\n" + service(), []),
        (service(unit="Description=a\n"), service(unit="Description=b\n"), []),
        (service("CPUWeight=10\n"), service("CPUWeight=20\n"), []),
        (service("Nice=1\n"), service("Nice=2\n"), ["reset-failed", "restart"]),
        (service("X-Own=1\n"), service("X-Own=2\n"), []),
        (service("Unheard=1\n"), service("Unheard=2\n"), ["reset-failed", "restart"]),
    ],
    ids=["C0 comment", "C1 description", "C1 cgroup", "C4", "C0 X-", "C4 unknown key"],
)
def test_a_change_does_what_its_keys_ask_for(
    scene: Any, old: str, new: str, runs: list[str]
) -> None:
    """C0, C1, C4: a running service is restarted for what its process depends on, only."""
    scene.settled("a.service", old)
    scene.declare("a.service", new)
    wanted = ["update a.service", "daemon-reload", *(f"{verb} a.service" for verb in runs)]
    assert wanted == scene.does()


def test_an_update_names_the_keys_that_changed(scene: Any) -> None:
    """C4: the reason of an update and of a restart is the key, in the words of the file."""
    scene.settled("a.service", service("Nice=1\n"))
    scene.declare("a.service", service("Nice=2\n"))
    reasons = {action.verb.value: action.reason for action in scene.plan().actions}
    assert "[Service] Nice changed" == reasons["update"]
    assert "[Service] Nice changed (C4)" == reasons["restart"]


def test_gained_wants_are_started_and_the_unit_is_not(scene: Any) -> None:
    """C2: what an active unit newly wants is started, declared or not, frozen ones excepted."""
    scene.settled("a.service", service())
    for name in ("b.service", "f.service", "s.service"):
        scene.settled(name, "[Service]\nExecStart=/bin/b\n")
        scene.down(name)
    scene.freeze("f.service")
    del scene.units["f.service"]
    scene.declare("s.service", "[Service]\nExecStart=/bin/b\n", state="stopped")
    new = service(unit="Wants=b.service f.service other.service s.service\n")
    scene.declare("a.service", new)
    wanted = ["update a.service", "daemon-reload", "start b.service", "start other.service"]
    assert wanted == scene.does()


def test_a_key_that_acts_at_the_reload_is_named(scene: Any) -> None:
    """C3: the plan says that the reload itself acts on the unit."""
    scene.settled("a.service", service())
    scene.declare("a.service", service("RuntimeMaxSec=1s\n"))
    assert ["update a.service", "daemon-reload"] == scene.does()
    wanted = "the reload may end a.service at once: [Service] RuntimeMaxSec changed (C3)"
    assert (wanted,) == scene.plan().notes


@pytest.mark.parametrize(("up", "wanted"), [(False, "will stop"), (True, "may stop")])
def test_the_plan_says_that_a_reload_will_stop_a_unit(scene: Any, up: bool, wanted: str) -> None:
    """C3: bound to a unit that is down, a running one is stopped by the reload itself."""
    scene.settled("a.service", service())
    scene.settled("b.service", service())
    if not up:
        scene.down("b.service")
    scene.declare("a.service", "[Unit]\nBindsTo=b.service\n" + service())
    (note,) = (note for note in scene.plan().notes if "a.service" in note)
    assert f"the reload {wanted} a.service" in note
    assert "BindsTo" in note
    assert up is not ("restart a.service" in scene.does())


@pytest.mark.parametrize("more", ["", "Nice=5\n"])
def test_keep_does_not_write_what_a_reload_acts_on(scene: Any, more: str) -> None:
    """C3: with `on_change: keep` such a file is not written, whatever else changed in it."""
    scene.settled("a.service", service())
    scene.declare("a.service", service(f"RuntimeMaxSec=1s\n{more}"), on_change=OnChange.KEEP)
    assert [] == scene.does()


def test_a_start_timeout_acts_on_a_unit_that_is_starting(scene: Any) -> None:
    """C3: TimeoutStartSec= is class L for a running unit and `now` for a starting one."""
    scene.settled("a.service", service("TimeoutStartSec=1h\n"))
    scene.declare("a.service", service("TimeoutStartSec=1s\n"), on_change=OnChange.KEEP)
    assert ["update a.service", "daemon-reload"] == scene.does()
    scene.up("a.service", "activating", "start")
    assert [] == scene.does()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (service("ExecStop=/bin/x\n"), service("ExecStop=/bin/y\n")),
        (service("ExecStop=/bin/x\n"), service("ExecStop=/bin/x\nNice=1\n")),
        (service("RuntimeDirectory=x\n"), service("RuntimeDirectory=y\n")),
    ],
)
def test_stop_by_the_old_definition(scene: Any, old: str, new: str) -> None:
    """C5: stop first, by the old file; then RestartUnit, then what went down with it."""
    scene.settled("a.service", old)
    scene.declare("a.service", new)
    scene.up("a.service", required_by=("b.service",), consists_of=("c.service",))
    scene.up("b.service", bound_by=("d.service",))
    scene.up("d.service")
    scene.down("c.service")
    assert [
        "stop a.service",
        "update a.service",
        "daemon-reload",
        "reset-failed a.service",
        "restart a.service",
        "start b.service",
        "start d.service",
    ] == scene.does()
    stop = scene.plan().actions[0]
    assert ("b.service", "d.service") == stop.neighbours


def test_what_is_stopped_or_removed_anyway_is_not_started_again(scene: Any) -> None:
    """C5: a neighbour that goes in this pass, or should be stopped, stays down."""
    scene.settled("a.service", service("ExecStop=/bin/x\n"))
    scene.declare("a.service", service("ExecStop=/bin/y\n"))
    scene.up("a.service", required_by=("gone.service", "off.service"))
    for name in ("gone.service", "off.service", "x.service", "y.service", "z.service"):
        scene.settled(name)
    scene.declare("off.service", state="stopped")
    del scene.units["gone.service"]
    scene.set(prune_after=0.0)
    done = scene.does()
    assert "stop gone.service" in done
    assert not {"start gone.service", "start off.service"} & set(done)


def test_a_stop_that_takes_a_frozen_unit_down_waits(scene: Any) -> None:
    """C5, F: a frozen unit stays exactly as it is, so the stop above it waits."""
    scene.settled("a.service", service("ExecStop=/bin/x\n"))
    scene.declare("a.service", service("ExecStop=/bin/y\n"))
    scene.up("a.service", required_by=("f.service",))
    scene.up("f.service")
    scene.freeze("f.service")
    assert [] == scene.does()
    assert "would stop f.service, which is frozen" in scene.says("a.service")


def test_only_links_change_with_install(scene: Any) -> None:
    """C6: a moved [Install] enables anew and removes the old recorded link; nothing restarts."""
    scene.settled("a.service", service())
    scene.declare("a.service", service().replace("default.target", "other.target"))
    assert [
        "unlink default.target.wants/a.service",
        "update a.service",
        "enable a.service",
        "daemon-reload",
    ] == scene.does()


def test_links_go_with_the_install_section(scene: Any) -> None:
    """C6: without an [Install] section the recorded links are stale, others are left."""
    scene.settled("a.service", service())
    scene.link("x.target.wants/a.service", "a.service", recorded=False)
    scene.declare("a.service", service().replace(INSTALL, ""))
    assert [
        "unlink default.target.wants/a.service",
        "update a.service",
        "daemon-reload",
    ] == scene.does()
    assert "" == scene.plan().records["a.service"].install_digest


SOCKET = "[Socket]\nListenStream={}\n[Install]\nWantedBy=default.target\n"


def test_a_socket_and_its_service_go_down_and_up_together(scene: Any) -> None:
    """C7: sockets first, all that trigger the service; sockets started before the service."""
    scene.settled("a.service", service())
    scene.settled("a.socket", SOCKET.format(1))
    scene.settled("b.socket", SOCKET.format(2) + "[Socket]\nService=a.service\n")
    scene.declare("a.socket", SOCKET.format(3))
    assert [
        "stop a.socket",
        "stop b.socket",
        "stop a.service",
        "update a.socket",
        "daemon-reload",
        "reset-failed a.socket",
        "reset-failed b.socket",
        "reset-failed a.service",
        "start a.socket",
        "start b.socket",
        "start a.service",
    ] == scene.does()


def test_a_service_that_gains_a_socket_is_stopped_first(scene: Any) -> None:
    """C7: a new socket cannot be started under its running service."""
    scene.settled("a.service", service())
    scene.declare("a.socket", SOCKET.format(1))
    done = scene.does()
    assert "stop a.service" == done[0]
    assert done.index("start a.socket") < done.index("start a.service")


def test_a_new_socket_does_not_stop_a_foreign_service(scene: Any) -> None:
    """C7, N: a running service that is not declared is not stopped for a socket of ours."""
    scene.up("a.service")
    scene.declare("a.socket", SOCKET.format(1))
    assert [] == scene.does()
    assert "a.service runs and is not declared" in scene.says("a.socket")


def test_a_bounce_brings_back_what_it_took_down(scene: Any) -> None:
    """C7: what requires the service comes back too, and an intent remembers it."""
    scene.settled("a.service", service())
    scene.up("a.service", required_by=("b.service",))
    scene.up("b.service")
    scene.settled("a.socket", SOCKET.format(1))
    scene.declare("a.socket", SOCKET.format(3))
    assert "start b.service" == scene.does()[-1]
    stops = [a for a in scene.plan().actions if a.phase is Phase.STOP]
    assert all("b.service" in stop.neighbours for stop in stops)


def test_an_accepting_socket_is_restarted_alone(scene: Any) -> None:
    """C7: connections of an `Accept=yes` socket survive its restart."""
    accept = "Accept=yes\n"
    scene.settled("a.socket", SOCKET.format(1).replace("[Install]", accept + "[Install]"))
    scene.declare("a.socket", SOCKET.format(2).replace("[Install]", accept + "[Install]"))
    assert [
        "update a.socket",
        "daemon-reload",
        "reset-failed a.socket",
        "restart a.socket",
    ] == scene.does()


@pytest.mark.parametrize("why", ["frozen", "kept", "blocked", "starting oneshot"])
def test_a_socket_waits_for_its_service(scene: Any, why: str) -> None:
    """C7: where the service must not be stopped, the socket and its file stay as they are."""
    scene.settled("a.socket", SOCKET.format(1))
    scene.declare("a.socket", SOCKET.format(2))
    scene.settled("a.service", service())
    if why == "frozen":
        del scene.units["a.service"]
        scene.freeze("a.service")
    elif why == "kept":
        scene.declare("a.service", service(), on_change=OnChange.KEEP)
    elif why == "blocked":
        scene.not_a_file("a.service", DiskKind.OTHER)
    else:
        scene.declare("a.service", service("Type=oneshot\nNice=3\n"))
        scene.up("a.service", "activating", "start")
    assert [] == scene.does()
    assert scene.says("a.socket").startswith("pending: [Socket] ListenStream changed (C7); ")


def test_a_socket_that_is_down_stays_down(scene: Any) -> None:
    """C7: changing a socket that nobody started starts nothing."""
    scene.settled("a.service", service())
    scene.settled("a.socket", SOCKET.format(1).replace(INSTALL, ""))
    scene.down("a.socket")
    scene.declare("a.socket", SOCKET.format(2).replace(INSTALL, ""))
    assert ["update a.socket", "daemon-reload"] == scene.does()


TIMER = "[Timer]\n{}[Install]\nWantedBy=default.target\n"


@pytest.mark.parametrize(
    ("times", "sub", "runs"),
    [
        ("OnCalendar=daily\n", "waiting", []),
        ("OnCalendar=daily\n", "elapsed", ["restart a.timer"]),
        ("OnBootSec=1h\n", "elapsed", []),
        ("OnBootSec=2h\n", "elapsed", ["restart a.timer"]),
    ],
    ids=["waiting", "elapsed", "past: 1 h after boot is over", "still to come"],
)
def test_a_timer_is_restarted_only_if_it_had_elapsed(
    scene: Any, times: str, sub: str, runs: list[str]
) -> None:
    """C8: the reload applies a timer; an elapsed one is restarted if something can come."""
    scene.settled("a.timer", TIMER.format("OnCalendar=weekly\n"))
    scene.up("a.timer", "active", sub)
    scene.declare("a.timer", TIMER.format(times))
    assert ["update a.timer", "daemon-reload", *runs] == scene.does()


def test_a_newly_persistent_timer_is_stamped(scene: Any) -> None:
    """C8: what was missed before `Persistent=` came does not count; the plan says what may run."""
    scene.settled("a.timer", TIMER.format("OnCalendar=weekly\n"))
    scene.up("a.timer", "active", "waiting")
    scene.declare("a.timer", TIMER.format("OnCalendar=daily\nPersistent=yes\n"))
    assert ["update a.timer", "stamp a.timer", "daemon-reload"] == scene.does()
    assert ("a.timer may run now: times of OnCalendar changed",) == scene.plan().notes


@pytest.mark.parametrize(("due", "told"), [("OnCalendar=daily at 04:00", True), ("", False)])
def test_the_plan_names_the_time_that_is_due(scene: Any, due: str, told: bool) -> None:
    """C8: a new time before now makes the timer run at the reload; one after now does not."""
    scene.settled("a.timer", TIMER.format("OnCalendar=weekly\n"))
    scene.up("a.timer", "active", "waiting")
    scene.declare("a.timer", TIMER.format("OnCalendar=daily\n"))
    scene.observed["due"] = {"a.timer": due}
    wanted = f"a.timer may run now: {due} lies between its last run and now"
    assert ((wanted,) if told else ()) == scene.plan().notes


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.path", "[Path]\nPathExists=/a\n", "[Path]\nPathExists=/b\n"),
        ("a.slice", "[Slice]\nCPUWeight=1\n", "[Slice]\nCPUWeight=2\n"),
    ],
)
def test_paths_and_slices_are_reloaded(scene: Any, name: str, old: str, new: str) -> None:
    """C9: a path or slice takes a reload and nothing else."""
    scene.settled(name, old)
    scene.declare(name, new)
    assert [f"update {name}", "daemon-reload"] == scene.does()


@pytest.mark.parametrize(("active", "runs"), [("active", ["start b.service"]), ("inactive", [])])
def test_a_target_starts_what_it_gained(scene: Any, active: str, runs: list[str]) -> None:
    """C10: an active target's gained units are started, the target is not."""
    scene.settled("a.target", "[Unit]\nDescription=a\n")
    if active == "inactive":
        scene.down("a.target")
    scene.declare("a.target", "[Unit]\nDescription=a\nWants=b.service\n")
    assert ["update a.target", "daemon-reload", *runs] == scene.does()


TEMPLATE = "[Service]\nExecStart=/bin/a %i\n{}"


def test_a_template_restarts_its_instances(scene: Any) -> None:
    """C11: declared instances and those that a person started, each if it runs."""
    scene.settled("w@.service", TEMPLATE.format(""))
    for name in ("w@a.service", "w@b.service"):
        scene.declare(name, None)
        scene.applied(name, None)
    scene.up("w@a.service")
    scene.down("w@b.service")
    scene.up("w@hand.service")
    scene.declare("w@.service", TEMPLATE.format("Nice=1\n"))
    for name in ("w@a.service", "w@b.service"):
        scene.declare(name, None)
    scene.observed["hand_started"] = {"w@.service": ("w@down.service", "w@hand.service")}
    assert [
        "update w@.service",
        "daemon-reload",
        "reset-failed w@a.service",
        "reset-failed w@hand.service",
        "restart w@a.service",
        "restart w@hand.service",
    ] == scene.does()


def test_instances_of_a_foreign_template_are_blocked(scene: Any) -> None:
    """C11, N: an instance is not started from a template that is not ours."""
    scene.declare("w@.service", TEMPLATE.format(""))
    scene.declare("w@a.service", None, state="running")
    scene.on_disk("w@.service", "[Service]\nExecStart=/bin/other\n")
    assert [] == scene.does()
    assert scene.says("w@a.service").startswith("blocked: ")


def test_a_template_waits_for_an_instance_in_mid_run(scene: Any) -> None:
    """C14, C11: the shared file waits, and so do the restarts of all other instances."""
    old = TEMPLATE.format("Type=oneshot\n")
    scene.settled("w@.service", old)
    scene.declare("w@.service", old + "Nice=1\n")
    for name, active in (("w@a.service", "activating"), ("w@b.service", "active")):
        scene.declare(name, None)
        scene.applied(name, None, run_digest="old")
        scene.up(name, active, "start")
    assert [] == scene.does()


def test_our_drop_in_counts_as_the_unit_itself(scene: Any) -> None:
    """C12: a changed drop-in on a shipped unit restarts that unit."""
    scene.declare("v.service", None, dropins={"50.conf": "[Service]\nNice=1\n"})
    scene.applied("v.service", None)
    scene.record_file("v.service.d/50.conf", "[Service]\nNice=1\n")
    scene.up("v.service")
    scene.declare("v.service", None, dropins={"50.conf": "[Service]\nNice=2\n"})
    assert [
        "update v.service.d/50.conf",
        "daemon-reload",
        "reset-failed v.service",
        "restart v.service",
    ] == scene.does()


def test_a_type_wide_drop_in_restarts_nothing(scene: Any) -> None:
    """C12: a drop-in for all services is written and loaded; what is foreign goes on."""
    scene.settled("a.service")
    scene.declare_loose("service.d/10.conf", "[Service]\nNice=1\n")
    assert ["create service.d/10.conf", "daemon-reload"] == scene.does()


def test_contents_restart_or_reload(scene: Any) -> None:
    """C13: contents behind restart_on and env_files restart; behind reload_on reload."""
    scene.settled("a.service", service(), restart_on=("/etc/a",))
    scene.settled("b.service", service("ExecReload=/bin/r\n"), reload_on=("/etc/b",))
    scene.observed["external"] = {"/etc/a": "old", "/etc/b": "old"}
    scene.known |= scene.plan().records
    scene.hide("a.service", "b.service")
    assert [] == scene.does()
    scene.observed["external"] = {"/etc/a": "new", "/etc/b": "new"}
    assert ["reset-failed a.service", "restart a.service", "reload b.service"] == scene.does()


def test_unreadable_contents_count_as_unchanged(scene: Any) -> None:
    """C13: what cannot be read restarts nothing."""
    scene.settled("a.service", service(), restart_on=("/etc/a",))
    scene.observed["external"] = {"/etc/a": "old"}
    scene.known |= scene.plan().records
    scene.observed["external"] = {"/etc/a": None}
    assert [] == scene.does()


@pytest.mark.parametrize("what", ["its file", "contents", "the type"])
def test_a_oneshot_in_mid_run_is_left_alone(scene: Any, what: str) -> None:
    """C14: neither its file is written nor is it restarted until its run has ended."""
    old = service("Type=oneshot\n")
    scene.settled("a.service", old, restart_on=("/etc/a",))
    scene.observed["external"] = {"/etc/a": "old"}
    scene.known |= scene.plan().records
    scene.up("a.service", "activating", "start")
    if what == "its file":
        scene.declare("a.service", service("Type=oneshot\nNice=1\n"))
    elif what == "the type":
        scene.declare("a.service", service())
    else:
        scene.observed["external"] = {"/etc/a": "new"}
    assert [] == scene.does()
    assert "in the middle of its run" in scene.says("a.service")


def test_restart_overrides_the_wait_for_a_oneshot(scene: Any) -> None:
    """C14: `on_change: restart` restarts a oneshot in mid-run."""
    scene.settled("a.service", service("Type=oneshot\n"))
    scene.up("a.service", "activating", "start")
    new = service("Type=oneshot\nNice=1\n")
    scene.declare("a.service", new, on_change=OnChange.RESTART)
    assert "restart a.service" == scene.does()[-1]


def test_a_unit_on_its_way_down_keeps_its_file(scene: Any) -> None:
    """C15: the file is written once the stop has ended."""
    scene.settled("a.service")
    scene.up("a.service", "deactivating", "stop-sigterm")
    scene.declare("a.service", service("Nice=1\n"))
    assert [] == scene.does()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("dbus.service", service()),
        ("x.slice", "[Slice]\nCPUWeight=1\n[Install]\nWantedBy=default.target\n"),
        ("s.service", service("Slice=session.slice\n")),
    ],
)
def test_protected_units_are_not_restarted(scene: Any, name: str, body: str) -> None:
    """C16: file and reload; it takes effect at next login."""
    scene.settled(name, body)
    new = body.replace("[Install]", "Unheard=1\n[Install]")
    scene.declare(name, new, on_change=OnChange.STOP_START)
    assert [f"update {name}", "daemon-reload"] == scene.does()
    assert "takes effect at next login" in scene.says(name)
    if name.endswith(".service"):
        scene.declare(name, new, on_change=OnChange.RESTART)
        assert f"restart {name}" in scene.does()


def test_the_bus_socket_is_not_bounced(scene: Any) -> None:
    """C16: a changed dbus.socket takes neither itself nor the bus down."""
    scene.settled("dbus.socket", SOCKET.format(1))
    scene.settled("dbus.service")
    scene.declare("dbus.socket", SOCKET.format(2))
    assert ["update dbus.socket", "daemon-reload"] == scene.does()


def test_a_unit_that_refuses_is_pending(scene: Any) -> None:
    """C17: RefuseManualStop= refuses a restart; the file is written all the same."""
    scene.settled("a.service", service(unit="RefuseManualStop=yes\n"))
    scene.declare("a.service", service("Nice=1\n", unit="RefuseManualStop=yes\n"))
    assert ["update a.service", "daemon-reload"] == scene.does()
    assert "pending: pending: refuses manual restart" == scene.says("a.service")


def test_a_failing_condition_stops_nothing(scene: Any) -> None:
    """C18: a restart would be a stop, so there is none, and the record says `older`."""
    scene.settled("a.service")
    scene.declare("a.service", service("Nice=1\n"))
    scene.observed["skipped_conditions"] = {"a.service": "ConditionPathExists=/x"}
    assert ["update a.service", "daemon-reload"] == scene.does()
    assert "skipped: not restarted: ConditionPathExists=/x does not hold now" == scene.says(
        "a.service"
    )
    assert scene.units["a.service"].run_digest != scene.plan().records["a.service"].run_digest


def test_a_failing_condition_counts_for_contents_too(scene: Any) -> None:
    """C18, C13: changed contents restart nothing into its end, and are not forgotten for it."""
    scene.settled("a.service", service(), restart_on=("/etc/a",))
    scene.observed["external"] = {"/etc/a": "old"}
    scene.known |= scene.plan().records
    scene.observed["external"] = {"/etc/a": "new"}
    scene.observed["skipped_conditions"] = {"a.service": "ConditionPathExists=/x"}
    assert [] == scene.does()
    assert "skipped" == scene.verdict("a.service").sync
    scene.known |= scene.plan().records
    del scene.observed["skipped_conditions"]
    assert ["reset-failed a.service", "restart a.service"] == scene.does()


def test_a_failing_condition_keeps_no_reload(scene: Any) -> None:
    """C18: a reload of the process is no stop."""
    scene.settled("a.service", service("ExecReload=/bin/r\n"), reload_on=("/etc/a",))
    scene.up("a.service", can_reload=True)
    scene.observed["external"] = {"/etc/a": "old"}
    scene.known |= scene.plan().records
    scene.observed["external"] = {"/etc/a": "new"}
    scene.observed["skipped_conditions"] = {"a.service": "ConditionPathExists=/x"}
    assert ["reload a.service"] == scene.does()


@pytest.mark.parametrize("lives_in", ["session.slice", "session-audio.slice"])
def test_what_lives_in_the_session_slice_is_protected(scene: Any, lives_in: str) -> None:
    """C16: a shipped unit is, too, of which only our drop-in is declared."""
    scene.declare("p.service", None, dropins={"50.conf": "[Service]\nNice=1\n"})
    scene.up("p.service", slice=lives_in)
    assert ["create p.service.d/50.conf", "daemon-reload"] == scene.does()
    assert "pending: protected: takes effect at next login" == scene.says("p.service")
    scene.up("p.service", slice="app.slice")
    assert "restart p.service" in scene.does()


def test_keep_says_that_the_process_is_older(scene: Any) -> None:
    """C, `keep`: written and reloaded only; afterwards status says that the process is older."""
    scene.settled("a.service")
    scene.declare("a.service", service("Nice=1\n"), on_change=OnChange.KEEP)
    assert ["update a.service", "daemon-reload"] == scene.does()
    scene.known |= scene.plan().records
    scene.record_file("a.service", service("Nice=1\n"))
    assert [] == scene.does()
    assert "in-sync: its process is older than its file (on_change: keep)" == scene.says(
        "a.service"
    )


def test_keep_does_not_adopt_what_a_person_restarted_before(scene: Any) -> None:
    """C, `keep`: a process started by hand before the change does not pass for a new one."""
    scene.settled("a.service")
    scene.up("a.service", invocation_id="2" * 32)
    scene.declare("a.service", service("Nice=1\n"), on_change=OnChange.KEEP)
    record = scene.plan().records["a.service"]
    assert scene.units["a.service"].run_digest != record.run_digest
    assert "2" * 32 == record.invocation


@pytest.mark.parametrize(
    ("policy", "reloadable", "runs"),
    [
        (OnChange.RELOAD, True, ["reload a.service"]),
        (OnChange.RELOAD, False, ["reset-failed a.service", "restart a.service"]),
        (OnChange.RESTART, True, ["reset-failed a.service", "restart a.service"]),
    ],
)
def test_on_change_names_what_happens(
    scene: Any, policy: OnChange, runs: list[str], *, reloadable: bool
) -> None:
    """C, `on_change`: reload where the unit can, else restart; the others as named."""
    scene.settled("a.service")
    scene.up("a.service", can_reload=reloadable)
    scene.declare("a.service", service("Nice=1\n"), on_change=policy)
    assert ["update a.service", "daemon-reload", *runs] == scene.does()


def test_a_unit_changed_back_is_not_restarted(scene: Any) -> None:
    """C: a held-back change that is undone before a restart leaves no restart behind."""
    scene.settled("a.service")
    digest = scene.known["a.service"].run_digest
    scene.record_file("a.service", service("Nice=1\n"))
    scene.declare("a.service", service("Nice=1\n"), on_change=OnChange.KEEP)
    assert digest != scene.units["a.service"].run_digest
    assert [] == scene.does()
    scene.declare("a.service")
    scene.record_file("a.service", scene_text())
    assert [] == scene.does()


def scene_text() -> str:
    """Return the text that the scene's service has by default."""
    return "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"


def test_a_shipped_unit_is_replaced_by_a_restart(scene: Any) -> None:
    """C4: a new file that shadows the shipped definition of a running unit restarts it."""
    scene.declare("p.service")
    scene.up("p.service", fragment_path="/usr/lib/systemd/user/p.service")
    assert [
        "create p.service",
        "enable p.service",
        "daemon-reload",
        "reset-failed p.service",
        "restart p.service",
    ] == scene.does()


def test_a_transient_unit_of_our_name_is_left_running(scene: Any) -> None:
    """N: a transient unit is not ours; it is named and never restarted."""
    scene.declare("p.service")
    scene.up("p.service", fragment_path="/run/user/1/systemd/transient/p.service", transient=True)
    assert not {"restart p.service", "stop p.service"} & set(scene.does())
    assert scene.says("p.service").startswith("overridden: ")


def test_a_fragment_that_is_declared_no_more_is_stopped_by_its_definition(scene: Any) -> None:
    """R4: a unit of which only its policy is left loses our file after a stop."""
    scene.settled("a.service")
    scene.declare("a.service", None, state="running")
    scene.set(prune_after=0.0)
    done = scene.does()
    assert ["stop a.service", "delete a.service", "daemon-reload"] == [
        line for line in done if line.split()[0] in {"stop", "delete", "daemon-reload"}
    ]
