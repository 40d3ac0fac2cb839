"""`unitward uninstall` on a real manager: what goes, what stays, and what runs on."""

import sys
from pathlib import Path
from typing import Any

import pytest

OWN = "unitward.service"
TWO = """\
version: 1
units:
  a.service:
    Service: {ExecStart: /bin/sleep infinity}
    Install: {WantedBy: default.target}
  b.service:
    Service: {ExecStart: /bin/sleep infinity}
    Install: {WantedBy: default.target}
"""
ALL_KINDS = f"""\
{TWO}\
  broken.service:
    Service: {{ExecStart: /bin/false}}
    Install: {{WantedBy: default.target}}
  echo.socket:
    Socket: {{ListenStream: "%t/echo"}}
    Install: {{WantedBy: sockets.target}}
  echo.service:
    Service: {{ExecStart: /bin/sleep infinity}}
  tick.timer:
    Timer: {{OnCalendar: yearly, Persistent: yes}}
    Install: {{WantedBy: timers.target}}
  tick.service:
    Service: {{Type: oneshot, ExecStart: /bin/true}}
  jobs@.service:
    Service: {{ExecStart: /bin/sleep infinity}}
    instances: {{one: , two: }}
    Install: {{WantedBy: default.target}}
  mine.service:
    state: stopped
  unitward.service.d/50-here.conf:
    Service: {{MemoryMax: 700M}}
"""
MINE = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n"


def declared(place: Any, text: str, *units: str) -> None:
    """Install unitward with a manifest, and wait until the units run."""
    place.account.write("a.yaml", text)
    place.unitward("install", "--yes")
    for unit in units:
        place.until(lambda unit=unit: place.is_active(unit), f"{unit} runs")


def with_own_service(place: Any) -> str:
    """Have a running, enabled service that is the account's own; returns its run."""
    place.account.unit_dir.mkdir(parents=True, exist_ok=True)
    (place.account.unit_dir / "mine.service").write_text(MINE)
    place.account.systemctl("daemon-reload")
    place.account.systemctl("enable", "--now", "mine.service")
    return str(place.invocation("mine.service"))


def test_units_run_on(place: Any) -> None:
    """Without --purge only unitward's own unit goes, and that is said."""
    declared(place, TWO, "a.service", "b.service")
    runs = [place.invocation(unit) for unit in ("a.service", "b.service")]
    ended = place.unitward("uninstall", "--yes")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "stay as they are, running or not: 2 (a.service, b.service)" in ended.stdout
    assert "Kept: ~/.local/state/unitward, ~/.config/unitward" in ended.stdout
    assert runs == [place.invocation(unit) for unit in ("a.service", "b.service")]
    assert (False, False) == (place.file.exists(), place.link.is_symlink())
    assert "not-found" == place.show(OWN, "LoadState")
    assert (True, True) == ((place.state / "ledger.sqlite").exists(), place.config.exists())


def test_a_change_on_trial_ends(place: Any) -> None:
    """A change of unitward's own unit that has not proven itself leaves nothing behind."""
    slow = "  unitward.service.d/50-slow.conf:\n    Service: {ExecStartPre: /bin/sleep 60}\n"
    declared(place, TWO + slow, "a.service")
    place.until((place.state / "own-change").exists, "the change is tried")
    ended = place.unitward("uninstall", "--yes")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert [] == list(place.state.glob("own-change*"))
    assert [] == [path for path, _ in place.listing().items() if "unitward-undo" in path]
    assert place.is_active("a.service")


def test_it_can_be_installed_again(place: Any) -> None:
    """What was managed before is taken up again without a restart."""
    declared(place, TWO, "a.service")
    run = place.invocation("a.service")
    place.unitward("uninstall", "--yes")
    said = place.install()
    assert "a.service" in said
    assert run == place.invocation("a.service")


def test_there_is_nothing_to_uninstall(place: Any) -> None:
    """On an account without unitward both forms change nothing."""
    before = place.listing()
    assert "not installed" in place.unitward("uninstall", "--yes").stdout
    assert "nothing of unitward is left" in place.unitward("uninstall", "--purge", "--yes").stdout
    assert before == place.listing()


@pytest.mark.parametrize("purge", [(), ("--purge",)], ids=["plain", "purge"])
def test_nobody_to_ask(place: Any, purge: tuple[str, ...]) -> None:
    """Without a terminal and without --yes nothing goes."""
    declared(place, TWO, "a.service")
    run = place.invocation(OWN)
    ended = place.unitward("uninstall", *purge)
    assert 64 == ended.returncode
    assert "say --yes" in ended.stderr
    assert (True, run) == (place.file.exists(), place.invocation(OWN))


def test_a_foreign_unit_is_left_alone(place: Any) -> None:
    """A unitward.service of somebody else stays, and runs on."""
    place.account.unit_dir.mkdir(parents=True)
    place.file.write_text(MINE)
    place.account.systemctl("daemon-reload")
    place.account.systemctl("start", OWN)
    run = place.invocation(OWN)
    ended = place.unitward("uninstall", "--yes")
    assert f"{place.file} is left alone" in ended.stderr
    assert (MINE, run) == (place.file.read_text(), place.invocation(OWN))


def test_a_foreign_daemon_is_not_purged_under(place: Any) -> None:
    """While somebody else's unit runs the daemon, nothing is removed."""
    place.account.unit_dir.mkdir(parents=True)
    place.account.write("a.yaml", TWO)
    place.file.write_text(f"[Service]\nType=notify\nExecStart={sys.executable} -m unitward run\n")
    place.account.systemctl("daemon-reload")
    place.account.systemctl("start", OWN)
    place.until(lambda: place.is_active("a.service"), "a.service runs")
    run = place.invocation("a.service")
    ended = place.unitward("uninstall", "--purge", "--yes")
    assert 1 == ended.returncode
    assert "systemctl --user stop unitward.service" in ended.stderr
    assert run == place.invocation("a.service")


def test_purge_leaves_nothing(place: Any) -> None:
    """Units of every kind go with their files, links, stamps and failures; others stay."""
    run = with_own_service(place)
    before, loaded = place.listing(), place.account.units()
    declared(place, ALL_KINDS, "a.service", "jobs@two.service", "echo.socket", "tick.timer")
    place.until(lambda: not place.is_active("mine.service"), "mine.service is stopped")
    place.until(lambda: "broken.service" in place.account.units("failed"), "broken fails")
    stamp = place.account.home / ".local/share/systemd/timers/stamp-tick.timer"
    place.until(stamp.exists, "systemd keeps a stamp")
    ended = place.unitward("uninstall", "--purge", "--yes")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "removed a.service" in ended.stdout
    left = {
        path: facts
        for path, facts in place.listing().items()
        if before.get(path) != facts and facts[0] != "folder"
    }
    assert [str(place.account.desired / "a.yaml")] == list(left)
    assert before.keys() <= place.listing().keys()
    assert set() == place.account.units("failed")
    assert set() == {name for name in place.account.units() - loaded if is_ours(name)}
    assert place.is_active("mine.service")
    assert run != place.invocation("mine.service")
    assert not (place.account.home / ".cache/unitward").exists()


IN_ORDER = """\
version: 1
units:
  database.service:
    Service:
      ExecStart: /bin/sleep infinity
      ExecStop: /bin/sh -c 'sleep 0.3; echo database >>%h/said'
    Install: {WantedBy: default.target}
  app.service:
    Unit: {Requires: database.service, After: database.service}
    Service:
      ExecStart: /bin/sleep infinity
      ExecStop: /bin/sh -c 'sleep 0.3; echo app >>%h/said'
    Install: {WantedBy: default.target}
  web.service:
    Unit: {After: app.service}
    Service:
      ExecStart: /bin/sleep infinity
      ExecStop: /bin/sh -c 'sleep 0.3; echo web >>%h/said'
    Install: {WantedBy: default.target}
"""


def test_purge_stops_in_order(place: Any) -> None:
    """What starts last stops first, each with its own stop command (O7, R1)."""
    declared(place, IN_ORDER, "database.service", "app.service", "web.service")
    ended = place.unitward("uninstall", "--purge", "--yes")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ["web", "app", "database"] == (place.account.home / "said").read_text().split()


def is_ours(unit: str) -> bool:
    """Tell whether a unit was declared here."""
    return unit.startswith(("a.", "b.", "broken", "echo", "tick", "jobs", "unitward"))


def test_purge_keeps_what_is_a_persons(place: Any) -> None:
    """Manifests, a changed configuration and copies of edited unit files stay, and are named."""
    declared(place, TWO, "a.service")
    place.config.write_text(place.config.read_text() + "max_restarts: 7\n")
    unit = place.account.unit_dir / "a.service"
    unit.write_text(unit.read_text().replace("infinity", "1000"))
    assert place.unitward("sync").returncode in {0, 3}
    ended = place.unitward("uninstall", "--purge", "--yes")
    assert 0 == ended.returncode, ended.stderr
    [copy] = (place.state / "edited").rglob("*a.service*")
    assert "1000" in copy.read_text()
    assert "kept: ~/.config/unitward/config.yaml (you changed it)" in ended.stdout
    assert "kept: ~/.local/state/unitward/edited" in ended.stdout
    assert "kept: ~/.config/unitward/desired (your manifests)" in ended.stdout
    assert "max_restarts: 7" in place.config.read_text()
    assert [place.state / "edited"] == list(place.state.iterdir())


def test_purge_without_a_daemon(place: Any) -> None:
    """What `unitward apply` alone set up goes too."""
    place.account.write("a.yaml", TWO)
    assert 0 == place.unitward("apply").returncode
    assert place.is_active("a.service")
    assert 0 == place.unitward("uninstall", "--purge", "--yes").returncode
    assert "not-found" == place.show("a.service", "LoadState")
    assert not place.state.exists()


def test_purge_without_a_ledger(place: Any) -> None:
    """Where somebody removed the state folder first, the marks tell what is unitward's."""
    run = with_own_service(place)
    before = place.listing()
    text = ALL_KINDS.replace("  mine.service:\n    state: stopped\n", "")
    declared(place, text, "a.service", "jobs@two.service", "echo.socket")
    place.until(lambda: "broken.service" in place.account.units("failed"), "broken fails")
    assert 0 == place.unitward("uninstall", "--yes").returncode
    for path in place.state.iterdir():
        path.unlink()
    ended = place.unitward("uninstall", "--purge", "--yes")
    assert (0, "") == (ended.returncode, ended.stderr)
    left = {
        path
        for path, facts in place.listing().items()
        if before.get(path) != facts and facts[0] != "folder"
    }
    assert {str(place.account.desired / "a.yaml")} == left
    assert set() == place.account.units("failed")
    assert (True, run) == (place.is_active("mine.service"), place.invocation("mine.service"))
    assert "not-found" == place.show("a.service", "LoadState")
    assert "inactive" == place.show("jobs@two.service", "ActiveState")


def test_a_held_unit_goes_too(place: Any) -> None:
    """A hold ends with unitward."""
    declared(place, TWO, "a.service")
    place.unitward("hold", "a.service", "--reason", "mine for now")
    assert 0 == place.unitward("uninstall", "--purge", "--yes").returncode
    assert "not-found" == place.show("a.service", "LoadState")


def test_a_purge_cut_short_is_run_again(place: Any) -> None:
    """Killed while a unit takes its time to stop, the next purge finishes the work."""
    before = place.listing()
    slow = TWO.replace(
        "{ExecStart: /bin/sleep infinity}",
        "{ExecStart: /bin/sleep infinity, ExecStop: /bin/sleep 3}",
    )
    declared(place, slow, "a.service", "b.service")
    process = place.spawn("uninstall", "--purge", "--yes")
    place.until(
        lambda: place.show("a.service", "ActiveState") == "deactivating", "a.service is stopping"
    )
    process.kill()
    process.wait(10)
    ended = place.unitward("uninstall", "--purge", "--yes")
    assert 0 == ended.returncode, ended.stderr
    manifest = str(place.account.desired / "a.yaml")
    left = {path for path, facts in place.listing().items() if facts[0] != "folder"}
    assert {path for path in before if Path(path).is_file()} | {manifest} == left
    for unit in ("a.service", "b.service", OWN):
        assert "not-found" == place.show(unit, "LoadState")


def test_what_cannot_be_removed_is_named(place: Any) -> None:
    """A unit folder that refuses removals: said, nothing forgotten, and mended by a second run."""
    declared(place, TWO, "a.service")
    place.account.unit_dir.chmod(0o555)
    ended = place.unitward("uninstall", "--purge", "--yes")
    assert 1 == ended.returncode
    assert "not removed: " in ended.stderr
    assert "run `unitward uninstall --purge` again" in ended.stderr
    place.account.unit_dir.chmod(0o755)
    assert 0 == place.unitward("uninstall", "--purge", "--yes").returncode
    assert [] == [path for path in place.account.unit_dir.rglob("*") if not path.is_dir()]
