"""unitward's own program, and whether an upgrade of it is under way or failed."""

from shlex import quote

from unitward.setup.doctor.facts import LastUpgrade, Program
from unitward.setup.doctor.finding import Finding, Level
from unitward.setup.doctor.words import length

PROGRAM = "program"
UPGRADE = "upgrade"
TOLD_SECONDS = 7 * 86400.0
"""How long a failure is a warning; an older one is only mentioned."""

_LATE_SECONDS = 120.0
_RESTART = "systemctl --user restart unitward.service"


def check_program(program: Program) -> list[Finding]:
    """Judge the environment that `current` names."""
    if program.broken:
        return [Finding(PROGRAM, Level.ERROR, program.broken, _how_to_mend(program))]
    if not program.current:
        text = f"not in {program.root}: what installed it upgrades it"
        return [Finding(PROGRAM, Level.OK, text)]
    return [Finding(PROGRAM, Level.OK, f"unitward {program.current} in {program.root}")]


def _how_to_mend(program: Program) -> tuple[str, ...]:
    """Return how to use a version that is still whole, else to make this one again."""
    root = quote(program.root)
    if program.others:
        use = f"ln -sfn versions/{quote(program.others[-1])} {root}/current"
        return (use, _RESTART)
    if not program.current:
        return (f"mv {root}/current {root}/current.old", "unitward install")
    version = quote(program.current)
    return (
        f"python3 -m venv --clear {root}/versions/{version}",
        f"{root}/versions/{version}/bin/pip install unitward=={version}",
        _RESTART,
    )


def check_upgrade(upgrade: LastUpgrade | None, now: float) -> list[Finding]:
    """Judge the last upgrade. now: wall clock, 0 when not known."""
    if upgrade is None:
        return [Finding(UPGRADE, Level.OK, "none yet")]
    if upgrade.preparing:
        text = f"another version is being prepared by process {upgrade.preparing}"
        return [Finding(UPGRADE, Level.INFO, text)]
    if upgrade.goes_back:
        text = f"going back: no pass of unitward {upgrade.version} finished in time"
        return [
            Finding(UPGRADE, Level.INFO, text, ("journalctl --user --unit=unitward-undo.service",))
        ]
    match upgrade.phase:
        case "ready" | "switching":
            return [_under_way(upgrade, now)]
        case "refused" | "undone":
            return [_failed(upgrade, now)]
        case _:
            return [Finding(UPGRADE, Level.OK, upgrade.told)]


def _under_way(upgrade: LastUpgrade, now: float) -> Finding:
    since = now - upgrade.at
    if not now or since <= upgrade.limit + _LATE_SECONDS:
        return Finding(UPGRADE, Level.INFO, f"under way: {upgrade.told}")
    text = f"{upgrade.told}, since {length(since)}: the daemon does not get to it"
    logs = "unitward logs -n 30 unitward.service"
    return Finding(UPGRADE, Level.WARNING, text, (logs, _RESTART))


def _failed(upgrade: LastUpgrade, now: float) -> Finding:
    since = now - upgrade.at
    if now and since > TOLD_SECONDS:
        return Finding(UPGRADE, Level.INFO, f"{upgrade.told} ({length(since)} ago)")
    again = f"unitward upgrade {quote(upgrade.version)}  # tries it again"
    return Finding(UPGRADE, Level.WARNING, upgrade.told, (again,))
