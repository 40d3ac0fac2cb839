"""`unitward run` as a process of its own, and what it says."""

import re
import signal
import subprocess
import sys
from pathlib import Path

UNITWARD = (sys.executable, "-m", "unitward")
END_LIMIT_S = 10.0

_LINE = re.compile(r"^[0-9-]+T\S+ (info: )?(?P<text>.*)$")
_UNTOLD = ("pass finished", "unitward watches")


class Daemon:
    """The daemon. Its lines go to a file, from which `news` takes them."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, out of the reach of Ctrl-C."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                (*UNITWARD, "run"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def pause(self) -> None:
        """Keep it from doing anything until it is ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        """End it, however it is; units keep running."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def news(self) -> list[str]:
        """Return what it did or found, and why, since the last call: a sentence each."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            raw = log.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._read += len(whole)
        return [sentence for line in whole.decode().splitlines() if (sentence := _sentence(line))]


def _sentence(line: str) -> str:
    """Return what a log line says to a person, "" where that is of no interest here."""
    found = _LINE.match(line)
    return "" if found and found["text"].startswith(_UNTOLD) else _LINE.sub(r"\g<text>", line)


def unitward(*arguments: str) -> str:
    """Return what a command of unitward prints, errors too."""
    ended = subprocess.run(
        (*UNITWARD, *arguments),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return ended.stdout.rstrip()
