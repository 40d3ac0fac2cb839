"""What the work itself costs: the same durable writes, one verify and pipelined D-Bus calls.

A program with nothing but the bare calls, to divide unitward's figures by. It reads one job as
JSON from its standard input, does it, and prints the seconds that it took without its imports.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

SYSTEMD = "org.freedesktop.systemd1"
# dbus-fast drops a connection whose socket is full, which some 300 unanswered calls reach.
PIPELINED = 100


class Manager:
    """The user manager over one connection; jobs are waited for by their paths."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._removed: set[str] = set()
        self._news = asyncio.Event()

    @classmethod
    async def connect(cls) -> "Manager":
        """Connect and subscribe to the ends of jobs."""
        manager = cls(await MessageBus().connect())
        manager._bus.add_message_handler(manager._hear)
        rule = f"type='signal',interface='{SYSTEMD}.Manager',member='JobRemoved'"
        await manager._bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="AddMatch",
                signature="s",
                body=[rule],
            )
        )
        await manager.call(("Subscribe", "", []))
        return manager

    def _hear(self, message: Message) -> None:
        if message.member == "JobRemoved":
            self._removed.add(message.body[1])
            self._news.set()

    async def call(self, *calls: tuple[str, str, list[Any]]) -> list[list[Any]]:
        """Make the calls, some at once, and return the bodies of their replies."""
        bodies = []
        for first in range(0, len(calls), PIPELINED):
            some = calls[first : first + PIPELINED]
            replies = await asyncio.gather(*(self._one(*call) for call in some))
            bodies.extend(replies)
        return bodies

    async def _one(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        reply = await self._bus.call(
            Message(
                destination=SYSTEMD,
                path="/org/freedesktop/systemd1",
                interface=f"{SYSTEMD}.Manager",
                member=member,
                signature=signature,
                body=body,
            )
        )
        if reply.message_type is MessageType.ERROR:
            sys.exit(f"{member} {body}: {reply.body}")
        return reply.body

    async def jobs(self, member: str, mode: str, units: list[str]) -> None:
        """Queue a job for each unit and wait until all have ended."""
        bodies = await self.call(*((member, "ss", [unit, mode]) for unit in units))
        pending = {body[0] for body in bodies}
        while pending := pending - self._removed:
            self._news.clear()
            await self._news.wait()


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files as anybody has to who wants them to survive a power cut."""
    for name, text in files.items():
        draft = folder / f".{name}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
        os.close(descriptor)
        draft.rename(folder / name)
    sync(folder)


def sync(folder: Path) -> None:
    """Make the entries of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def verify(files: dict[str, str]) -> None:
    """Have systemd itself read the files before they are installed."""
    with tempfile.TemporaryDirectory() as staging:
        paths = [Path(staging, name) for name in files]
        for path in paths:
            path.write_text(files[path.name])
        subprocess.run(
            ["systemd-analyze", "--user", "--recursive-errors=no", "verify", *map(str, paths)],
            check=True,
            capture_output=True,
        )


async def work(job: dict[str, Any]) -> None:
    """Do what is asked for, in the order in which it has to happen."""
    folder = Path(job["folder"])
    files: dict[str, str] = job.get("files", {})
    manager = await Manager.connect()
    if stop := job.get("stop"):
        await manager.jobs("StopUnit", "replace", stop)
    for path in job.get("unlink", []):
        (folder / path).unlink()
    if files:
        verify(files)
        write(folder, files)
    if enable := job.get("enable"):
        await manager.call(("EnableUnitFiles", "asbb", [enable, False, False]))
    sync(folder)
    await manager.call(("Reload", "", []))
    if restart := job.get("restart"):
        await manager.jobs("RestartUnit", "fail", restart)
    if start := job.get("start"):
        await manager.jobs("StartUnit", "fail", start)


def main() -> None:
    """Do the one job and print the seconds."""
    job = json.load(sys.stdin)
    began = time.perf_counter()
    asyncio.run(work(job))
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
