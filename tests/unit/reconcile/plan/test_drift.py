"""Table D, and N: what somebody else changed, and whose things are whose."""

from typing import Any

import pytest

from unitward.model.declared import DriftPolicy
from unitward.model.observed import DiskKind
from unitward.model.recorded import Before, IntentKind, Prior
from unitward.model.source import Unavailable

SOCKET = "[Socket]\nListenStream=1\n[Install]\nWantedBy=default.target\n"
LINK = "default.target.wants/a.service"


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        (DiskKind.ABSENT, ["restore a.service", "daemon-reload"]),
        (DiskKind.MASK, ["restore a.service", "daemon-reload"]),
        (DiskKind.LINK, ["restore a.service", "daemon-reload"]),
        (DiskKind.OTHER, []),
    ],
)
def test_a_file_that_is_gone_is_written_back(scene: Any, kind: DiskKind, done: list[str]) -> None:
    """D2: deleted or replaced by a link or mask: written back, nothing restarts."""
    scene.settled("a.service")
    scene.not_a_file("a.service", kind)
    assert done == scene.does()


@pytest.mark.parametrize("load", ["loaded", "not-found"])
def test_a_socket_whose_file_was_gone_across_a_reload_is_bounced(scene: Any, load: str) -> None:
    """D2: after a reload without its file it only seems to listen; before one it is well."""
    scene.settled("a.socket", SOCKET)
    scene.up("a.socket", load=load)
    scene.not_a_file("a.socket", DiskKind.ABSENT)
    bounced = ["stop a.socket", "restore a.socket", "daemon-reload", "reset-failed a.socket"]
    plain = ["restore a.socket", "daemon-reload"]
    assert (plain if load == "loaded" else [*bounced, "start a.socket"]) == scene.does()


def test_a_link_that_is_gone_is_made_again(scene: Any) -> None:
    """D3: somebody disabled the unit."""
    scene.settled("a.service")
    del scene.disk_links[LINK]
    assert ["enable a.service", "daemon-reload"] == scene.does()


def test_what_overrides_us_is_shown_and_left(scene: Any) -> None:
    """D5: a foreign drop-in is named, never removed."""
    scene.settled("a.service")
    scene.observed["foreign_dropins"] = {"a.service": ("a.service.d/override.conf",)}
    assert [] == scene.does()
    assert "overridden: a.service.d/override.conf: not of unitward's making" == scene.says(
        "a.service"
    )


@pytest.mark.parametrize("what", ["file", "link", "stopped", "failed", "running"])
def test_report_only_reports(scene: Any, what: str) -> None:
    """D, `drift: report`: everything is shown and nothing is done."""
    scene.settled("a.service", drift="report")
    match what:
        case "file":
            scene.on_disk("a.service", "[Service]\nExecStart=/mine\n")
        case "link":
            del scene.disk_links[LINK]
        case "stopped":
            scene.ended("a.service", asked=True, seconds_ago=400)
        case "failed":
            scene.ended("a.service", result="exit-code", seconds_ago=400)
        case _:
            scene.declare("a.service", state="stopped", drift="report")
            scene.applied("a.service", wish="stopped")
    assert [] == scene.does()
    assert "drifted" == scene.verdict("a.service").sync


def test_report_still_applies_changes(scene: Any) -> None:
    """D: a changed declaration is no drift."""
    scene.settled("a.service")
    changed = "[Service]\nExecStart=/bin/b\n[Install]\nWantedBy=default.target\n"
    scene.declare("a.service", changed, drift="report")
    assert "restart a.service" == scene.does()[-1]


def test_report_finishes_what_was_begun(scene: Any) -> None:
    """D: an open intent is finished even where drift is only reported."""
    scene.settled("a.service", drift="report")
    scene.on_disk("a.service", "[Service]\nExecStart=/mine\n")
    scene.ended("a.service", asked=True)
    scene.intend("a.service", IntentKind.RUN, invocation="1" * 32)
    assert ["start a.service"] == scene.does()


def test_report_holds_for_loose_drop_ins(scene: Any) -> None:
    """D, C12: with `drift: report` in the configuration an edited loose drop-in is left."""
    scene.declare_loose("service.d/1.conf", "[Service]\nNice=1\n")
    scene.record_file("service.d/1.conf", "[Service]\nNice=1\n")
    scene.on_disk("service.d/1.conf", "[Service]\nNice=9\n")
    assert "restore service.d/1.conf" in scene.does()
    scene.set(drift=DriftPolicy.REPORT)
    assert [] == scene.does()


@pytest.mark.parametrize("kind", [DiskKind.FILE, DiskKind.MASK, DiskKind.LINK, DiskKind.OTHER])
def test_what_is_foreign_blocks(scene: Any, kind: DiskKind) -> None:
    """N: whatever stands in the way and is not ours is not overwritten."""
    scene.declare("a.service")
    if kind is DiskKind.FILE:
        scene.on_disk("a.service", "[Service]\nExecStart=/mine\n")
    else:
        scene.not_a_file("a.service", kind)
    assert [] == scene.does()
    assert scene.says("a.service").startswith("blocked: a.service: ")


def test_another_installations_mark_is_foreign(scene: Any) -> None:
    """N: in a copied home the marks are of another installation, recorded or not."""
    scene.settled("a.service")
    there = scene.files["a.service"].content.replace(b"=here\n", b"=there\n")
    scene.on_disk("a.service", there)
    assert [] == scene.does()
    assert "another unitward installation" in scene.says("a.service")


def test_a_mark_that_does_not_hold_is_foreign(scene: Any) -> None:
    """N: our mark on an edited file that is recorded nowhere claims nothing."""
    scene.declare("a.service")
    content = scene.units["a.service"].fragment.content.replace(b"/bin/a", b"/bin/x")
    scene.on_disk("a.service", content)
    assert [] == scene.does()


def test_a_file_that_an_intent_names_is_ours(scene: Any) -> None:
    """N, O2: written by a pass that was killed before it could record."""
    scene.declare("a.service")
    scene.on_disk("a.service", "[Service]\nExecStart=/half\n")
    digest = scene.disk["a.service"].digest
    scene.intend("a.service", IntentKind.WRITE, path="a.service", digest=digest)
    assert "update a.service" in scene.does()


def test_masking(scene: Any) -> None:
    """O, Links: masked only where nothing stands; stopped first; undone when it is ours."""
    scene.declare("p.service", None, mask=True)
    scene.up("p.service")
    assert ["stop p.service", "mask p.service", "daemon-reload"] == scene.does()
    scene.on_disk("p.service", "[Service]\nExecStart=/mine\n")
    scene.down("p.service")
    assert [] == scene.does()
    assert "blocked" == scene.verdict("p.service").sync
    scene.declare("p.service", None, state="any")
    scene.applied("p.service", None, masked=True, wish="stopped")
    scene.not_a_file("p.service", DiskKind.MASK)
    assert ["unmask p.service", "daemon-reload"] == scene.does()


def test_prior_is_what_it_was_before_the_first_act(scene: Any) -> None:
    """N: what a unit named for its state was is recorded at the first pass, never later."""
    scene.declare("p.service", None, state="running")
    scene.down("p.service")
    assert (Before("p.service", Prior.INACTIVE),) == scene.plan().before
    scene.known |= scene.plan().records
    scene.up("p.service")
    assert () == scene.plan().before


def test_a_link_that_stood_before_is_needed_too(scene: Any) -> None:
    """D3: systemd keeps a shipped unit's link for ours; that it is gone is drift as well."""
    scene.settled("a.service")
    path = "default.target.wants/a.service"
    del scene.links[path]
    scene.was("a.service", Prior.INACTIVE, default="/usr/lib/a.service")
    assert [] == scene.does()
    del scene.disk_links[path]
    assert ["enable a.service", "daemon-reload"] == scene.does()


def test_prior_outlives_a_pass_that_was_killed(scene: Any) -> None:
    """N5: a pass that was killed in its first act leaves what the unit was before it."""
    scene.declare("p.service", None, state="running")
    scene.was("p.service", Prior.INACTIVE)
    scene.up("p.service")
    assert () == scene.plan().before


def test_frozen_units_stay_as_they_are(scene: Any) -> None:
    """F: no action for a frozen unit, whatever its files, links and state."""
    scene.settled("a.service")
    del scene.units["a.service"]
    scene.freeze("a.service")
    scene.disk.clear()
    scene.disk_links.clear()
    scene.ended("a.service", asked=True, seconds_ago=900)
    scene.intend("a.service", IntentKind.RUN, invocation="1" * 32)
    scene.set(prune_after=0.0)
    assert [] == scene.does()
    assert "invalid: broken; stays as it is" == scene.says("a.service")


def test_strict_holds_everything(scene: Any) -> None:
    """F: `strict: true` holds the whole revision, and records nothing of what is new."""
    scene.settled("a.service")
    scene.declare("a.service", "[Service]\nExecStart=/bin/b\n")
    scene.declare("n.service")
    scene.desired |= {"held_by_strict": True, "incomplete_because": "b.yaml:3", "complete": False}
    assert [] == scene.does()
    assert "held: strict: the revision waits for b.yaml:3" == scene.says("a.service")
    assert {"a.service"} == scene.plan().records.keys()


def test_an_unavailable_source_decides_nothing(scene: Any) -> None:
    """F, R2: a source that cannot be read whole: no action, absences as they were."""
    scene.settled("a.service")
    del scene.units["a.service"]
    scene.recorded["absences"] = {"a.service": 1.0}
    scene.desired |= {"unavailable": Unavailable("gone"), "complete": False}
    scene.set(prune_after=0.0)
    assert [] == scene.does()
    assert {"a.service": 1.0} == scene.plan().absences
