"""The journal: entries in its native protocol, and the command that reads them."""

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from unitward.systemd.journal import JournalSocket, encode_entry, journal_command


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    """Open a socket in journald's place."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind(str(tmp_path / "socket"))
        yield sock


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalSocket]:
    """Open a sender to that socket."""
    sender = JournalSocket(str(tmp_path / "socket"))
    yield sender
    sender.close()


def test_a_newline_cannot_forge_a_field() -> None:
    """A value with a newline travels with its length; bad field names are left out."""
    expected = (
        b"PRIORITY=4\nMESSAGE\n" + struct.pack("<Q", 15) + b"a\nUSER_UNIT=x.y\n" + b"EMPTY=\n"
    )

    assert expected == encode_entry(
        {"PRIORITY": 4, "MESSAGE": "a\nUSER_UNIT=x.y", "EMPTY": "", "bad": 1, "_PID": 1, "A=B": 1}
    )


def test_entries_arrive(journald: socket.socket, journal: JournalSocket) -> None:
    """What is sent is what the socket receives."""
    sent = journal.send({"MESSAGE": "hällo", "USER_UNIT": "api.service"})

    assert sent
    assert "MESSAGE=hällo\nUSER_UNIT=api.service\n".encode() == journald.recv(4096)


def test_a_large_entry_arrives_as_a_file(journald: socket.socket, journal: JournalSocket) -> None:
    """An entry too large for a datagram arrives whole as a sealed memory file."""
    text = "x" * 1_000_000

    sent = journal.send({"MESSAGE": text})
    data, fds, _flags, _address = socket.recv_fds(journald, 4096, 4)
    with os.fdopen(fds[0], "rb") as file:
        file.seek(0)
        content = file.read()

    assert sent
    assert data == b""
    assert content == f"MESSAGE={text}\n".encode()


def test_a_missing_or_full_journal_does_no_harm(
    tmp_path: Path, journald: socket.socket, journal: JournalSocket
) -> None:
    """Entries that cannot be delivered are dropped at once, without an error."""
    results = [journal.send({"MESSAGE": "x" * 5000}) for _ in range(1000)]
    absent = JournalSocket(str(tmp_path / "none"))
    dropped = absent.send({"MESSAGE": "x"})
    absent.close()

    assert results[0]
    assert not results[-1]
    assert not dropped
    assert journald.recv(10)


def test_journal_command() -> None:
    """The command names the user units, how many lines, and whether to follow."""
    assert journal_command(("a.service", "b.timer"), follow=True, lines=20, since="-1h") == [
        "journalctl",
        "--user-unit=a.service",
        "--user-unit=b.timer",
        "--lines=20",
        "--since=-1h",
        "--follow",
    ]
    assert journal_command(("a.service",)) == ["journalctl", "--user-unit=a.service"]
