"""Mistakes that systemd answers in its own words get a word on what was meant."""

import socket
from typing import Any

import pytest

SERVICE = "version: 1\nunits:\n  a.service:\n    Service: {ExecStart: BIN}\n"


def test_cron_syntax_is_told_in_systemds(account: Any) -> None:
    """F4: `schedule:` in cron's syntax is refused, with the calendar expression to write."""
    account.write("a.yaml", SERVICE.replace("BIN", "/bin/true") + '    schedule: "*/5 * * * *"\n')
    ended = account.run("unitward", "validate")
    assert 1 == ended.returncode
    assert "hint: this is cron's syntax; a timer takes: *:0/5" in ended.stderr
    account.run("unitward", "apply")
    assert not (account.unit_dir / "a.timer").exists()
    status = account.run("unitward", "status", "a.timer").stdout
    assert "Failed to parse calendar specification" in status

    account.write("a.yaml", SERVICE.replace("BIN", "/bin/true") + '    schedule: "*:0/5"\n')
    assert 0 == account.run("unitward", "apply").returncode
    assert "active" == account.show("a.timer", "ActiveState")["ActiveState"]


@pytest.mark.parametrize("argument", ["infinity", "-v"])
def test_a_list_that_was_meant_as_arguments(account: Any, argument: str) -> None:
    """F4: a list under ExecStart= is several commands; one command is shown as one text."""
    account.write("a.yaml", SERVICE.replace("BIN", f"[/bin/sleep, {argument}]"))
    stderr = account.run("unitward", "validate").stderr
    assert f"one command is one text: /bin/sleep {argument}\n" in stderr


def test_a_target_that_does_not_exist_is_named(account: Any) -> None:
    """W5: waiting for a target that nobody has is said to be just that."""
    text = SERVICE.replace("BIN", "/bin/true")
    account.write("a.yaml", f"{text}    Install: {{WantedBy: nope.target}}\n")
    account.run("unitward", "apply")
    status = account.run("unitward", "status").stdout
    assert "waits for nope.target, which this account does not have" in status
    account.write("a.yaml", f"{text}    Install: {{WantedBy: graphical-session.target}}\n")
    account.run("unitward", "apply")
    status = account.run("unitward", "status").stdout
    assert "waits for graphical-session.target\n" in status


def test_a_busy_port_is_named(account: Any) -> None:
    """V13: a socket that cannot listen says on which address; free, it listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        account.write(
            "a.yaml",
            SERVICE.replace("BIN", "/bin/sleep infinity")
            + f'  a.socket:\n    Socket: {{ListenStream: "127.0.0.1:{port}"}}\n'
            "    Install: {WantedBy: sockets.target}\n",
        )
        account.run("unitward", "apply")
        status = account.run("unitward", "status", "a.socket").stdout
        assert f"cannot listen on 127.0.0.1:{port}: it is in use, or not permitted" in status
    account.run("unitward", "retry", "a.socket")
    account.run("unitward", "apply")
    assert "active" == account.show("a.socket", "ActiveState")["ActiveState"]


def test_what_systemd_remarks_can_be_allowed(account: Any) -> None:
    """F4, F5: `allow: [verify]` silences the remark on a missing program for its unit alone."""
    text = SERVICE.replace("BIN", "/nowhere/program")
    account.write("a.yaml", text)
    account.write("b.yaml", text.replace("a.service", "b.service") + "    allow: [verify]\n")
    stderr = account.run("unitward", "validate", "-v").stderr
    assert "a.yaml" in stderr
    assert "b.yaml" not in stderr


def test_a_dropin_for_a_newer_systemd_is_left_out_alone(account: Any) -> None:
    """`min_version` of a drop-in: its unit goes on without it, with a notice."""
    account.write(
        "a.yaml",
        SERVICE.replace("BIN", "/bin/sleep infinity") + "    Install: {WantedBy: default.target}\n"
        "  a.service.d/50-new.conf:\n    min_version: 900\n    Service: {Nice: 3}\n"
        "  service.d/50-new.conf:\n    min_version: 900\n    Service: {Nice: 3}\n",
    )
    ended = account.run("unitward", "apply")
    assert 0 == ended.returncode
    assert "a.service.d/50-new.conf is left out: it needs systemd 900" in ended.stderr
    assert "service.d/50-new.conf is left out" in ended.stderr
    assert "active" == account.show("a.service", "ActiveState")["ActiveState"]
    assert [] == list(account.unit_dir.glob("*.d/*"))
