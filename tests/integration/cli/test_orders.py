"""What people ask for of single units: the same with the daemon running, and for when it does."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from unitward.unitfile.mark import read_mark

if TYPE_CHECKING:
    import subprocess

OTHER = "ExecStart: /bin/sleep 1000000"
SLEEP = "ExecStart: /bin/sleep infinity"
UNIT = "api.service"
RAW = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n"
FLAKY = """\
version: 1
units:
  api.service:
    Service:
      Type: oneshot
      RemainAfterExit: yes
      ExecStart: /bin/cat %h/needed
    Install: {WantedBy: default.target}
"""


class Desk:
    """An account on which commands are given, with or without a daemon."""

    def __init__(self, account: Any, *, daemon: bool) -> None:
        self.account = account
        self.has_daemon = daemon
        self._process: subprocess.Popen[str] | None = None
        if daemon:
            self.start_daemon()

    def start_daemon(self) -> None:
        """Start the daemon and wait until it listens and has made a pass."""
        self._process = self.account.spawn("unitward", "run")
        self.account.wait_for(lambda: self.says("sync").returncode in {0, 3}, "the daemon works")

    def kill_daemon(self) -> None:
        """Kill the daemon as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def says(self, *arguments: str) -> Any:
        """Run a command of unitward."""
        return self.account.run("unitward", *arguments)

    def asks(self, *arguments: str) -> str:
        """Run a command that has to succeed; returns what it prints."""
        ended = self.says(*arguments)
        assert (0, "") == (ended.returncode, ended.stderr)
        assert ("no daemon runs" in ended.stdout) != self.has_daemon
        return str(ended.stdout)

    def reaches(self, predicate: Callable[[], object], what: str) -> None:
        """Wait for a state; without a daemon one pass by hand has to bring it."""
        if not self.has_daemon:
            assert self.says("apply").returncode in {0, 1, 3}
        self.account.wait_for(predicate, what)

    def passes(self) -> None:
        """Have one more pass made."""
        assert self.says("sync" if self.has_daemon else "apply").returncode in {0, 3}

    def reason(self, unit: str = UNIT) -> str:
        """Return how a unit stands: its word and why."""
        lines = self.says("status").stdout.splitlines()
        return next((line for line in lines if line.startswith(f"{unit} ")), "")

    def run_of(self, unit: str = UNIT) -> str:
        """Return the InvocationID of a unit."""
        return str(self.account.show(unit, "InvocationID")["InvocationID"])

    def is_up(self, unit: str = UNIT) -> bool:
        """Tell whether a unit is active."""
        return bool(self.account.show(unit, "ActiveState")["ActiveState"] == "active")

    @property
    def file(self) -> Path:
        """The unit's file."""
        return Path(self.account.unit_dir) / UNIT

    @property
    def copies(self) -> list[bytes]:
        """Copies of files of others that were kept."""
        folder = self.account.state_home / "unitward/edited"
        return [path.read_bytes() for path in folder.iterdir()] if folder.exists() else []

    def declares(self, text: str, *, until_up: bool = True) -> None:
        """Declare the unit and wait until it runs."""
        self.account.write("api.yaml", text)
        if until_up:
            self.reaches(self.is_up, "it runs")
            self.passes()


@pytest.fixture(params=[True, False], ids=["daemon", "no daemon"])
def desk(request: pytest.FixtureRequest, account: Any) -> Desk:
    """Give an account to give commands on, once with and once without a daemon."""
    return Desk(account, daemon=request.param)


def test_a_held_unit_is_left_alone_until_it_is_resumed(desk: Desk, api: str) -> None:
    """H1, H3: its change is shown and not made; `resume` has it made."""
    desk.declares(api)
    run, text = desk.run_of(), desk.file.read_bytes()
    assert desk.asks("hold", "api", "--for", "1h", "--reason", "database  moves").startswith(
        "api.service is held until "
    )
    desk.account.write("api.yaml", api.replace(SLEEP, OTHER))
    desk.reaches(lambda: "would: update + restart" in desk.reason(), "the change is shown")
    assert ": database moves; would: update + restart" in desk.reason()
    assert " held until " in desk.reason()
    assert "database moves; would: update + restart" in desk.says("plan").stdout
    assert (run, text) == (desk.run_of(), desk.file.read_bytes())

    desk.asks("resume", "api.service")
    desk.reaches(lambda: desk.run_of() != run, "it is restarted")
    assert b"1000000" in desk.file.read_bytes()


def test_a_held_unit_that_is_stopped_or_removed_stays_so(desk: Desk, api: str) -> None:
    """H1: neither is it started again, nor does its removal go on."""
    desk.account.home.joinpath(".config/unitward/config.yaml").write_text(
        "stop_grace: 0s\nprune_after: 0s\n"
    )
    if desk.has_daemon:
        desk.kill_daemon()
        desk.start_daemon()
    desk.declares(api)
    desk.account.write("other.yaml", api.replace("api.service", "other.service"))
    desk.reaches(lambda: desk.is_up("other.service"), "the other one runs too")
    desk.asks("hold", "api", "--reason", "looked at")
    desk.account.systemctl("stop", UNIT)
    desk.passes()
    assert not desk.is_up()
    desk.account.desired.joinpath("api.yaml").unlink()
    desk.reaches(lambda: "would: remove" in desk.reason(), "its removal is shown")
    desk.passes()
    assert desk.file.exists()


def test_a_hold_expires_by_itself(account: Any, api: str) -> None:
    """H2: it survives the daemon, and what it kept from happening happens at its end."""
    desk = Desk(account, daemon=True)
    desk.declares(api)
    run = desk.run_of()
    desk.asks("hold", "api", "--for", "15s", "--reason", "shortly")
    desk.kill_daemon()
    account.write("api.yaml", api.replace(SLEEP, OTHER))
    desk.start_daemon()
    assert "shortly; would: update + restart" in desk.reason()
    assert run == desk.run_of()
    account.wait_for(lambda: desk.run_of() != run, "restarted when the hold ends", limit=40)
    assert "held" not in desk.reason()


def test_resume_ends_the_grace_of_a_stop_by_hand(desk: Desk, api: str) -> None:
    """H3: a unit that a person stopped is started now, not in five minutes."""
    desk.declares(api)
    desk.account.systemctl("stop", UNIT)
    desk.reaches(lambda: "stopped-by-hand" in desk.reason(), "the stop is seen")
    desk.asks("resume", UNIT)
    desk.reaches(desk.is_up, "it runs again")
    desk.account.systemctl("stop", UNIT)
    desk.reaches(lambda: "stopped-by-hand" in desk.reason(), "a later stop has its own grace")
    desk.passes()
    assert not desk.is_up()


def test_retry_starts_what_failed(desk: Desk) -> None:
    """H4: a failed run is not repeated by itself, and is when asked, once for each time."""
    needed = desk.account.home / "needed"
    needed.write_text("at first")
    desk.declares(FLAKY)
    needed.unlink()
    desk.account.run("systemctl", "--user", "restart", UNIT)
    desk.reaches(lambda: " failed " in desk.reason(), "the failure is seen")
    run = desk.run_of()
    desk.asks("retry", "api")
    desk.reaches(lambda: desk.run_of() != run, "it is tried anew")
    run = desk.run_of()
    desk.passes()
    assert run == desk.run_of()
    needed.write_text("again")
    desk.passes()
    assert run == desk.run_of()
    desk.asks("retry", "api")
    desk.reaches(desk.is_up, "it is up")


def test_a_blocked_unit_is_adopted(desk: Desk, api: str) -> None:
    """N2: the file in the way is kept as a copy, ours is written, the process runs on."""
    desk.file.write_text(RAW)
    desk.account.systemctl("daemon-reload")
    desk.account.systemctl("enable", "--now", UNIT)
    run = desk.run_of()
    desk.declares(api, until_up=False)
    desk.reaches(lambda: " blocked " in desk.reason(), "the file is in the way")
    assert RAW == desk.file.read_text()
    desk.asks("adopt", "api")
    desk.reaches(lambda: read_mark(desk.file.read_bytes()), "the file is unitward's")
    desk.passes()
    assert [RAW.encode()] == desk.copies
    assert run == desk.run_of()
    assert " in-sync " in desk.reason()


def test_an_adoption_is_bound_to_what_was_seen(account: Any, api: str) -> None:
    """N2: a file that changed since it was given over blocks the unit again."""
    desk = Desk(account, daemon=False)
    desk.file.write_text(RAW)
    account.write("api.yaml", api)
    desk.asks("adopt", "api")
    desk.file.write_text(f"{RAW}# mine after all\n")
    assert 3 == desk.says("apply").returncode
    assert " blocked " in desk.reason()
    assert desk.file.read_text().endswith("# mine after all\n")
    assert [] == desk.copies


def test_a_unit_file_that_nothing_declares_is_adopted(desk: Desk) -> None:
    """N2: its text is declared as it is, the file is ours, the process runs on."""
    desk.file.write_text(RAW)
    desk.account.systemctl("daemon-reload")
    desk.account.systemctl("enable", "--now", UNIT)
    run = desk.run_of()
    printed = desk.asks("adopt", "api")
    declared = desk.account.desired / UNIT
    assert f"api.service is adopted, declared in {declared}" in printed
    assert RAW == declared.read_text()
    desk.reaches(lambda: read_mark(desk.file.read_bytes()), "the file is unitward's")
    desk.passes()
    assert run == desk.run_of()
    assert " in-sync " in desk.reason()
    assert "default.target.wants/api.service" in desk.says("managed").stdout


def test_a_forgotten_unit_is_left_as_it_is(desk: Desk, api: str) -> None:
    """N4: the file loses its mark alone, all runs on, and `adopt` takes the unit back."""
    desk.declares(api)
    run, body = desk.run_of(), desk.says("render", UNIT).stdout
    desk.asks("forget", "api")
    desk.reaches(lambda: not read_mark(desk.file.read_bytes()), "the mark is gone")
    text = desk.file.read_bytes()
    assert text.decode() in body
    assert text.startswith(b"[Unit]\nDescription=Billing API\n")
    assert (desk.account.unit_dir / "default.target.wants/api.service").is_symlink()
    desk.account.write("api.yaml", api.replace(SLEEP, OTHER))
    desk.reaches(lambda: "forgotten; take it out of api.yaml:3" in desk.reason(), "it is said")
    desk.passes()
    assert (run, text) == (desk.run_of(), desk.file.read_bytes())
    assert "0 units" in desk.says("managed").stdout
    assert "api.service  file" in desk.says("unmanaged").stdout

    desk.asks("adopt", "api")
    desk.reaches(lambda: desk.run_of() != run, "it is declared otherwise by now")
    assert b"1000000" in desk.file.read_bytes()
    assert [text] == desk.copies


def test_a_unit_that_is_forgotten_may_leave_the_folder(desk: Desk, api: str) -> None:
    """N4: once it is forgotten, taking it out of the folder removes nothing."""
    desk.account.home.joinpath(".config/unitward/config.yaml").write_text("prune_after: 0s\n")
    if desk.has_daemon:
        desk.kill_daemon()
        desk.start_daemon()
    desk.declares(api)
    run = desk.run_of()
    desk.asks("forget", "api")
    desk.account.desired.joinpath("api.yaml").unlink()
    desk.reaches(lambda: not read_mark(desk.file.read_bytes()), "the mark is gone")
    desk.passes()
    desk.passes()
    assert run == desk.run_of()
    assert desk.is_up()
    assert "" == desk.reason()


def test_whose_files_they_are(account: Any, api: str, document: Any) -> None:
    """`managed` and `unmanaged` share the unit folder between them, in words and as documents."""
    account.write("api.yaml", api)
    account.write("service.d/10-all.conf", "[Service]\nNice=3\n")
    assert account.run("unitward", "apply").returncode == 0
    (account.unit_dir / "mine.service").write_text(RAW)
    (account.unit_dir / "api.service.d").mkdir()
    (account.unit_dir / "api.service.d/50-mine.conf").write_text("[Service]\nNice=1\n")
    (account.unit_dir / "never.service").symlink_to("/dev/null")

    managed = document(account.run("unitward", "managed", "-o", "json"))
    unmanaged = document(account.run("unitward", "unmanaged", "-o", "json"))

    target = str(account.unit_dir / UNIT)
    link = {"path": "default.target.wants/api.service", "target": target}
    [unit] = managed["units"]
    assert {
        "name": UNIT,
        "source": "api.yaml:3",
        "files": [UNIT],
        "links": [link],
        "masked": False,
    } == unit
    assert ["service.d/10-all.conf"] == managed["dropins"]
    assert [
        {"path": "api.service.d/50-mine.conf", "unit": UNIT, "kind": "drop-in"},
        {"path": "mine.service", "unit": "mine.service", "kind": "file"},
        {"path": "never.service", "unit": "never.service", "kind": "mask"},
    ] == unmanaged["files"]
    shown = account.run("unitward", "unmanaged").stdout
    assert "mine.service                file\n" in shown


@pytest.mark.parametrize("command", ["hold", "resume", "retry", "adopt", "forget"])
def test_an_unknown_unit_is_refused(account: Any, command: str) -> None:
    """A name that nothing declares or records ends with exit code 4, and leaves no order."""
    reason = ["--reason", "x"] if command == "hold" else []
    ended = account.run("unitward", command, "nothing", *reason)
    assert 4 == ended.returncode
    assert "nothing.service: neither declared nor managed" in ended.stderr
    assert not (account.state_home / "unitward/ledger.sqlite").exists()


def test_a_hold_needs_a_reason_and_a_time_span(account: Any, api: str) -> None:
    """A hold without a reason, or for a time that systemd does not know, is a wrong command."""
    account.write("api.yaml", api)
    for wrong in (
        [],
        ["--reason", " "],
        ["--reason", "x", "--for", "soon"],
        ["--reason", "x", "--for", "0s"],
        ["--reason", "x", "--for", "-5min"],
        ["--reason", "x", "--for", "infinity"],
        ["--reason", "x", "--for", ""],
    ):
        ended = account.run("unitward", "hold", "api", *wrong)
        assert (64, "") == (ended.returncode, ended.stdout)
        assert "Error: " in ended.stderr


def test_what_was_asked_while_the_daemon_was_down_is_taken_up(account: Any, api: str) -> None:
    """H1, H3, H4, N2, N4: the daemon that comes back finds every order in the ledger."""
    (account.home / ".config/unitward/config.yaml").write_text("stop_grace: 5min\n")
    desk = Desk(account, daemon=True)
    for name in ("held", "resumed", "kept"):
        account.write(f"{name}.yaml", api.replace("api.service", f"{name}.service"))
    needed = account.home / "needed"
    needed.write_text("")
    account.write("api.yaml", FLAKY)
    theirs = account.unit_dir / "theirs.service"
    theirs.write_text(RAW)
    account.write("theirs.yaml", api.replace("api.service", "theirs.service"))
    for name in ("held.service", "resumed.service", "kept.service", UNIT):
        account.wait_for(lambda name=name: desk.is_up(name), f"{name} runs", limit=30)
    desk.passes()
    needed.unlink()
    account.run("systemctl", "--user", "restart", UNIT)
    account.systemctl("stop", "resumed.service")
    desk.passes()
    desk.kill_daemon()
    desk.has_daemon = False

    desk.asks("hold", "held", "--reason", "elsewhere")
    desk.asks("resume", "resumed")
    desk.asks("retry", "api")
    desk.asks("forget", "kept")
    desk.asks("adopt", "theirs")
    held, run = desk.run_of("held.service"), desk.run_of()
    account.write("held.yaml", api.replace("api.service", "held.service").replace(SLEEP, OTHER))
    needed.write_text("")
    desk.start_daemon()

    account.wait_for(lambda: desk.is_up("resumed.service"), "resumed", limit=30)
    account.wait_for(lambda: desk.run_of() != run and desk.is_up(), "retried", limit=30)
    account.wait_for(lambda: read_mark(theirs.read_bytes()), "adopted", limit=30)
    kept = account.unit_dir / "kept.service"
    account.wait_for(lambda: not read_mark(kept.read_bytes()), "forgotten", limit=30)
    assert held == desk.run_of("held.service")
    assert "elsewhere; would: update + restart" in desk.reason("held.service")
    assert desk.is_up("kept.service")


def test_an_approval_given_while_the_daemon_was_down_is_taken_up(account: Any, api: str) -> None:
    """R3: what a person let pass happens when the daemon comes back, and no more than that."""
    (account.home / ".config/unitward/config.yaml").write_text("prune_after: 0s\n")
    desk = Desk(account, daemon=False)
    desk.declares(api)
    (account.desired / "api.yaml").unlink()
    desk.passes()
    assert desk.is_up()
    wrong = desk.says("approve", "0123456789ab")
    assert (1, True) == (wrong.returncode, "held now: " in wrong.stderr)
    digest = wrong.stderr.partition("held now: ")[2].strip()
    approved = desk.says("approve", digest)
    assert (0, f"approved {digest}") == (approved.returncode, approved.stdout.partition(";")[0])
    desk.start_daemon()
    account.wait_for(lambda: not desk.file.exists(), "removed", limit=30)
    assert not desk.is_up()
    assert "nothing is held now" in desk.says("approve", digest).stderr


def test_a_hold_that_is_over_is_over_without_a_daemon(account: Any, api: str) -> None:
    """H2: once its time has passed no command shows it, and the next pass acts."""
    desk = Desk(account, daemon=False)
    desk.declares(api)
    run = desk.run_of()
    desk.asks("hold", "api", "--for", "1s", "--reason", "a moment")
    account.write("api.yaml", api.replace(SLEEP, OTHER))
    account.wait_for(lambda: "a moment" not in desk.says("plan").stdout, "it is over", limit=30)
    desk.passes()
    assert run != desk.run_of()
