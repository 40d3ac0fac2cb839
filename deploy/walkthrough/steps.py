"""The steps: what happens, what has to be true of the world then, and how to spoil it."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.walkthrough import checks
from deploy.walkthrough.checks import Check
from deploy.walkthrough.daemon import Daemon, unitward
from deploy.walkthrough.machine import Machine

DEMO = Path(__file__).parents[1] / "demo"
STOP_GRACE_S = 3
UP = {
    "cache-refresh.timer": "timers.target",
    "echo.socket": "sockets.target",
    "heartbeat.service": "default.target",
    "my-worker.service": "default.target",
    "spool.path": "default.target",
    "worker@mail.service": "default.target",
    "worker@reports.service": "default.target",
}
CONFIG = f"""\
# Shorter than the defaults (5min and 10s), so that nobody waits.
stop_grace: {STOP_GRACE_S}s
prune_after: 2s
"""


@dataclass(frozen=True)
class Step:
    """One step.

    `spoil` undoes its effect behind the back of a daemon that is paused: a check has to fail then.
    `told`: whether to show what the daemon did, as it has not been shown as a plan before.
    """

    title: str
    act: Callable[[], None]
    checks: Sequence[Check]
    spoil: Callable[[], None]
    told: bool = True


def first(machine: Machine, daemon: Daemon) -> Step:
    """Put the demo into the desired-state folder, and start the daemon."""

    def act() -> None:
        _lay_out(machine)
        print(unitward("plan"))
        print("  the daemon starts, and carries this out")
        daemon.start()

    return Step(
        "an empty account becomes what the folder declares",
        act,
        [
            *(checks.is_up(machine, unit, target) for unit, target in UP.items()),
            checks.appears(machine.demo / "my-worker.log"),
            checks.echoes(machine, "echo.socket"),
        ],
        (machine.unit_dir / "default.target.wants/heartbeat.service").unlink,
        told=False,
    )


def edit(machine: Machine, _: Daemon) -> Step:
    """Change one value of one unit."""
    manifest = machine.desired / "worker.yaml"
    file = machine.unit_dir / "my-worker.service"
    old = file.read_bytes()
    before = _invocations(machine)
    others = _without(before, "my-worker.service")

    def act() -> None:
        print("  worker.yaml: PORT becomes 9090")
        _replace(manifest, "PORT: 8080", "PORT: 9090")

    def spoil() -> None:
        file.write_bytes(old)
        machine.systemctl("daemon-reload")
        machine.systemctl("restart", "my-worker.service")

    return Step(
        "an edited manifest restarts what it is about, and nothing else",
        act,
        [
            checks.says(file, "Environment=PORT=9090"),
            checks.runs_anew(machine, "my-worker.service", before["my-worker.service"]),
            checks.runs_with(machine, "my-worker.service", "PORT=9090"),
            checks.runs_on(machine, others, f"the other {len(others)} units"),
        ],
        spoil,
    )


def stop(machine: Machine, _: Daemon) -> Step:
    """Stop a unit by hand."""
    unit = "heartbeat.service"
    before = _invocations(machine)
    others = _without(before, unit)

    def act() -> None:
        print(f"  systemctl --user stop {unit}")
        machine.systemctl("stop", unit)

    return Step(
        f"a unit stopped by hand comes back after stop_grace ({STOP_GRACE_S} s here)",
        act,
        [
            checks.runs_anew(machine, unit, before[unit]),
            checks.was_down_for(machine, unit, STOP_GRACE_S),
            checks.runs_on(machine, others, f"the other {len(others)} units"),
        ],
        act,
    )


def drift(machine: Machine, _: Daemon) -> Step:
    """Edit an installed unit file by hand."""
    file = machine.unit_dir / "heartbeat.service"
    ours = file.read_bytes()
    edited = ours.replace(b"[Service]\n", b"[Service]\nNice=5\n")
    before = _invocations(machine)

    def act() -> None:
        print("  ~/.config/systemd/user/heartbeat.service: somebody adds Nice=5")
        file.write_bytes(edited)

    return Step(
        "a unit file edited by hand is put back, and the edit is kept",
        act,
        [
            checks.is_byte_for_byte(file, ours, "before the edit"),
            checks.is_kept(machine.edited, edited),
            checks.runs_on(machine, before, f"all {len(before)} units"),
        ],
        act,
    )


def remove(machine: Machine, _: Daemon) -> Step:
    """Take a manifest out of the folder."""
    manifest = machine.desired / "spool.yaml"
    file = machine.unit_dir / "spool.path"
    link = machine.unit_dir / "default.target.wants/spool.path"
    old = file.read_bytes()
    others = _without(_invocations(machine), "spool.path")

    def act() -> None:
        print("  rm spool.yaml")
        manifest.unlink()

    def spoil() -> None:
        file.write_bytes(old)
        link.symlink_to(file)
        machine.systemctl("daemon-reload")

    return Step(
        "what leaves the folder is stopped and removed after prune_after (2 s here)",
        act,
        [
            checks.is_gone(machine, "spool.path"),
            checks.is_gone(machine, "spool.service"),
            checks.runs_on(machine, others, f"the other {len(others)} units"),
        ],
        spoil,
    )


def broken(machine: Machine, _: Daemon) -> Step:
    """Break one manifest and change another in the same moment."""
    file = machine.unit_dir / "my-worker.service"
    ours = file.read_bytes()
    before = _invocations(machine)

    def act() -> None:
        print("  worker.yaml: a last line that is no YAML; cache-refresh.yaml: 10s becomes 15s")
        manifest = machine.desired / "worker.yaml"
        manifest.write_text(f"{manifest.read_text('utf-8')}oops: [\n", "utf-8")
        _replace(machine.desired / "cache-refresh.yaml", "Sec: 10s", "Sec: 15s")

    return Step(
        "a broken file freezes its own units as they are; the others go on",
        act,
        [
            checks.says(machine.unit_dir / "cache-refresh.timer", "OnUnitActiveSec=15s"),
            checks.is_byte_for_byte(file, ours, "before"),
            checks.runs_on(machine, before, f"all {len(before)} units"),
        ],
        file.unlink,
    )


STEPS: Mapping[str, Callable[[Machine, Daemon], Step]] = {
    "first": first,
    "edit": edit,
    "stop": stop,
    "drift": drift,
    "remove": remove,
    "broken": broken,
}


def _lay_out(machine: Machine) -> None:
    """Copy the demo into a folder that nobody else can write, which unitward insists on."""
    shutil.copytree(DEMO, machine.desired)
    for path in (machine.desired, *machine.desired.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    machine.config_file.write_text(CONFIG, "utf-8")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new), "utf-8")


def _invocations(machine: Machine) -> dict[str, str]:
    """Return the InvocationID of each unit of the demo that is up."""
    units = [unit for unit in UP if machine.show(unit, "ActiveState") == "active"]
    return {unit: machine.invocation(unit) for unit in units}


def _without(invocations: Mapping[str, str], unit: str) -> dict[str, str]:
    return {name: value for name, value in invocations.items() if name != unit}
