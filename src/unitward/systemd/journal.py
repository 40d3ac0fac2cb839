"""The journal: native entries in (a side channel, never raises), a command to read them out."""

import array
import contextlib
import errno
import fcntl
import os
import re
import socket
import struct
from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"

_FIELD_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_TOO_LARGE = (errno.EMSGSIZE, errno.ENOBUFS)


class JournalSocket:
    """Writes entries in journald's native protocol; entries it cannot deliver are dropped."""

    def __init__(self, path: str = SOCKET) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(0)

    def send(self, fields: Mapping[str, str | int]) -> bool:
        """Write one entry and tell whether journald has it.

        Field names are those of systemd.journal-fields(7): capitals, digits and underscores;
        others are left out, as journald would.
        """
        data = encode_entry(fields)
        try:
            self._socket.sendto(data, self._path)
        except OSError as error:
            return error.errno in _TOO_LARGE and self._send_as_file(data)
        except ValueError:
            return False
        return True

    def close(self) -> None:
        """Close the socket; later entries are dropped."""
        self._socket.close()

    def _send_as_file(self, data: bytes) -> bool:
        """Hand over an entry that no datagram can hold as a sealed memory file."""
        with contextlib.suppress(OSError):
            fd = os.memfd_create("journal-entry", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                _seal(fd)
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))
                self._socket.sendmsg([b""], [rights], 0, self._path)
                return True
        return False


def encode_entry(fields: Mapping[str, str | int]) -> bytes:
    """Encode an entry; values with newlines carry their length (Native Journal Protocol)."""
    parts: list[bytes] = []
    for name, value in fields.items():
        if not _FIELD_NAME.fullmatch(name):
            continue
        key = name.encode()
        text = str(value).encode("utf-8", "backslashreplace")
        if b"\n" in text:
            parts += [key, b"\n", struct.pack("<Q", len(text)), text, b"\n"]
        else:
            parts += [key, b"=", text, b"\n"]
    return b"".join(parts)


def journal_command(
    units: tuple[str, ...], *, follow: bool = False, lines: int | None = None, since: str = ""
) -> list[str]:
    """Return the journalctl(1) command that shows what user units logged.

    `--user-unit` also selects what others logged about a unit by naming it in USER_UNIT=,
    such as unitward's own entries.
    """
    command = ["journalctl", *(f"--user-unit={unit}" for unit in units)]
    if lines is not None:
        command.append(f"--lines={lines}")
    if since:
        command.append(f"--since={since}")
    if follow:
        command.append("--follow")
    return command


def _seal(fd: int) -> None:
    """Forbid any further change: journald takes no file that its sender could still alter."""
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
