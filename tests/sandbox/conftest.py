"""Running `unitward sandbox` from outside, as whoever runs the tests: root or an ordinary user."""

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SANDBOX = (sys.executable, "-m", "unitward", "sandbox", "--")
LIMIT_S = 60

# What only root's sandboxes promise: an ordinary user's are made of other parts.
collect_ignore = [] if os.geteuid() == 0 else ["test_as_root.py", "test_logs.py", "test_ways.py"]


@dataclass(frozen=True)
class Place:
    """Where a command found itself."""

    home: Path
    runtime_dir: Path
    cgroup: str


class Probe:
    """Runs shell scripts in sandboxes and finds the processes they leave behind.

    `sleep $MARK` in a script is a process that `survivors` recognises.
    """

    def __init__(self) -> None:
        self.mark = str(1_000_000 + uuid.uuid4().int % 1_000_000_000)
        self.sandbox = SANDBOX

    def use_python(self, program: Path) -> None:
        """Start sandboxes with another Python from now on."""
        self.sandbox = (str(program), *SANDBOX[1:])

    def command(self, script: str, *, depth: int = 1) -> list[str]:
        """Return the command line that runs a shell script `depth` sandboxes deep."""
        return [*(self.sandbox * depth), "sh", "-c", script.replace("$MARK", self.mark)]

    def run(
        self,
        script: str,
        *,
        depth: int = 1,
        typed: str = "",
        env: dict[str, str] | None = None,
        cwd: str | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a shell script in a sandbox to its end, with `typed` as its input."""
        return run(self.command(script, depth=depth), typed=typed, env=env, cwd=cwd)

    def start(
        self, script: str, *, depth: int = 1, cwd: str | None = None
    ) -> "subprocess.Popen[str]":
        """Start a shell script in a sandbox, with pipes for its input and its output."""
        return subprocess.Popen(
            self.command(script, depth=depth),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def survivors(self) -> list[str]:
        """Return the command lines of living processes that bear the mark."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if self.mark in line:
                found.append(line)
        return found


class World:
    """What the machine looks like from outside a sandbox."""

    here = 'echo "$HOME"; echo "$XDG_RUNTIME_DIR"; sed -n s/^0:://p /proc/self/cgroup'
    """A shell script whose three lines `place_of` understands."""

    def place_of(self, lines: Sequence[str]) -> Place:
        """Read what `here` printed."""
        home, runtime_dir, cgroup = (line.strip() for line in lines)
        return Place(Path(home), Path(runtime_dir), cgroup)

    def cgroup_folders(self, place: Place) -> list[Path]:
        """Return the folders of the cgroup that the sandbox of a place had; there is at least one.

        A nested sandbox in root's counts as root's here. A sandbox that these tests themselves run
        in does not count.
        """
        top = self._cgroup2()
        folder = top / place.cgroup.lstrip("/")
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        ours = top / next(line for line in lines if line.startswith("0::")).removeprefix("0::/")
        own = [
            path
            for path in (folder, *folder.parents)
            if path.name.startswith("unitward-sandbox-") and path not in (ours, *ours.parents)
        ]
        assert own
        return own

    def mounts(self) -> set[str]:
        """Return where something is mounted in this mount namespace."""
        return {line.split()[4] for line in self._mountinfo()}

    def eventually(self, holds: Callable[[], bool], *, limit: float = 5.0) -> bool:
        """Whether something becomes true within `limit` seconds."""
        give_up_at = time.monotonic() + limit
        while not holds():
            if time.monotonic() >= give_up_at:
                return False
            time.sleep(0.02)
        return True

    def _cgroup2(self) -> Path:
        mounted = [Path(line.split()[4]) for line in self._mountinfo() if " - cgroup2 " in line]
        return next(path for path in mounted if (path / "cgroup.procs").exists())

    def _mountinfo(self) -> list[str]:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()


def run(
    command: Sequence[str],
    *,
    typed: str = "",
    env: dict[str, str] | None = None,
    cwd: str | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and keep what it prints."""
    return subprocess.run(
        command,
        input=typed,
        env=env,
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give an empty folder that everybody can enter, as they can those above it."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def in_namespace() -> Callable[[str, Sequence[str]], list[str]]:
    """Give a function that returns a command line, for root, with the machine changed before.

    The change is a shell script. It runs in a mount namespace of its own, so that it ends with the
    command.
    """

    def in_namespace(script: str, command: Sequence[str]) -> list[str]:
        changed = f'{script}\nexec "$@"'
        private = ["unshare", "--mount", "--propagation", "private"]
        return [*private, "sh", "-ec", changed, "sh", *command]

    return in_namespace


@pytest.fixture
def probe() -> Iterator[Probe]:
    """Give a probe; none of its processes may be alive at the end of the test."""
    probe = Probe()
    yield probe
    assert [] == probe.survivors()


@pytest.fixture(scope="session")
def world() -> World:
    """Give a look at the machine."""
    return World()


@pytest.fixture(scope="session")
def sandbox_line() -> list[str]:
    """Give the command line that a command in a sandbox is put behind."""
    return list(SANDBOX)


@pytest.fixture(scope="session")
def run_program() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Give `run`."""
    return run


@pytest.fixture
def type_on_terminal() -> Callable[[Sequence[str], str, str], tuple[int, str]]:
    """Give a function that runs a command on a terminal of its own.

    When the command has printed `prompt`, `keys` are typed. Returns its exit code and its output.
    """

    def type_on_terminal(command: Sequence[str], prompt: str, keys: str) -> tuple[int, str]:
        # Without exec, a dash in between would end by Ctrl-C itself, with 130.
        line = "exec " + " ".join(_quoted(word) for word in command)
        with subprocess.Popen(
            ["script", "--quiet", "--return", "--flush", "--command", line, "/dev/null"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as terminal:
            assert terminal.stdin is not None
            assert terminal.stdout is not None
            output = ""
            while prompt not in output:
                read = terminal.stdout.readline()
                assert read, output
                output += read
            terminal.stdin.write(keys)
            terminal.stdin.flush()
            output += terminal.stdout.read()
            return terminal.wait(LIMIT_S), output

    return type_on_terminal


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
