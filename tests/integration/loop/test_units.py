"""Every kind of unit, declared, changed and taken away under a running daemon."""

import socket
import sys
from pathlib import Path
from typing import Any

SLEEP = "/bin/sleep infinity"
ECHO = """\
#!{python}
import os, socket, sys
listening = [socket.socket(fileno=fd) for fd in range(3, 3 + int(os.environ["LISTEN_FDS"]))]
import selectors
chooser = selectors.DefaultSelector()
for one in listening:
    chooser.register(one, selectors.EVENT_READ)
while True:
    for key, _ in chooser.select():
        client, _ = key.fileobj.accept()
        client.sendall(b"hello")
        client.close()
"""


def ask(path: Path) -> bytes:
    """Connect to a socket and read what it says."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        return client.recv(16)


def echo_program(account: Any) -> Path:
    """Write a program that says hello on every socket it was given."""
    program: Path = account.home / "echo.py"
    program.write_text(ECHO.format(python=sys.executable))
    program.chmod(0o755)
    return program


def listener(account: Any, listen: str) -> str:
    """Return a service with a socket; `listen` is its manifest text."""
    program = echo_program(account)
    return (
        "version: 1\nunits:\n  echo.service:\n"
        f"{listen}"
        f"    Service:\n      ExecStart: {program}\n"
        "    Install: {WantedBy: default.target}\n"
    )


def test_socket_address_changes_under_its_service(account: Any, loop: Any) -> None:
    """C7: a new address is served at once, by a service that ran before; ten clients in a row."""
    one, two = account.runtime_dir / "one.sock", account.runtime_dir / "two.sock"
    account.write("e.yaml", listener(account, f"    listen: [{one}]\n"))
    loop.start()
    assert [b"hello"] * 10 == [ask(one) for _ in range(10)]
    assert loop.is_active("echo.service")
    before = loop.invocation("echo.socket")

    account.write("e.yaml", listener(account, f"    listen: [{two}]\n"))
    loop.until(lambda: loop.invocation("echo.socket") != before, "the socket is new")
    loop.until(two.exists, "the new address exists")
    assert [b"hello"] * 10 == [ask(two) for _ in range(10)]
    loop.sync()
    assert {"echo.service", "echo.socket"} <= account.units("active")
    assert "in-sync" == loop.sync_of("echo.socket")


def test_running_service_gains_a_socket(account: Any, loop: Any) -> None:
    """C7: `listen:` added to a running service ends with both running and clients served."""
    path = account.runtime_dir / "late.sock"
    sleeping = (
        "version: 1\nunits:\n  echo.service:\n"
        f"    Service:\n      ExecStart: {SLEEP}\n"
        "    Install: {WantedBy: default.target}\n"
    )
    account.write("e.yaml", sleeping)
    loop.start()
    assert loop.is_active("echo.service")
    account.write("e.yaml", listener(account, f"    listen: [{path}]\n"))
    loop.until(lambda: loop.is_active("echo.socket"), "the socket listens")
    assert [b"hello"] * 10 == [ask(path) for _ in range(10)]
    assert loop.is_active("echo.service")


def test_timer(account: Any, loop: Any) -> None:
    """C8: a schedule runs its service; a changed schedule is loaded without a restart."""
    text = (
        "version: 1\nunits:\n  tick.service:\n"
        "    schedule: {{OnActiveSec: 100ms, OnUnitActiveSec: {0}, AccuracySec: 1ms}}\n"
        "    Service: {{Type: oneshot, ExecStart: /bin/sh -c 'echo tick >> %h/ticks'}}\n"
    )
    account.write("t.yaml", text.format("1h"))
    loop.start()
    ticks = account.home / "ticks"
    loop.until(ticks.exists, "the timer's service ran")
    assert loop.is_active("tick.timer")
    before = loop.invocation("tick.timer")
    account.write("t.yaml", text.format("200ms"))
    loop.until(lambda: ticks.read_text().count("tick") >= 3, "the new schedule holds")
    assert before == loop.invocation("tick.timer")
    account.write("t.yaml", "version: 1\nunits: {}\nremoved: [tick.service, tick.timer]\n")
    loop.until(lambda: not (account.unit_dir / "tick.timer").exists(), "both are removed")
    assert not loop.is_active("tick.timer")


def test_path_unit(account: Any, loop: Any) -> None:
    """A path unit starts its service when the file appears."""
    account.write(
        "p.yaml",
        "version: 1\nunits:\n  spool.path:\n"
        "    Path: {PathExists: '%h/spool'}\n    Install: {WantedBy: default.target}\n"
        "  spool.service:\n"
        "    Service: {Type: oneshot, ExecStart: /bin/mv %h/spool %h/taken}\n",
    )
    loop.start()
    assert loop.is_active("spool.path")
    (account.home / "spool").write_text("work")
    loop.until((account.home / "taken").exists, "the service took the file")
    assert "work" == (account.home / "taken").read_text()


def test_template_and_its_instances(account: Any, loop: Any) -> None:
    """C11: a template's change restarts its instances; an instance's own change only that one."""

    def text(seconds: str, instances: str) -> str:
        return (
            "version: 1\nunits:\n  worker@.service:\n"
            f"    instances: {instances}\n"
            f"    Service:\n      ExecStart: /bin/sleep {seconds}\n"
            "    Install: {WantedBy: default.target}\n"
        )

    account.write("w.yaml", text("5000", "{a: , b: }"))
    account.write(
        "o.yaml",
        "version: 1\nunits:\n  other.service:\n    Service: {ExecStart: "
        f"{SLEEP}}}\n    Install: {{WantedBy: default.target}}\n",
    )
    loop.start()
    names = ("worker@a.service", "worker@b.service", "other.service")
    first = loop.invocations(*names)
    assert all(first.values())

    account.write("w.yaml", text("5000", "{a: , b: {env: {X: '1'}}}"))
    loop.until(lambda: loop.invocation(names[1]) != first[names[1]], "b restarts")
    second = loop.invocations(*names)
    assert first[names[0]] == second[names[0]]

    account.write("w.yaml", text("6000", "{a: , b: {env: {X: '1'}}}"))
    loop.until(lambda: loop.invocation(names[0]) != second[names[0]], "a restarts")
    loop.until(lambda: loop.invocation(names[1]) != second[names[1]], "b restarts")
    assert first["other.service"] == loop.invocation("other.service")

    account.write("w.yaml", text("6000", "{a: }"))
    loop.until(lambda: not loop.is_active(names[1]), "b is stopped")
    assert loop.is_active(names[0])


def test_dropin_on_a_foreign_unit(account: Any, loop: Any) -> None:
    """C12: a drop-in changes a unit that someone else ships; without it, it runs as shipped."""
    vendor = account.home / ".local/share/systemd/user/vendor.service"
    vendor.parent.mkdir(parents=True)
    vendor.write_text("[Service]\nExecStart=/bin/sleep 1111\n")
    account.systemctl("daemon-reload")
    account.systemctl("start", "vendor.service")
    account.write(
        "d.yaml",
        "version: 1\nunits:\n  vendor.service.d/50-site.conf:\n"
        '    Service: {ExecStart: ["", /bin/sleep 2222]}\n',
    )
    loop.start()
    loop.until(lambda: command_of(account, loop, "vendor.service") == "/bin/sleep 2222", "applied")
    assert "[Service]\nExecStart=/bin/sleep 1111\n" == vendor.read_text()

    account.write("d.yaml", "version: 1\nunits: {}\nremoved: [vendor.service]\n")
    loop.until(lambda: command_of(account, loop, "vendor.service") == "/bin/sleep 1111", "undone")
    assert not (account.unit_dir / "vendor.service.d").exists()
    assert vendor.exists()


def command_of(account: Any, loop: Any, unit: str) -> str:
    """Return the command line of a unit's running process."""
    del loop
    pid = account.show(unit, "MainPID")["MainPID"]
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""


def test_policy_only_and_mask(account: Any, loop: Any) -> None:
    """N5: state and masks of units whose files are not ours; undone when no longer declared."""
    folder = account.home / ".local/share/systemd/user"
    folder.mkdir(parents=True)
    for name in ("agent", "pest"):
        (folder / f"{name}.service").write_text(f"[Service]\nExecStart={SLEEP}\n")
    account.systemctl("daemon-reload")
    account.systemctl("start", "pest.service")
    account.write(
        "p.yaml",
        "version: 1\nunits:\n  agent.service: {state: running}\n  pest.service: {mask: yes}\n"
        "  nowhere.service: {state: running}\n",
    )
    loop.start()
    loop.until(lambda: loop.is_active("agent.service"), "the agent runs")
    loop.until(lambda: not loop.is_active("pest.service"), "the masked unit is stopped")
    assert "/dev/null" == str((account.unit_dir / "pest.service").readlink())
    assert "absent" == loop.sync_of("nowhere.service")

    account.write("p.yaml", "version: 1\nunits: {}\nremoved: [agent.service, pest.service]\n")
    loop.until(lambda: not loop.is_active("agent.service"), "as it was before")
    loop.until(lambda: not (account.unit_dir / "pest.service").is_symlink(), "unmasked")


def test_target_gains_a_unit(account: Any, loop: Any) -> None:
    """C10: a unit added to an active target of ours starts; the target does not restart."""
    target = (
        "version: 1\nunits:\n  site.target:\n    Unit: {Description: Site}\n"
        "    Install: {WantedBy: default.target}\n"
    )
    one = (
        f"  one.service:\n    Service: {{ExecStart: {SLEEP}}}\n"
        "    Install: {WantedBy: site.target}\n"
    )
    account.write("t.yaml", target + one)
    loop.start()
    loop.until(lambda: loop.is_active("one.service"), "what the target wants runs")
    before = loop.invocations("site.target", "one.service")
    account.write("t.yaml", target + one + one.replace("one", "two"))
    loop.until(lambda: loop.is_active("two.service"), "the new one runs")
    assert before == loop.invocations("site.target", "one.service")


def test_condition_that_does_not_hold(account: Any, loop: Any) -> None:
    """A unit whose condition fails is skipped, not failed, and is not tried over and over."""
    account.write(
        "c.yaml",
        "version: 1\nunits:\n  c.service:\n    Unit: {ConditionPathExists: '%h/flag'}\n"
        f"    Service: {{ExecStart: {SLEEP}}}\n    Install: {{WantedBy: default.target}}\n",
    )
    loop.start()
    loop.until(lambda: loop.sync_of("c.service") == "skipped", "it is skipped")
    passes = loop.settled()
    loop.sync()
    assert passes + 1 == loop.settled()
    assert not loop.is_active("c.service")


def test_missing_executable(account: Any, loop: Any) -> None:
    """F5: a unit without its program waits, and starts when the program appears."""
    program = account.home / "bin/program"
    account.write(
        "m.yaml",
        f"version: 1\nunits:\n  m.service:\n    Service: {{ExecStart: {program}}}\n"
        "    Install: {WantedBy: default.target}\n",
    )
    loop.start()
    assert "waiting" == loop.sync_of("m.service")
    assert str(program) in loop.unit("m.service")["reason"]
    program.parent.mkdir()
    draft = program.with_name("draft")
    draft.write_text("#!/bin/sh\nexec sleep infinity\n")
    draft.chmod(0o755)
    draft.rename(program)
    loop.until(lambda: loop.is_active("m.service"), "it runs")


def test_contents_it_depends_on(account: Any, loop: Any) -> None:
    """C13: a changed environment file or `restart_on` path restarts, `reload_on` reloads."""
    env, conf, soft = (account.home / name for name in ("app.env", "app.conf", "soft.conf"))
    env.write_text("WORD=one\n")
    conf.write_text("1")
    soft.write_text("1")
    account.write(
        "a.yaml",
        f"version: 1\nunits:\n  a.service:\n    env_files: [{env}]\n    restart_on: [{conf}]\n"
        f"    reload_on: [{soft}]\n    Service:\n"
        "      ExecStart: /bin/sh -c 'echo $WORD >> %h/words; exec sleep infinity'\n"
        "      ExecReload: /bin/sh -c 'echo reloaded >> %h/words'\n"
        "    Install: {WantedBy: default.target}\n",
    )
    loop.start()
    words = account.home / "words"
    loop.until(lambda: words.exists() and words.read_text() == "one\n", "it started")
    env.write_text("WORD=two\n")
    loop.until(lambda: words.read_text() == "one\ntwo\n", "the new environment is used")
    soft.write_text("2")
    loop.until(lambda: words.read_text() == "one\ntwo\nreloaded\n", "it reloads")
    conf.write_text("2")
    loop.until(lambda: words.read_text() == "one\ntwo\nreloaded\ntwo\n", "it restarts")
    passes = loop.settled()
    loop.sync()
    assert passes + 1 == loop.settled()
    assert "one\ntwo\nreloaded\ntwo\n" == words.read_text()


def test_secret_arrives(account: Any, loop: Any) -> None:
    """A secret's file reaches the service as a credential."""
    (account.home / "token").write_text("s3cret")
    account.write(
        "s.yaml",
        "version: 1\nunits:\n  s.service:\n    secrets: {token: '%h/token'}\n    Service:\n"
        "      Type: oneshot\n"
        "      ExecStart: /bin/sh -c 'cat $CREDENTIALS_DIRECTORY/token > %h/got'\n"
        "    Install: {WantedBy: default.target}\n",
    )
    loop.start()
    got = account.home / "got"
    loop.until(lambda: got.exists() and got.read_text() == "s3cret", "the secret arrived")


def test_failed_starts_are_tried_again_after_their_pause(account: Any, loop: Any) -> None:
    """V13: a failure in the pass itself begins a pause, said at once; nobody has to ask."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        account.write(
            "a.yaml",
            "version: 1\nunits:\n"
            f"  a.service:\n    listen: [127.0.0.1:{port}]\n"
            "    Service: {ExecStart: /bin/sleep infinity}\n"
            "  b.service:\n    Service: {ExecStart: /bin/false}\n"
            "    Install: {WantedBy: default.target}\n",
        )
        loop.start()
        for unit in ("a.socket", "b.service"):
            loop.until(lambda unit=unit: loop.unit(unit)["until"], f"{unit} says when", limit=4)
            assert "tried again when its pause ends" in loop.unit(unit)["reason"]
    loop.until(lambda: loop.is_active("a.socket"), "it listens", limit=10)
