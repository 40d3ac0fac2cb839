"""`unitward doctor`: says what is missing, in any state of the account, and changes nothing."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess

OWN_UNIT = "unitward.service"


@pytest.fixture
def examine(account: Any, document: Any) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Give a function that returns the exit code and the findings by check, the worst of each."""

    def run(env: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        ended = account.run("unitward", "doctor", "-o", "json", env=env)
        assert "Traceback" not in ended.stderr
        levels = ("ok", "info", "warning", "error")
        found: dict[str, Any] = {}
        for finding in document(ended)["findings"]:
            known = found.setdefault(finding["check"], finding)
            if levels.index(finding["level"]) > levels.index(known["level"]):
                found[finding["check"]] = finding
        return ended.returncode, found

    return run


def levels(found: Mapping[str, Any], level: str) -> set[str]:
    """Return the checks that ended with the level."""
    return {name for name, finding in found.items() if finding["level"] == level}


@pytest.mark.usefixtures("bus")
def test_a_healthy_account(account: Any, examine: Any, api: str) -> None:
    """After a first apply nothing is wrong: exit 0, and what matters is named as well."""
    account.write("api.yaml", api)
    assert 0 == account.run("unitward", "apply").returncode

    code, found = examine()

    assert 0 == code
    assert set() == levels(found, "error")
    well = {"user manager", "bus", "runtime folder", "ledger", "folders", "desired state", "git"}
    assert well <= levels(found, "ok")
    assert "1 unit in" in found["desired state"]["found"]


def test_the_daemon_at_work(account: Any, examine: Any) -> None:
    """A daemon that its unit runs is found with its process and its last pass."""
    command = f"{sys.executable} -m unitward run"
    (account.unit_dir / OWN_UNIT).write_text(
        f"[Service]\nType=notify\nExecStart={command}\n[Install]\nWantedBy=default.target\n"
    )
    account.systemctl("enable", "--now", OWN_UNIT)
    assert account.run("unitward", "sync").returncode == 0

    _, found = examine()

    pid = account.show(OWN_UNIT, "MainPID")["MainPID"]
    assert "ok" == found["daemon"]["level"], found["daemon"]
    assert f"runs as process {pid}, last pass" in found["daemon"]["found"]
    assert "ok" == found["installations"]["level"], found["installations"]


def test_a_daemon_that_failed(account: Any, examine: Any) -> None:
    """A failed unitward.service is an error, with the way to its last words."""
    (account.unit_dir / OWN_UNIT).write_text("[Service]\nType=oneshot\nExecStart=/bin/false\n")
    account.systemctl("daemon-reload")
    account.systemctl("start", OWN_UNIT, check=False)

    code, found = examine()

    assert (1, "error") == (code, found["daemon"]["level"])
    assert f"unitward logs -n 30 {OWN_UNIT}" == found["daemon"]["mend"][0]


@pytest.mark.parametrize("applied", [False, True])
def test_it_changes_nothing(
    account: Any, world: Callable[[], object], api: str, applied: bool
) -> None:
    """No file of the home, link, unit or variable differs afterwards, and no ledger is made."""
    account.write("api.yaml", api)
    if applied:
        assert 0 == account.run("unitward", "apply").returncode
    cache = account.home / ".cache/unitward/directives.json"
    cached = cache.stat().st_mtime_ns if cache.exists() else None
    before = world()

    for output in ("text", "json"):
        assert 0 == account.run("unitward", "doctor", "-o", output).returncode

    assert before == world()
    assert applied == (account.state_home / "unitward").exists()
    assert cached == (cache.stat().st_mtime_ns if cache.exists() else None)
    assert [] == list((account.home / "tmp").iterdir())


def test_a_crashed_writer_is_read_and_left_alone(
    account: Any, examine: Any, daemon: "subprocess.Popen[str]"
) -> None:
    """The log that a killed daemon left beside its ledger stays byte for byte."""
    daemon.kill()
    daemon.wait(30)
    folder = account.state_home / "unitward"
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert "ledger.sqlite-wal" in before

    _, found = examine()

    assert "ok" == found["ledger"]["level"], found["ledger"]
    assert before == {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_no_manager(account: Any, examine: Any) -> None:
    """Without a manager: exit 1, the manager named as the cause, everything else still judged."""
    account.stop_manager()

    code, found = examine()

    assert 1 == code
    assert {"user manager"} <= levels(found, "error")
    assert "manager" in found["user manager"]["found"]
    assert found["user manager"]["mend"]
    assert {"ledger", "folders", "inotify", "systemd"} <= levels(found, "ok")


def test_a_manager_that_was_killed(account: Any, examine: Any) -> None:
    """Sockets that nobody serves any more are not taken for a manager."""
    account.kill_manager()

    code, found = examine()

    assert (1, "error") == (code, found["user manager"]["level"])


def test_without_a_bus(account: Any, examine: Any) -> None:
    """Where only the private socket is left, the manager is reached and the bus is named."""
    account.systemctl("stop", "dbus.socket", "dbus.service")
    (account.runtime_dir / "bus").unlink(missing_ok=True)

    code, found = examine({"DBUS_SESSION_BUS_ADDRESS": ""})

    assert (0, "ok") == (code, found["user manager"]["level"])
    assert "info" == found["bus"]["level"]
    assert "private socket" in found["bus"]["found"]


def test_an_address_of_an_old_session(examine: Any, tmp_path: Path) -> None:
    """A stale address does not keep the manager from being found."""
    code, found = examine({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/old"})

    assert (0, "ok") == (code, found["user manager"]["level"])


def test_no_such_runtime_folder(examine: Any, tmp_path: Path) -> None:
    """The value that was given is named, and what does not exist."""
    gone = str(tmp_path / "gone")

    code, found = examine({"XDG_RUNTIME_DIR": gone, "DBUS_SESSION_BUS_ADDRESS": ""})

    assert 1 == code
    assert f"{gone} does not exist" in f"{found['user manager']} {found['runtime folder']}"


def test_no_logind_is_no_crash(examine: Any) -> None:
    """Where there is no logind nobody knows of lingering: told, not warned of."""
    code, found = examine()

    assert (0, "info") == (code, found["linger"]["level"])
    assert "no logind" in found["linger"]["found"]


def test_a_damaged_ledger(account: Any, examine: Any, api: str) -> None:
    """Damage is found, told with the way out, and not touched."""
    account.write("api.yaml", api)
    assert 0 == account.run("unitward", "apply").returncode
    ledger = account.state_home / "unitward/ledger.sqlite"
    broken = ledger.read_bytes()[:4096] + b"\xff" * 9000
    ledger.write_bytes(broken)

    code, found = examine()

    assert (1, "error") == (code, found["ledger"]["level"])
    assert any(step.startswith(f"mv {ledger} ") for step in found["ledger"]["mend"])
    assert broken == ledger.read_bytes()


def test_the_way_out_of_a_damaged_ledger(account: Any, examine: Any, api: str) -> None:
    """What doctor says mends a damaged ledger: the unit stays unitward's and is never restarted."""
    account.write("api.yaml", api)
    assert 0 == account.run("unitward", "apply").returncode
    running = account.show("api.service", "MainPID")
    (account.state_home / "unitward/ledger.sqlite").write_bytes(b"\xff" * 9000)
    _, found = examine()

    for step in found["ledger"]["mend"]:
        account.run("sh", "-c", step)
    assert 0 == account.run("unitward", "apply").returncode

    code, found = examine()
    assert (0, "ok") == (code, found["ledger"]["level"])
    assert running == account.show("api.service", "MainPID")


def test_an_unsafe_folder(account: Any, examine: Any) -> None:
    """A desired-state folder that everybody may write: an error, and its command mends it."""
    account.desired.chmod(0o777)

    code, found = examine()

    assert 1 == code
    assert {"desired state", "folders"} <= levels(found, "error")
    [step] = found["desired state"]["mend"]
    assert 0 == account.run("sh", "-c", step).returncode
    code, found = examine()
    assert (0, set()) == (code, levels(found, "error"))


def test_a_unit_folder_that_cannot_be_written(account: Any, examine: Any) -> None:
    """Missing rights on the unit folder are an error, and its command mends them."""
    account.unit_dir.chmod(0o500)

    code, found = examine()

    assert (1, "error") == (code, found["folders"]["level"])
    assert str(account.unit_dir) in found["folders"]["found"]
    [step] = found["folders"]["mend"]
    assert 0 == account.run("sh", "-c", step).returncode
    assert 0 == examine()[0]


def test_a_foreign_file_in_the_way(account: Any, examine: Any, api: str) -> None:
    """A unit file of somebody else under a declared name is named; taking it over mends it."""
    account.write("api.yaml", api)
    file = account.unit_dir / "api.service"
    file.write_text("[Service]\nExecStart=/bin/sleep 77\n")

    code, found = examine()

    assert (0, "warning") == (code, found["foreign files"]["level"])
    assert str(file) in found["foreign files"]["found"]
    adopt, _move = found["foreign files"]["mend"]
    words = adopt.partition("#")[0].split()
    assert 0 == account.run(*words).returncode
    account.run("unitward", "apply")
    assert "ok" == examine()[1]["foreign files"]["level"]


def test_a_bad_configuration(account: Any, examine: Any) -> None:
    """A problem of config.yaml is told with its line, and what depends on it does not guess."""
    file = account.home / ".config/unitward/config.yaml"
    file.write_text("resync: 10min\nsettel: 1s\n")

    code, found = examine()

    assert (1, "error") == (code, found["configuration"]["level"])
    assert f"{file}:2: unknown key `settel`" in found["configuration"]["found"]
    assert "warning" == found["desired state"]["level"]


def test_the_worst_comes_first(account: Any) -> None:
    """On a terminal or in a mail errors lead, with their commands; what is well is one entry."""
    account.desired.chmod(0o777)

    ended = account.run("unitward", "doctor")

    lines = ended.stdout.splitlines()
    assert 1 == ended.returncode
    assert lines[0].startswith("error    ")
    starts = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    order = ["error", "warning", "info", "ok"]
    ranks = [order.index(word) for word in starts[:-1]]
    assert sorted(ranks) == ranks
    assert 1 == starts.count("ok")
    assert f"chmod go-w {account.desired}" in ended.stdout
    assert "error" in lines[-1]


def test_a_wrong_option(account: Any) -> None:
    """A wrong command line is told apart from a sick account."""
    assert 64 == account.run("unitward", "doctor", "--nonsense").returncode


def test_an_empty_environment(account: Any, api: str, tmp_path: Path) -> None:
    """With no variable at all, as ssh to a bare shell gives, the account's manager is found.

    The account gets its usual place, /run/user/UID, in a mount namespace, and its home in the
    account database.
    """
    account.write("api.yaml", api)
    uid, home = os.getuid(), "/mnt"
    accounts = tmp_path / "passwd"
    accounts.write_text(f"ada:x:{uid}:{os.getgid()}::{home}:/bin/sh\n")
    usual = f"/run/user/{uid}"
    script = (
        f"mount --bind {accounts} /etc/passwd"
        f" && mount --bind {account.home} {home}"
        f" && {{ test -d {usual} || {{ mount -t tmpfs tmpfs /run/user && mkdir {usual}; }}; }}"
        f" && mount --rbind {account.runtime_dir} {usual}"
        f" && exec env -i {sys.executable} -m unitward doctor -o json"
    )
    ended = account.run(
        *("unshare", "--user", "--map-current-user", "--mount", "--keep-caps"),
        *("sh", "-c", script),
    )

    assert 0 == ended.returncode, ended.stdout + ended.stderr
    document = json.loads(ended.stdout)
    found = {finding["check"]: finding for finding in document["findings"]}
    assert ("ada", home) == (document["user"], document["home"])
    assert usual == document["runtime"]
    assert "ok" == found["user manager"]["level"], found["user manager"]
    assert "1 unit in" in found["desired state"]["found"]
    assert [f"export XDG_RUNTIME_DIR={usual}"] == found["runtime folder"]["mend"]
    assert [f"export HOME={home}"] == found["account"]["mend"]
