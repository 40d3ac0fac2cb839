"""unitward's own unit as something that is declared: drop-ins, and what is refused."""

from typing import Any

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


def test_a_limit_alone_restarts_nothing(place: Any) -> None:
    """C12: a drop-in that a reload is enough for takes effect on the running daemon."""
    place.account.write("a.yaml", manifest(1))
    place.install()
    run = place.invocation(OWN)
    place.account.write("a.yaml", manifest(1, own(MemoryMax="700M")))
    place.until(lambda: place.show(OWN, "MemoryMax") == str(700 * 1024 * 1024), "the limit holds")
    assert 0 == place.unitward("sync").returncode
    assert run == place.invocation(OWN)


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
