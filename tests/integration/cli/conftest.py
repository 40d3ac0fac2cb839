"""What the commands' tests share: a look at the whole account, a terminal, a daemon."""

import hashlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[3] / "docs/schemas"
READ_BYTES = 65536
CTRL_C = "\x03"

API = """\
version: 1
units:
  api.service:
    description: Billing API
    Service: {ExecStart: /bin/sleep infinity}
    Install: {WantedBy: default.target}
"""

World = Mapping[str, tuple[object, ...]]


@pytest.fixture
def api() -> str:
    """Give a manifest of one service that is to run."""
    return API


@pytest.fixture
def world(account: Any) -> Callable[[], World]:
    """Give a function that tells all there is to the account: files, links, units, variables.

    Caches are left out: losing or gaining one means nothing (XDG Base Directory Specification).
    """
    # The bus starts with its first client, whoever that is.
    if (account.runtime_dir / "bus").exists():
        assert account.run("busctl", "--user", "list").returncode == 0

    def look() -> World:
        found: dict[str, tuple[object, ...]] = {}
        for top in (account.home, account.runtime_dir / "unitward"):
            for path in top.rglob("*"):
                if ".cache" not in path.parts:
                    found[str(path)] = _facts(path)
        properties = ("Id", "ActiveState", "InvocationID", "FragmentPath", "UnitFileState")
        listed = account.systemctl("list-units", "--all", "--plain", "--no-legend").split("\n")
        names = sorted(line.split()[0] for line in listed if line)
        shown = account.systemctl("show", f"--property={','.join(properties)}", "--", *names)
        found |= {block.split("\n")[0]: (block,) for block in sorted(shown.split("\n\n"))}
        found["loaded"] = (account.systemctl("show", "--property=UnitsLoadTimestampMonotonic"),)
        found["variables"] = (account.systemctl("show-environment"),)
        return found

    return look


def _facts(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    if path.is_symlink():
        return (status.st_mode, path.readlink())
    if path.is_file():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return (status.st_mode, status.st_ino, status.st_mtime_ns, digest)
    return (status.st_mode, status.st_ino)


@pytest.fixture
def daemon(account: Any) -> "subprocess.Popen[str]":
    """Give a running daemon that has published its first report."""
    process: subprocess.Popen[str] = account.spawn("unitward", "run")
    wake = account.runtime_dir / "unitward/wake"
    account.wait_for(wake.exists, "the daemon listens")
    assert account.run("unitward", "sync").returncode in {0, 1, 3}
    return process


@pytest.fixture
def document() -> Callable[["subprocess.CompletedProcess[str]"], dict[str, Any]]:
    """Give a function that reads a command's JSON and holds it against its published schema."""

    def read(ended: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(ended.stdout)
        kind, version = found["schema"].removeprefix("unitward/").split("/")
        schema = json.loads((SCHEMAS / f"{kind}-{version}.json").read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(found)
        return found

    return read


@pytest.fixture
def on_terminal(account: Any) -> Callable[..., tuple[int, str]]:
    """Give a function that runs unitward on a terminal and types `keys` when it asks.

    Returns the exit code and all that appeared.
    """

    def run(*arguments: str, keys: str = "", env: Mapping[str, str] | None = None) -> Any:
        ours, terminal = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "unitward", *arguments],
            env={**account.env, "TERM": "xterm", **(env or {})},
            cwd=account.home,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - single-threaded, and only an ioctl
        )
        os.close(terminal)
        seen = b""
        typed = not keys
        while True:
            # input() can miss a signal that comes just before it waits: a person types again.
            if not select.select([ours], [], [], 2.0)[0] and keys == CTRL_C:
                os.write(ours, keys.encode())
                continue
            try:
                read = os.read(ours, READ_BYTES)
            except OSError:
                break
            if not read:
                break
            seen += read
            if not typed and b"[y/N]" in seen:
                os.write(ours, keys.encode())
                typed = True
        os.close(ours)
        return process.wait(30), seen.decode().replace("\r\n", "\n")

    return run


def _own_terminal() -> None:
    import fcntl  # noqa: PLC0415 - runs in the child
    import termios  # noqa: PLC0415 - as above

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
