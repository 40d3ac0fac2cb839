"""`unitward install` on a real manager: a clean account, again, and what stands in its way."""

import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from unitward.config import load_settings
from unitward.model.settings import Settings
from unitward.store.identity import own_name
from unitward.store.ledger import read_ledger
from unitward.unitfile.mark import read_mark, seal, strip_mark

OWN = "unitward.service"
SLEEPER = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n"
MANIFEST = """\
version: 1
units:
  a.service:
    Service: {ExecStart: /bin/sleep infinity}
    Install: {WantedBy: default.target}
"""


def mode(path: Path) -> int:
    """Return a path's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_clean_account_runs_unitward(place: Any) -> None:
    """One command takes an empty account to a daemon under its manager that made a pass."""
    ended = place.unitward("install", "--yes")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "Nothing is declared yet: put a manifest into ~/.config/unitward/desired" in ended.stdout
    assert "active" == place.show(OWN, "ActiveState")
    assert str(place.file) == place.show(OWN, "FragmentPath")
    assert place.file == place.link.resolve()
    assert (0o755, 0o700) == (mode(place.account.desired), mode(place.state))
    assert (0o644, 0o600) == (mode(place.file), mode(place.state / "ledger.sqlite"))
    assert Settings(identity=own_name(os.getuid())) == load_settings(place.config)
    assert f"daemon running (process {place.pid})" in place.unitward("status").stdout
    verified = place.account.run("systemd-analyze", "--user", "verify", str(place.file))
    assert (0, "") == (verified.returncode, verified.stderr)


def test_the_first_pass_is_shown_and_made(place: Any) -> None:
    """A folder that is there already is applied before the command ends, and that is announced."""
    place.account.write("a.yaml", MANIFEST)
    said = place.install()
    before, _, after = said.partition("its first pass ended")
    assert "Its first pass then:" in before
    assert "create + enable + start" in before
    assert after
    assert place.is_active("a.service")


def test_a_unit_that_fails_is_no_failure_of_it(place: Any) -> None:
    """Whoever installs by script learns whether unitward runs; what units do is in the status."""
    place.account.write("a.yaml", MANIFEST.replace("/bin/sleep infinity", "/bin/false"))
    ended = place.unitward("install", "--yes")
    assert (0, True) == (ended.returncode, "failed" in ended.stdout), ended.stdout


def test_again_there_is_nothing_to_do(place: Any) -> None:
    """A second run changes no byte and restarts nothing."""
    place.account.write("a.yaml", MANIFEST)
    place.install()
    runs = [place.invocation(unit) for unit in (OWN, "a.service")]
    before, written = place.listing(), place.file.stat().st_mtime_ns
    said = place.install()
    ledger = str(place.state / "ledger.sqlite")
    unlike = {
        path
        for path, facts in place.listing().items()
        if before.get(path) != facts and not path.startswith(ledger)
    }
    assert set() == unlike
    assert f"Nothing to do: unitward is installed and runs (process {place.pid}).\n" == said
    assert written == place.file.stat().st_mtime_ns
    assert runs == [place.invocation(unit) for unit in (OWN, "a.service")]


def test_what_is_missing_is_mended(place: Any) -> None:
    """A link that was taken away, and a state folder opened to others, are put right."""
    place.install()
    run = place.invocation(OWN)
    place.link.unlink()
    place.state.chmod(0o755)
    place.install()
    assert place.file == place.link.resolve()
    assert 0o700 == mode(place.state)
    assert run == place.invocation(OWN)


def test_an_older_unit_file_is_replaced(place: Any) -> None:
    """A file of an earlier version is updated, and only unitward itself restarts."""
    place.account.write("a.yaml", MANIFEST)
    place.install()
    runs = {unit: place.invocation(unit) for unit in (OWN, "a.service")}
    current = place.file.read_bytes()
    mark = read_mark(current)
    assert mark is not None
    older = strip_mark(current).replace(b"RestartSec=5", b"RestartSec=7")
    place.file.write_bytes(seal(older, installation=mark.installation, unit=OWN))
    said = place.install()
    assert "its unit file changed; units keep running" in said
    assert current == place.file.read_bytes()
    assert "5s" == place.show(OWN, "RestartUSec")
    assert runs[OWN] != place.invocation(OWN)
    assert runs["a.service"] == place.invocation("a.service")


def test_a_program_with_an_odd_path(place: Any) -> None:
    """The unit runs the program that was run, whatever its path is made of."""
    folder = place.account.home / "odd %h $HOME $$ one"
    folder.mkdir()
    program = folder / "unitward"
    program.write_text(f"#!{sys.executable}\nfrom unitward.__main__ import main\nmain()\n")
    program.chmod(0o755)
    ended = place.account.run(
        str(program), "install", "--yes", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/none"}
    )
    assert 0 == ended.returncode, ended.stderr
    words = Path(f"/proc/{place.pid}/cmdline").read_bytes().split(b"\0")
    assert str(program).encode() in words


def test_units_of_the_account_are_left_alone(place: Any) -> None:
    """What the account has of its own is named, and neither touched nor restarted."""
    place.account.unit_dir.mkdir(parents=True)
    mine = place.account.unit_dir / "mine.service"
    mine.write_text(SLEEPER)
    place.account.systemctl("daemon-reload")
    place.account.systemctl("enable", "--now", "mine.service")
    run = place.invocation("mine.service")
    said = place.install()
    assert "Left alone, not unitward's: 1 (mine.service)" in said
    assert (SLEEPER, run) == (mine.read_text(), place.invocation("mine.service"))


def test_nobody_to_ask(place: Any) -> None:
    """Without a terminal and without --yes nothing is changed."""
    before = place.listing()
    ended = place.unitward("install")
    assert 64 == ended.returncode
    assert "say --yes" in ended.stderr
    assert before == place.listing()


@pytest.mark.parametrize("kind", ["foreign", "edited", "masked", "linked"])
def test_a_unit_in_the_way(place: Any, kind: str) -> None:
    """A unitward.service that unitward did not write as it stands is not overwritten."""
    place.account.unit_dir.mkdir(parents=True)
    match kind:
        case "foreign":
            place.file.write_text(SLEEPER)
        case "edited":
            place.install()
            edited = place.file.read_bytes().replace(b"RestartSec=5", b"RestartSec=6")
            place.file.write_bytes(edited)
        case "masked":
            place.file.symlink_to("/dev/null")
        case _:
            place.file.symlink_to(place.account.home / "elsewhere")
    before = place.listing()
    ended = place.unitward("install", "--yes")
    assert 1 == ended.returncode
    assert f"{place.file}: stands in the way" in ended.stderr
    assert f"mv {place.file} {place.file}.old" in ended.stderr
    assert before == place.listing()


def test_it_installs_once_the_unit_in_the_way_is_gone(place: Any) -> None:
    """What the refusal says to do is enough."""
    place.account.unit_dir.mkdir(parents=True)
    place.file.write_text(SLEEPER)
    ended = place.unitward("install", "--yes")
    advice = ended.stderr.partition("if it is no longer needed: ")[2].partition("; then")[0]
    assert 0 == place.account.run("bash", "-c", advice).returncode
    place.install()
    assert place.is_active(OWN)


def test_no_manager(place: Any) -> None:
    """Where no user manager runs it says what to do, ends with 5 and changes nothing."""
    before = place.listing()
    place.account.stop_manager()
    ended = place.unitward("install", "--yes")
    assert 5 == ended.returncode
    assert "user manager" in ended.stderr
    assert before == place.listing()


def test_no_home(place: Any) -> None:
    """A home folder that does not exist is named."""
    ended = place.unitward("install", "--yes", env={"HOME": "/nonexistent/home"})
    assert 1 == ended.returncode
    assert "HOME=/nonexistent/home does not exist" in ended.stderr
    assert "not-found" == place.show(OWN, "LoadState")


@pytest.mark.parametrize("closed", [".", ".local", ".config/systemd"])
def test_a_home_that_cannot_be_written(place: Any, closed: str) -> None:
    """Wherever writing is refused, what was made before is taken back; later it succeeds."""
    folder = place.account.home / closed
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    before = place.listing()
    ended = place.unitward("install", "--yes")
    assert 1 == ended.returncode
    assert "Permission denied; nothing was changed" in ended.stderr
    assert "give your account write access" in ended.stderr
    assert before == place.listing()
    folder.chmod(0o755)
    place.install()


@pytest.mark.parametrize("kilobytes", [1, 8])
def test_files_that_cannot_be_written_whole(place: Any, kilobytes: int) -> None:
    """Without room for the configuration, or for the ledger, nothing is left half-done."""
    before = place.listing()
    command = f"ulimit -f {kilobytes}; exec {sys.executable} -m unitward install --yes"
    ended = place.account.run("bash", "-c", command)
    assert 1 == ended.returncode, ended.stdout
    assert "unitward: " in ended.stderr
    assert before == place.listing()
    assert "not-found" == place.show(OWN, "LoadState")


def test_a_configuration_that_cannot_be_used(place: Any) -> None:
    """A wrong config.yaml is named before anything is changed."""
    place.config.parent.mkdir(parents=True)
    place.config.write_text("settle: soon\n")
    before = place.listing()
    ended = place.unitward("install", "--yes")
    assert 1 == ended.returncode
    assert f"{place.config}:1: `settle`: `soon` is not a time span" in ended.stderr
    assert before == place.listing()


def test_other_folders_than_the_manager(place: Any) -> None:
    """A variable that only this shell has would split the account in two: refused."""
    elsewhere = str(place.account.home / "elsewhere")
    ended = place.unitward("install", "--yes", env={"XDG_STATE_HOME": elsewhere})
    assert 1 == ended.returncode
    assert f"XDG_STATE_HOME is {elsewhere} here, but not set for the user manager" in ended.stderr
    assert not place.file.exists()


def test_a_daemon_in_the_foreground(place: Any) -> None:
    """A daemon that somebody started by hand is not driven out."""
    place.account.write("a.yaml", MANIFEST)
    process = place.spawn("run")
    wake = place.account.runtime_dir / "unitward/wake"
    place.until(wake.exists, "the daemon listens")
    ended = place.unitward("install", "--yes")
    assert 1 == ended.returncode
    assert f"the daemon (process {process.pid}) works on this account" in ended.stderr
    assert not place.file.exists()


def test_two_at_once(place: Any) -> None:
    """Two installations at the same time leave one that is whole."""
    processes = [place.spawn("install", "--yes") for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in processes]
    codes = sorted(process.returncode for process in processes)
    assert codes in ([0, 0], [0, 1]), said
    if codes == [0, 1]:
        assert any("works on this account already" in text for text in said)
    assert place.is_active(OWN)
    assert "Nothing to do" in place.install()


def test_killed_it_comes_back(place: Any) -> None:
    """A killed daemon is started again, which then does what was asked meanwhile."""
    place.install()
    first = place.pid
    os.kill(first, signal.SIGKILL)
    place.account.write("a.yaml", MANIFEST)
    place.until(lambda: place.pid not in {0, first}, "systemd starts it again")
    place.until(lambda: place.is_active("a.service"), "it converges")
    assert "1" == place.show(OWN, "NRestarts")


def test_one_that_cannot_start(place: Any) -> None:
    """A daemon that ends again and again is no success; what mends it is enough."""
    place.install()
    dropin = place.account.unit_dir / f"{OWN}.d/10-wrong.conf"
    dropin.parent.mkdir()
    dropin.write_text("[Service]\nExecStartPre=/bin/false\n")
    place.account.systemctl("daemon-reload")
    os.kill(place.pid, signal.SIGKILL)
    place.until(lambda: place.show(OWN, "SubState") == "auto-restart", "it cannot start")
    ended = place.unitward("install", "--yes")
    assert (1, True) == (ended.returncode, "does not start" in ended.stderr), ended.stderr
    assert "journalctl --user -u unitward.service" in ended.stderr
    dropin.unlink()
    place.account.systemctl("daemon-reload")
    place.install()
    assert place.is_active(OWN)


def test_a_hung_daemon_says_where_it_hung(place: Any) -> None:
    """What the watchdog does to a daemon that hangs has it log where it was."""
    log = place.account.home / "log"
    dropin = place.account.unit_dir / f"{OWN}.d/10-log.conf"
    dropin.parent.mkdir(parents=True)
    dropin.write_text(f"[Service]\nStandardError=append:{log}\n")
    place.install()
    os.kill(place.pid, signal.SIGABRT)
    place.until(lambda: "Fatal Python error: Aborted" in log.read_text(), "a traceback is logged")


def test_it_is_known_to_the_ledger(place: Any) -> None:
    """The own file carries the mark of the installation whose ledger was made with it."""
    place.install()
    ledger = read_ledger(place.state / "ledger.sqlite")
    assert ledger is not None
    with ledger:
        mark = read_mark(place.file.read_bytes())
        assert mark is not None
        assert ledger.installation() == mark.installation
    assert OWN not in place.unitward("unmanaged").stdout


def test_hardening_lets_it_work(place: Any) -> None:
    """Under its own restrictions the daemon reads a git folder and starts units without them."""
    place.account.write("a.yaml", MANIFEST)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(place.account.desired)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        assert 0 == place.account.run(*git, *words).returncode
    place.install()
    commit = place.account.run(*git, "rev-parse", "HEAD").stdout[:12]
    assert f"revision {commit}" in place.unitward("status").stdout
    status = Path(f"/proc/{place.pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    unit = int(place.show("a.service", "MainPID"))
    assert "NoNewPrivs:\t0" in Path(f"/proc/{unit}/status").read_text()
