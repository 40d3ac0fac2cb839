"""What can be checked of the world without asking unitward."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.walkthrough.machine import Machine


@dataclass(frozen=True)
class Check:
    """A promise, and a function that returns what is there instead, "" when the promise holds."""

    promise: str
    wrong: Callable[[], str]


def is_up(machine: Machine, unit: str, target: str) -> Check:
    """Check that a unit is active, linked into its target, and made of a file of the account."""

    def wrong() -> str:
        state = machine.show(unit, "ActiveState")
        fragment = machine.show(unit, "FragmentPath")
        if state != "active":
            return f"it is {state}"
        if not fragment.startswith(f"{machine.unit_dir}/"):
            return f"it is made of {fragment or 'nothing'}"
        link = machine.unit_dir / f"{target}.wants" / unit
        return "" if link.is_symlink() and link.exists() else f"there is no link {link}"

    return Check(f"{unit} is active, and enabled in {target}", wrong)


def runs_with(machine: Machine, unit: str, variable: str) -> Check:
    """Check the environment of a service's main process."""

    def wrong() -> str:
        name = variable.partition("=")[0]
        found = machine.environment_of(unit)
        there = [entry for entry in found if entry.startswith(f"{name}=")]
        return "" if variable in found else f"it has {', '.join(there) or 'no such variable'}"

    return Check(f"the process of {unit} has {variable}", wrong)


def runs_anew(machine: Machine, unit: str, before: str) -> Check:
    """Check that a unit is active by another start than the one `before` names."""

    def wrong() -> str:
        state = machine.show(unit, "ActiveState")
        if state != "active":
            return f"it is {state}"
        return "" if machine.invocation(unit) != before else "it is the same invocation as before"

    return Check(f"{unit} was started anew: its InvocationID is another", wrong)


def runs_on(machine: Machine, before: Mapping[str, str], which: str) -> Check:
    """Check that units are active, and by the same start as `before` says."""

    def wrong() -> str:
        for unit, invocation in before.items():
            state = machine.show(unit, "ActiveState")
            if state != "active":
                return f"{unit} is {state}"
            if machine.invocation(unit) != invocation:
                return f"{unit} was started anew"
        return ""

    return Check(f"{which} ran on: the same InvocationID as before", wrong)


def was_down_for(machine: Machine, unit: str, seconds: float) -> Check:
    """Check how long after its last stop a unit was started, by systemd's own clock."""

    def wrong() -> str:
        stopped = int(machine.show(unit, "ActiveExitTimestampMonotonic"))
        started = int(machine.show(unit, "InactiveExitTimestampMonotonic"))
        lasted = (started - stopped) / 1e6
        return "" if lasted >= seconds else f"it was started after {lasted:.1f} s"

    return Check(f"before that, {unit} was left alone for {seconds:g} s", wrong)


def says(path: Path, line: str) -> Check:
    """Check that a file has a line."""

    def wrong() -> str:
        if not path.exists():
            return f"there is no {path}"
        found = line in path.read_text("utf-8").splitlines()
        return "" if found else "the file has no such line"

    return Check(f"{path.name} says {line}", wrong)


def is_byte_for_byte(path: Path, content: bytes, when: str) -> Check:
    """Check a file's content."""

    def wrong() -> str:
        if not path.exists():
            return f"there is no {path}"
        return "" if path.read_bytes() == content else "its bytes are others"

    return Check(f"{path.name} is byte for byte what it was {when}", wrong)


def is_kept(folder: Path, content: bytes) -> Check:
    """Check that a folder has a file with a content."""

    def wrong() -> str:
        files = list(folder.iterdir()) if folder.is_dir() else []
        found = any(file.read_bytes() == content for file in files)
        return "" if found else f"no file of {folder} has its bytes"

    return Check("a copy of the edited file is kept", wrong)


def is_gone(machine: Machine, unit: str) -> Check:
    """Check that neither a file, a link nor systemd knows a unit."""

    def wrong() -> str:
        left = [path for path in machine.unit_dir.rglob("*") if path.name == unit]
        if left:
            return f"there is {left[0]}"
        state = machine.show(unit, "LoadState")
        return "" if state == "not-found" else f"systemd has it {state}"

    return Check(f"{unit} is gone: no file, no link, not loaded", wrong)


def appears(path: Path) -> Check:
    """Check that a program made its file, and that there is something in it."""

    def wrong() -> str:
        return "" if path.exists() and path.stat().st_size else f"{path} is missing or empty"

    return Check(f"~/demo/{path.name} has something in it", wrong)


def echoes(machine: Machine, unit: str) -> Check:
    """Check that a socket unit answers with what it is told."""

    def wrong() -> str:
        path = machine.show(unit, "Listen").removesuffix(" (Stream)")
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(path)
                line.sendall(b"hello")
                answer = line.recv(5)
        except OSError as error:
            return f"{path}: {error}"
        return "" if answer == b"hello" else f"it answers {answer!r}"

    return Check(f"{unit} answers what it is told", wrong)
