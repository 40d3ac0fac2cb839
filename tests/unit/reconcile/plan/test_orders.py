"""What people ask for of single units: holds, nudges, adoptions, forgetting."""

import hashlib
from typing import Any

import pytest

from unitward.model.orders import Adoption, Hold, Nudge, NudgeKind, Orders
from unitward.model.plan import Phase, Verb
from unitward.unitfile.mark import seal

NOW = 10_000.0
SERVICE = "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"
OTHER = SERVICE.replace("/bin/a", "/bin/b")
FAILED: dict[str, Any] = {"result": "exit-code", "exec_main_status": 1}


def ask(scene: Any, **orders: Any) -> None:
    """Have orders in the ledger: unit -> what was asked for."""
    scene.recorded["orders"] = Orders(**orders)


def hold(scene: Any, name: str, until: float = 0.0) -> None:
    """Hold a unit."""
    ask(scene, holds={name: Hold(name, "maintenance", NOW - 100, until)})


def nudge(scene: Any, kind: NudgeKind, at: float) -> None:
    """Nudge a.service."""
    ask(scene, nudges={"a.service": Nudge("a.service", kind, at)})


def test_a_held_unit_is_left_alone_and_its_change_is_shown(scene: Any) -> None:
    """H1: nothing is done for a held unit; its verdict says what would be."""
    scene.declare("a.service", OTHER)
    scene.applied("a.service", SERVICE)
    scene.up("a.service")
    hold(scene, "a.service", NOW + 60)
    assert [] == scene.does()
    assert "held: held: maintenance; would: update + restart" == scene.says("a.service")
    assert NOW + 60 == scene.verdict("a.service").until == scene.plan().wake_at
    assert scene.known["a.service"] == scene.plan().records["a.service"]


@pytest.mark.parametrize("until", [NOW - 1, NOW])
def test_a_hold_expires(scene: Any, until: float) -> None:
    """H2: a hold whose time has come holds nothing."""
    scene.declare("a.service", OTHER)
    scene.applied("a.service", SERVICE)
    scene.up("a.service")
    hold(scene, "a.service", until)
    assert "update a.service" in scene.does()
    assert "restart a.service" in scene.does()


def test_a_removal_of_a_held_unit_waits(scene: Any) -> None:
    """H1: what is held is not removed, however long it is declared no more."""
    scene.settled("b.service")
    scene.applied("a.service")
    scene.up("a.service")
    scene.recorded["absences"] = {"a.service": NOW - 500}
    hold(scene, "a.service")
    assert [] == scene.does()
    assert "held: held: maintenance; would: remove" == scene.says("a.service")


def test_a_stop_that_would_take_a_held_unit_down_waits(scene: Any) -> None:
    """H1: no other unit's stop takes a held one with it."""
    old = SERVICE.replace("[Install]", "ExecStop=/bin/x\n[Install]")
    scene.declare("a.service", OTHER)
    scene.applied("a.service", old)
    scene.up("a.service", required_by=("b.service",))
    scene.settled("b.service")
    hold(scene, "b.service")
    assert [] == scene.does()
    assert "would stop b.service, which is held" in scene.says("a.service")


def test_a_held_instance_keeps_its_template(scene: Any) -> None:
    """H1: a template's file is not written under a held instance."""
    scene.declare("w@.service", "[Service]\nExecStart=/bin/v %i\n")
    scene.applied("w@.service", "[Service]\nExecStart=/bin/w %i\n")
    scene.declare("w@x.service", None, state="running")
    scene.applied("w@x.service", None)
    scene.up("w@x.service")
    hold(scene, "w@x.service")
    assert [] == scene.does()
    assert "not written: w@x.service: held: maintenance" in scene.says("w@.service")


def test_a_held_unit_that_is_as_declared_says_only_why_it_is_held(scene: Any) -> None:
    """H1: without a change there is nothing to add."""
    scene.settled("a.service")
    hold(scene, "a.service")
    assert "held: held: maintenance" == scene.says("a.service")


@pytest.mark.parametrize("kind", list(NudgeKind))
def test_a_nudge_ends_the_grace(scene: Any, kind: NudgeKind) -> None:
    """H3: a unit that was stopped by hand before it was resumed is started now."""
    scene.declare("a.service")
    scene.applied("a.service")
    scene.ended("a.service", asked=True, seconds_ago=20)
    assert [] == scene.does()
    nudge(scene, kind, NOW - 10)
    assert ["start a.service"] == scene.does()


def test_a_nudge_counts_for_what_was_before_it(scene: Any) -> None:
    """H3, H4: a stop or failure after the nudge is judged as any other."""
    scene.declare("a.service")
    scene.applied("a.service")
    scene.ended("a.service", asked=True, seconds_ago=20)
    nudge(scene, NudgeKind.RESUME, NOW - 30)
    assert [] == scene.does()
    scene.ended("a.service", seconds_ago=2, **FAILED)
    nudge(scene, NudgeKind.RETRY, NOW - 30)
    assert [] == scene.does()


def test_a_retry_starts_what_was_given_up(scene: Any) -> None:
    """H4: a unit that failed too often is started as if it had not been tried before."""
    scene.declare("a.service")
    scene.applied("a.service", tries=3)
    began = dict.fromkeys(("active_enter_timestamp", "inactive_exit_timestamp"), 4_970_000_000)
    scene.ended("a.service", **FAILED, **began)
    assert [] == scene.does()
    nudge(scene, NudgeKind.RESUME, NOW)
    assert [] == scene.does()
    nudge(scene, NudgeKind.RETRY, NOW)
    assert ["reset-failed a.service", "start a.service"] == scene.does()
    assert 0 == scene.plan().records["a.service"].tries


def test_a_retry_runs_a_failed_oneshot_again(scene: Any) -> None:
    """H4: a oneshot whose run failed runs again when asked, though V5 never does."""
    body = SERVICE.replace("[Service]", "[Service]\nType=oneshot")
    scene.declare("a.service", body)
    scene.applied("a.service", body)
    scene.ended("a.service", type="oneshot", **FAILED)
    assert [] == scene.does()
    nudge(scene, NudgeKind.RETRY, NOW)
    assert ["reset-failed a.service", "start a.service"] == scene.does()


def adopt(scene: Any, digest: str) -> None:
    """Give the file of a.service over with a digest."""
    ask(scene, adoptions={"a.service": Adoption("a.service", "a.service", digest)})


def test_an_adopted_file_is_kept_and_replaced(scene: Any) -> None:
    """N2: a foreign file that its owner gave over is copied, then written; no restart for it."""
    scene.declare("a.service")
    scene.on_disk("a.service", SERVICE)
    scene.up("a.service")
    assert [] == scene.does()
    adopt(scene, scene.disk["a.service"].digest)
    kept, written, *rest = scene.does()
    assert ("keep copy a.service", "update a.service") == (kept, written)
    assert ["enable a.service", "daemon-reload"] == rest


def test_an_adopted_file_that_differs_restarts_what_runs_by_it(scene: Any) -> None:
    """C4: the file that was adopted is what the running unit was started with."""
    scene.declare("a.service", OTHER)
    scene.on_disk("a.service", SERVICE)
    scene.up("a.service")
    adopt(scene, scene.disk["a.service"].digest)
    assert "restart a.service" in scene.does()


def test_an_adoption_is_bound_to_what_was_seen(scene: Any) -> None:
    """N2: a file that changed since it was given over blocks its unit again."""
    scene.declare("a.service")
    scene.on_disk("a.service", SERVICE)
    adopt(scene, hashlib.sha256(b"as it was").hexdigest())
    assert [] == scene.does()
    assert scene.says("a.service").startswith("blocked: ")


def test_a_file_of_another_installation_can_be_adopted(scene: Any) -> None:
    """N3: a copied home is foreign until its owner says otherwise."""
    scene.declare("a.service")
    theirs = seal(SERVICE.encode(), installation="there", unit="a.service")
    scene.on_disk("a.service", theirs)
    assert [] == scene.does()
    adopt(scene, scene.disk["a.service"].digest)
    assert "update a.service" in scene.does()


@pytest.mark.parametrize("declared", [True, False])
def test_a_forgotten_unit_is_given_up_as_it_is(scene: Any, *, declared: bool) -> None:
    """N4: its files lose their mark and nothing else; its link and process stay."""
    scene.settled("b.service")
    scene.settled("a.service")
    if not declared:
        del scene.units["a.service"]
    ask(scene, forgotten={"a.service": NOW})
    plan = scene.plan()
    assert ["release a.service", "daemon-reload", "forget a.service"] == scene.does()
    assert SERVICE.encode() == plan.actions[0].content
    assert scene.disk["a.service"] == plan.actions[0].before
    assert "a.service" not in plan.records
    if declared:
        assert "blocked: forgotten; take it out of a.yaml:3" in scene.says("a.service")


def test_a_forgotten_unit_is_left_alone_while_it_is_declared(scene: Any) -> None:
    """N4: whatever becomes of its declaration and its process, nothing is done for it."""
    scene.declare("a.service", OTHER)
    scene.on_disk("a.service", SERVICE)
    scene.down("a.service")
    ask(scene, forgotten={"a.service": NOW})
    assert [] == scene.does()
    assert () == scene.plan().moot
    del scene.units["a.service"]
    assert ("a.service",) == scene.plan().moot


def test_a_forgotten_template_takes_its_instances_with_it(scene: Any) -> None:
    """R7: instances run by their template's file, so they are given up together."""
    scene.settled("w@.service", "[Service]\nExecStart=/bin/w %i\n")
    scene.declare("w@x.service", None, state="running")
    scene.applied("w@x.service", None)
    scene.up("w@x.service")
    ask(scene, forgotten={"w@.service": NOW})
    forgotten = {a.unit for a in scene.plan().actions if a.verb is Verb.FORGET}
    assert {"w@.service", "w@x.service"} == forgotten
    assert not {a.unit for a in scene.plan().actions if a.phase in {Phase.STOP, Phase.RUN}}


def test_only_an_approval_that_was_needed_is_used(scene: Any) -> None:
    """R3: a pass without the removals that an approval is for does not use it up."""
    scene.applied("a.service")
    scene.up("a.service")
    scene.recorded["absences"] = {"a.service": NOW - 500}
    [held] = scene.plan().held
    scene.recorded["approved"] = frozenset({held.digest, "another"})
    assert "remove a.service" in scene.does()
    assert (held.digest,) == scene.plan().approvals
    scene.declare("a.service", OTHER)
    assert "update a.service" in scene.does()
    assert () == scene.plan().approvals
