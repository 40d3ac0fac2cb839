"""unitward's own unit as something that is declared: drop-ins, and what is refused."""

from typing import Any

import pytest

from unitward.store.ledger import read_ledger

OWN = "unitward.service"


def manifest(turn: int, own: str = "") -> str:
    """Return a manifest of one service and of what is declared of unitward's own."""
    return (
        "version: 1\nunits:\n"
        f"  a.service:\n    env: {{TURN: {turn}}}\n"
        "    Service: {ExecStart: /bin/sleep infinity}\n"
        f"    Install: {{WantedBy: default.target}}\n{own}"
    )


def own(**keys: str) -> str:
    """Return a drop-in on unitward's own unit."""
    lines = "".join(f"      {key}: {value}\n" for key, value in keys.items())
    return f"  {OWN}.d/50-here.conf:\n    Service:\n{lines}"


def dropins(place: Any) -> list[str]:
    """Return the drop-ins of the own unit."""
    folder = place.account.unit_dir / f"{OWN}.d"
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


def test_a_drop_in_restarts_it_once_and_last(place: Any) -> None:
    """O10: a drop-in on its own unit is written; unitward restarts itself once, after all else."""
    place.account.write("a.yaml", manifest(1))
    place.install()
    first = {unit: place.invocation(unit) for unit in (OWN, "a.service")}
    place.account.write("a.yaml", manifest(2, own(Environment="TURN=2", MemoryMax="700M")))
    place.until(
        lambda: place.invocation(OWN) != first[OWN] and place.is_active(OWN), "it restarts itself"
    )
    second = place.invocation(OWN)
    assert 0 == place.unitward("sync").returncode
    assert 0 == place.unitward("sync").returncode
    assert second == place.invocation(OWN)
    assert "0" == place.show(OWN, "NRestarts")
    assert first["a.service"] != place.invocation("a.service")
    began = int(place.show("a.service", "ExecMainStartTimestampMonotonic"))
    assert began < int(place.show(OWN, "ExecMainStartTimestampMonotonic"))
    assert "TURN=2" in place.show(OWN, "Environment")
    assert str(700 * 1024 * 1024) == place.show(OWN, "MemoryMax")
    assert ["50-here.conf"] == dropins(place)
    ledger = read_ledger(place.state / "ledger.sqlite")
    assert ledger is not None
    with ledger:
        assert () == ledger.read().intents
    assert "unitward itself" in place.unitward("status", OWN).stdout
    assert "Nothing to do" in place.install()


def test_a_weight_alone_restarts_nothing(place: Any) -> None:
    """C12: a drop-in that can keep nothing from running takes effect on the running daemon."""
    place.account.write("a.yaml", manifest(1))
    place.install()
    run = place.invocation(OWN)
    place.account.write("a.yaml", manifest(1, own(CPUWeight="70")))
    place.until(lambda: place.show(OWN, "CPUWeight") == "70", "the weight holds")
    assert 0 == place.unitward("sync").returncode
    assert run == place.invocation(OWN)


@pytest.mark.parametrize(("key", "value"), [("MemoryMax", "700M"), ("TasksMax", "300")])
def test_a_limit_is_proven_by_a_start(place: Any, key: str, value: str) -> None:
    """O10: what the running process bears may keep the next one from starting."""
    place.account.write("a.yaml", manifest(1))
    place.install()
    run, unit = place.invocation(OWN), place.invocation("a.service")
    place.account.write("a.yaml", manifest(1, own(**{key: value})))
    place.until(lambda: place.invocation(OWN) not in {"", run}, "it restarts")
    place.until(lambda: not (place.state / "own-change").exists(), "the limit is proven")
    assert 0 == place.unitward("sync").returncode
    assert unit == place.invocation("a.service")


def test_it_is_not_pruned(place: Any) -> None:
    """R11: no longer declared, the own unit loses its drop-ins and nothing else."""
    place.config.parent.mkdir(parents=True)
    place.config.write_text("prune_after: 0s\n")
    place.account.write("a.yaml", manifest(1, own(Environment="TURN=1")))
    place.install()
    assert "TURN=1" in place.show(OWN, "Environment")
    run, content = place.invocation(OWN), place.file.read_bytes()
    place.account.write("a.yaml", manifest(1))
    place.until(lambda: not dropins(place), "the drop-in goes")
    place.until(lambda: place.invocation(OWN) != run and place.is_active(OWN), "it restarts")
    second = place.invocation(OWN)
    assert 0 == place.unitward("sync").returncode
    assert second == place.invocation(OWN)
    assert "TURN=1" not in place.show(OWN, "Environment")
    assert (content, place.file) == (place.file.read_bytes(), place.link.resolve())
    assert OWN not in place.unitward("managed").stdout
    assert OWN not in place.unitward("status").stdout


def test_it_cannot_be_taken_away(place: Any) -> None:
    """F7: stopping, masking, disabling or removing its own unit is an error; nothing changes."""
    place.account.write("a.yaml", manifest(1))
    place.install()
    run = place.invocation(OWN)
    tries = {
        "stop": f"  {OWN}:\n    state: stopped\n",
        "mask": f"  {OWN}:\n    mask: yes\n",
        "disable": f"  {OWN}:\n    enable: no\n",
        "remove": f"removed: [{OWN}]\n",
    }
    for word, text in tries.items():
        place.account.write("a.yaml", manifest(1, text))
        place.unitward("sync")
        ended = place.unitward("validate")
        assert (1, True) == (ended.returncode, "cannot" in ended.stderr), (word, ended.stderr)
        assert (run, True) == (place.invocation(OWN), place.is_active(OWN)), word
        assert place.file == place.link.resolve(), word


TAKING = {
    "conflict": "  b.service:\n    Unit: {Conflicts: unitward.service}\n"
    "    Service: {ExecStart: /bin/sleep infinity}\n    Install: {WantedBy: default.target}\n",
    "requirement": "  b.service:\n    Service: {ExecStart: /bin/sleep infinity}\n"
    "    Install: {RequiredBy: unitward.service}\n",
    "slice": "  app.slice: {state: stopped}\n",
    "masked-slice": "  app.slice: {mask: yes}\n",
    "bound": f"  {OWN}.d/60-bound.conf:\n    Unit: {{BindsTo: a.service}}\n",
    "bound-with-all": "  service.d/60-bound.conf:\n    Unit: {PartOf: a.service}\n",
    "file-of-the-folder": own(EnvironmentFile="%h/.config/unitward/desired/own.env"),
}


@pytest.mark.parametrize("text", TAKING.values(), ids=TAKING)
def test_no_commit_takes_it_down(place: Any, text: str) -> None:
    """F7: what would stop unitward, now or with a later commit, is an error; it runs on."""
    place.account.write("own.env", "PYTHONHOME=/nonexistent\n")
    place.account.write("a.yaml", manifest(1))
    place.install()
    run = place.invocation(OWN)
    place.account.write("b.yaml", "version: 1\nunits:\n" + text)
    assert 0 != place.unitward("sync").returncode
    assert "b.yaml:" in place.unitward("validate").stderr
    place.account.write("a.yaml", manifest(2))
    place.until(lambda: "TURN=2" in place.show("a.service", "Environment"), "it works on")
    assert (run, True) == (place.invocation(OWN), place.is_active(OWN))


LOCKING_OUT = {
    "no-manager": "  default.target.d/50-here.conf:\n    Unit: {Requires: missing.service}\n",
    "no-basis": "  basic.target.d/50-here.conf:\n    Unit: {AssertHost: nowhere}\n",
    "waiting": f"  b.service:\n    Unit: {{Before: {OWN}}}\n"
    "    Service: {Type: oneshot, ExecStart: /bin/sleep infinity}\n"
    "    Install: {WantedBy: default.target}\n",
    "replaced": "  b.target:\n    Unit: {Description: b}\n    Install: {Alias: default.target}\n",
}


@pytest.mark.parametrize("text", LOCKING_OUT.values(), ids=LOCKING_OUT)
def test_no_commit_keeps_it_from_booting(place: Any, text: str) -> None:
    """F7: what would keep it, or the user manager, from starting is an error; a boot brings it."""
    place.account.write("a.yaml", manifest(1))
    place.install()
    place.account.write("b.yaml", "version: 1\nunits:\n" + text)
    assert 0 != place.unitward("sync").returncode
    place.account.kill_manager()
    place.account.start_manager()
    place.until(lambda: place.is_active(OWN), "it starts with the manager")
    place.account.write("a.yaml", manifest(2))
    place.until(lambda: "TURN=2" in place.show("a.service", "Environment"), "it works on")


def test_a_drop_in_on_its_slice_comes_and_goes(place: Any) -> None:
    """R1: without its drop-in the slice is as before; it is not stopped, nor what is in it."""
    place.config.parent.mkdir(parents=True)
    place.config.write_text("prune_after: 0s\n")
    limit = "  app.slice.d/50-here.conf:\n    Slice: {TasksMax: 4000}\n"
    place.account.write("a.yaml", manifest(1, limit))
    place.install()
    assert "4000" == place.show("app.slice", "TasksMax")
    run, unit = place.invocation(OWN), place.invocation("a.service")
    place.account.write("a.yaml", manifest(1))
    place.until(lambda: place.show("app.slice", "TasksMax") != "4000", "the limit is gone")
    assert 0 == place.unitward("sync").returncode
    assert (run, unit) == (place.invocation(OWN), place.invocation("a.service"))


def test_apply_leaves_it_to_the_daemon(place: Any) -> None:
    """O10: with the daemon stopped, all but its own unit is applied; the daemon brings that."""
    place.account.write("a.yaml", manifest(1))
    place.install()
    place.account.systemctl("stop", OWN)
    place.account.write("a.yaml", manifest(2, own(ExecStart='["", /bin/false]')))
    ended = place.unitward("apply", "--yes")
    assert "changed by the daemon alone" in ended.stdout, ended.stdout + ended.stderr
    assert "TURN=2" in place.show("a.service", "Environment")
    assert [] == dropins(place)

    place.account.write("a.yaml", manifest(3, own(Environment="TURN=3")))
    place.unitward("apply", "--yes")
    assert [] == dropins(place)
    place.account.systemctl("start", OWN)
    place.until(lambda: "TURN=3" in place.show(OWN, "Environment"), "the daemon applies it")
    place.until(lambda: not (place.state / "own-change").exists(), "it is proven")
    assert 0 == place.unitward("sync").returncode
