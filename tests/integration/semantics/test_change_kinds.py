"""Table C on a real manager: sockets under clients, timers, paths, slices, templates, drop-ins."""

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.semantics.declare import SLEEP, entry, service
from tests.integration.semantics.scene import apply, begin, command_of, notes_of, pid_of

TRIES = 10
ANSWERING = """\
#!{python} -ISB
import socket, sys
listening = socket.socket(fileno=3)
while True:
    client, _ = listening.accept()
    client.sendall(sys.argv[1].encode())
    client.close()
"""


@pytest.fixture
def program(account: Any) -> Path:
    """Give a program that tells each client of its socket the word it was started with."""
    path: Path = account.home / "answering"
    path.write_text(ANSWERING.format(python=sys.executable))
    path.chmod(0o755)
    return path


def ask(path: Path) -> str:
    """Return what a client is told; raises OSError when it is refused."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        said = client.recv(64)
    if not said:
        raise ConnectionResetError(f"{path}: accepted, and told nothing")
    return said.decode()


class Clients:
    """Clients that ask one address without a pause; `address` may change under them."""

    def __init__(self, address: Path) -> None:
        self.address = address
        self.told: list[tuple[float, str]] = []
        self.refused: list[float] = []
        self.ended = False

    def keep_asking(self) -> None:
        """Ask until `ended`."""
        while not self.ended:
            began = time.monotonic()
            try:
                self.told.append((began, ask(self.address)))
            except OSError:
                self.refused.append(began)
                time.sleep(0.002)


@contextmanager
def clients_of(address: Path) -> Iterator[Clients]:
    """Have clients ask an address in the background."""
    clients = Clients(address)
    thread = threading.Thread(target=clients.keep_asking)
    thread.start()
    try:
        yield clients
    finally:
        clients.ended = True
        thread.join()


def echo(program: Path, word: str, listen: str, backlog: int = 64) -> str:
    """Return a service behind a socket."""
    own = {"listen": f"{{ListenStream: {listen}, Backlog: {backlog}}}"}
    return service("echo", f"{program} {word}", own=own)


def test_addresses_change_under_clients(account: Any, loop: Any, program: Path) -> None:
    """C7: ten new addresses under clients; each is served at once, by the new definition."""
    addresses = [account.runtime_dir / f"echo-{n}" for n in range(TRIES + 1)]
    begin(account, loop, echo(program, "w0", str(addresses[0])))
    with clients_of(addresses[0]) as clients:
        for number, address in enumerate(addresses[1:], start=1):
            loop.until(
                lambda word=f"w{number - 1}": clients.told and clients.told[-1][1] == word,
                "the clients are served",
            )
            apply(account, loop, echo(program, f"w{number}", str(address)))
            assert [f"w{number}"] * 5 == [ask(address) for _ in range(5)]
            clients.address = address
    assert {"echo.service", "echo.socket"} <= account.units("active")
    assert str(addresses[-1]) in account.show("echo.socket", "Listen")["Listen"]


def test_socket_changes_under_clients(account: Any, loop: Any, program: Path) -> None:
    """C7: clients are refused during the switch at most, and nobody is served by a mixture."""
    address = account.runtime_dir / "echo"
    begin(account, loop, echo(program, "w0", str(address)))
    switches: list[tuple[float, float]] = []
    with clients_of(address) as clients:
        loop.until(lambda: clients.told, "the clients are served")
        for number in range(1, TRIES + 1):
            began = time.monotonic()
            apply(account, loop, echo(program, f"w{number}", str(address), 64 + number))
            switches.append((began, time.monotonic()))
            served = len(clients.told)
            loop.until(lambda served=served: len(clients.told) > served + 1, "served again")
            assert f"w{number}" == clients.told[-1][1]
    outside = [at for at in clients.refused if not any(a <= at <= b for a, b in switches)]
    assert [] == outside
    words = [word for _, word in clients.told]
    assert words == sorted(words, key=lambda word: int(word[1:]))


def test_service_changes_behind_its_socket(account: Any, loop: Any, program: Path) -> None:
    """C5: clients who start a stopped service by its socket get no old definition, ten times."""
    address = account.runtime_dir / "echo"

    def answering(word: str) -> list[str]:
        stop = {"ExecStop": f"/bin/sh -c 'echo {word} >> %h/stopped; sleep 0.1'"}
        socket_unit = {
            "Socket": {"ListenStream": str(address), "TriggerLimitIntervalSec": "0"},
            "Install": {"WantedBy": "sockets.target"},
        }
        own = service(
            "echo",
            f"{program} {word}",
            unit={"StartLimitIntervalSec": "0"},
            keys=stop,
            wanted_by="",
        )
        return [entry("echo.socket", socket_unit), own]

    account.systemctl("start", "sockets.target")
    begin(account, loop, *answering("w0"))
    socket_before = loop.invocation("echo.socket")
    with clients_of(address) as clients:
        for number in range(1, TRIES + 1):
            old = f"w{number - 1}"
            loop.until(lambda old=old: clients.told and clients.told[-1][1] == old, "served")
            apply(account, loop, *answering(f"w{number}"))
            pid = pid_of(account, "echo.service")
            assert command_of(account, "echo.service").endswith(f" w{number}")
            assert [f"w{number}"] * 5 == [ask(address) for _ in range(5)]
            assert pid == pid_of(account, "echo.service")
    assert socket_before == loop.invocation("echo.socket")
    stopped = (account.home / "stopped").read_text().split()
    assert {f"w{number}" for number in range(TRIES)} <= set(stopped)


def test_service_gains_a_socket_under_its_clients(account: Any, loop: Any, program: Path) -> None:
    """C7: a running service gains a socket again and again; both run, and clients are served."""
    address = account.runtime_dir / "late"
    begin(account, loop, service("echo"))
    for number in range(TRIES):
        apply(account, loop, echo(program, f"w{number}", str(address)))
        assert f"w{number}" == ask(address)
        assert {"echo.service", "echo.socket"} <= account.units("active")
        apply(account, loop, service("echo"), removed="[echo.socket]")
        assert SLEEP == command_of(account, "echo.service")
        assert not loop.is_active("echo.socket")


def test_open_connections_stay(account: Any, loop: Any) -> None:
    """C7: with Accept=yes socket and program change while an open connection goes on."""
    one, two = account.runtime_dir / "one", account.runtime_dir / "two"

    def cat(address: Path, command: str) -> str:
        return entry(
            "cat@.service",
            {"Service": {"ExecStart": command, "StandardInput": "socket"}},
            {"listen": f"[{address}]"},
        )

    begin(account, loop, cat(one, "/bin/cat"))
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(one))
        client.sendall(b"first")
        assert b"first" == client.recv(64)
        apply(account, loop, cat(two, "/bin/cat"))
        client.sendall(b"second")
        assert b"second" == client.recv(64)
        apply(account, loop, cat(two, "/bin/cat -u"))
        client.sendall(b"third")
        assert b"third" == client.recv(64)
        with socket.socket(socket.AF_UNIX) as other:
            other.settimeout(10)
            other.connect(str(two))
            other.sendall(b"new")
            assert b"new" == other.recv(64)
            running = {command_of(account, n) for n in account.units("active") if "cat@" in n}
            assert {"/bin/cat", "/bin/cat -u"} == running


def test_elapsed_timer(account: Any, loop: Any) -> None:
    """C8: a timer that had elapsed runs by its new times, and the plan says that it may."""

    def tick(times: str) -> str:
        command = "/bin/sh -c 'echo tick >> %h/ticks'"
        own = {"schedule": f"{{{times}, AccuracySec: 1ms}}"}
        return service("tick", command, keys={"Type": "oneshot"}, own=own, wanted_by="")

    begin(account, loop, tick("OnActiveSec: 20ms"))
    ticks = account.home / "ticks"
    loop.until(lambda: account.show("tick.timer", "SubState")["SubState"] == "elapsed", "elapsed")
    assert "tick\n" == ticks.read_text()
    apply(account, loop, tick("OnActiveSec: 50ms"))
    loop.until(lambda: ticks.read_text() == "tick\ntick\n", "it ran by its new time")
    assert any("tick.timer may run now" in note for note in notes_of(loop))


def test_timer_that_becomes_persistent(account: Any, loop: Any) -> None:
    """C8: Persistent= counts what is missed from now on, not what was missed in years before."""

    def tick(*keys: str) -> str:
        own = {"schedule": f"{{{', '.join(('OnCalendar: yearly', 'AccuracySec: 1ms', *keys))}}}"}
        command = "/bin/sh -c 'echo tick >> %h/ticks'"
        return service("tick", command, keys={"Type": "oneshot"}, own=own, wanted_by="")

    stamp = account.home / ".local/share/systemd/timers/stamp-tick.timer"
    stamp.parent.mkdir(parents=True)
    stamp.touch()
    long_ago = time.time() - 3 * 366 * 86400
    os.utime(stamp, (long_ago, long_ago))
    begin(account, loop, tick("Persistent: no"))
    before = loop.invocation("tick.timer")
    apply(account, loop, tick("Persistent: yes"))
    assert "yes" == account.show("tick.timer", "Persistent")["Persistent"]
    assert before == loop.invocation("tick.timer")
    assert time.time() - stamp.stat().st_mtime < 60
    account.systemctl("restart", "tick.timer")
    loop.sync()
    assert not (account.home / "ticks").exists()
    assert "inactive" == account.show("tick.service", "ActiveState")["ActiveState"]


def test_path_changes(account: Any, loop: Any) -> None:
    """C9: a path unit watches the new path after a reload; it does not restart."""

    def spool(name: str) -> list[str]:
        path = {"Path": {"PathExists": f"'%h/{name}'"}, "Install": {"WantedBy": "default.target"}}
        command = "/bin/sh -c 'mv %h/one %h/two %h/taken || true'"
        taking = service("spool", command, keys={"Type": "oneshot"}, wanted_by="")
        return [entry("spool.path", path), taking]

    (account.home / "taken").mkdir()
    begin(account, loop, *spool("one"))
    before = loop.invocation("spool.path")
    apply(account, loop, *spool("two"))
    (account.home / "two").write_text("work")
    loop.until((account.home / "taken/two").exists, "the new path is watched")
    assert before == loop.invocation("spool.path")


def test_slice_changes(account: Any, loop: Any) -> None:
    """C9: a slice's limits hold after a reload; what runs in it goes on."""

    def limited(weight: int) -> list[str]:
        return [
            entry("site.slice", {"Slice": {"CPUWeight": str(weight)}}),
            service("a", keys={"Slice": "site.slice"}),
        ]

    begin(account, loop, *limited(50))
    before = loop.invocations("site.slice", "a.service")
    apply(account, loop, *limited(70))
    assert "70" == account.show("site.slice", "CPUWeight")["CPUWeight"]
    assert before == loop.invocations("site.slice", "a.service")


def test_target_gains_a_service_of_somebody_else(account: Any, loop: Any) -> None:
    """C10: what an active target gains is started, though nobody declared it."""
    (account.unit_dir / "mine.service").write_text(f"[Service]\nExecStart={SLEEP}\n")
    install = {"WantedBy": "default.target"}
    begin(account, loop, entry("site.target", {"Unit": {"Description": "S"}, "Install": install}))
    before = loop.invocation("site.target")
    unit = {"Description": "S", "Wants": "mine.service"}
    apply(account, loop, entry("site.target", {"Unit": unit, "Install": install}))
    loop.until(lambda: loop.is_active("mine.service"), "it runs")
    assert before == loop.invocation("site.target")


def test_instances_started_by_hand(account: Any, loop: Any) -> None:
    """C11: a template's change restarts instances that a person started, too."""

    def worker(seconds: int) -> str:
        own = {"instances": "[one]"}
        return entry("w@.service", {"Service": {"ExecStart": f"/bin/sleep {seconds}"}}, own)

    begin(account, loop, worker(5000))
    account.systemctl("start", "w@one.service", "w@hand.service")
    apply(account, loop, worker(6000))
    names = ("w@one.service", "w@hand.service")
    assert {"/bin/sleep 6000"} == {command_of(account, name) for name in names}


def test_drop_ins_for_many(account: Any, loop: Any) -> None:
    """C12: a drop-in for a type or a prefix is loaded and restarts nothing."""
    mine = account.unit_dir / "site-mine.service"
    mine.write_text(f"[Service]\nExecStart={SLEEP}\n")
    account.systemctl("daemon-reload")
    account.systemctl("start", mine.name)
    begin(account, loop, service("site-a"))
    names = ("site-a.service", mine.name)
    before = loop.invocations(*names)
    apply(
        account,
        loop,
        service("site-a"),
        entry("service.d/10-all.conf", {"Service": {"TimeoutStopSec": "7s"}}),
        entry("site-.service.d/10-site.conf", {"Service": {"Environment": "SITE=1"}}),
    )
    for name in names:
        shown = account.show(name, "TimeoutStopUSec", "Environment")
        assert {"TimeoutStopUSec": "7s", "Environment": "SITE=1"} == shown
    assert before == loop.invocations(*names)


def test_drop_in_is_taken_away(account: Any, loop: Any) -> None:
    """C12: a drop-in of ours acts on its unit as the unit's own text, when it comes and goes."""
    begin(account, loop, service("a"), service("b"))
    before = loop.invocations("a.service", "b.service")
    pid = pid_of(account, "a.service")
    (account.desired / "a.service.d").mkdir()
    (account.desired / "a.service.d/50-x.conf").write_text("[Unit]\nDescription=Of the drop-in\n")
    loop.sync()
    assert "Of the drop-in" == account.show("a.service", "Description")["Description"]
    assert before == loop.invocations("a.service", "b.service")
    text = "[Service]\nExecStart=\nExecStart=/bin/sleep 5000\n"
    (account.desired / "a.service.d/50-x.conf").write_text(text)
    loop.sync()
    assert "/bin/sleep 5000" == command_of(account, "a.service")
    (account.desired / "a.service.d/50-x.conf").unlink()
    loop.sync()
    loop.until(lambda: command_of(account, "a.service") == SLEEP, "it runs as before")
    assert pid != pid_of(account, "a.service")
    assert not (account.unit_dir / "a.service.d").exists()
    assert before["b.service"] == loop.invocation("b.service")
