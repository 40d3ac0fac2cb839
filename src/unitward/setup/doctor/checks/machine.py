"""What the machine gives: systemd's version, inotify, clock, controllers, namespaces."""

import math
from collections.abc import Mapping

from unitward.setup.doctor.facts import Inotify, Machine
from unitward.setup.doctor.finding import Finding, Level
from unitward.setup.doctor.words import counted, length, size, some
from unitward.systemd.vitals import Vitals

SYSTEMD = "systemd"
INOTIFY = "inotify"
CLOCK = "clock"
CONTROLLERS = "controllers"
NAMESPACES = "user namespaces"

OLDEST = 249
TESTED = frozenset({252, 257})
LACKS = (
    (250, "ExecSearchPath= and the check of conditions"),
    (253, "Type=notify-reload"),
    (254, "UpheldBy= and RestartMode="),
    (258, "LoadCredentialEncrypted= in user units"),
)
# Up to 257 a reload with less room in /run/systemd is refused (src/core/dbus-manager.c).
LAST_THAT_NEEDS_RUN = 257
RUN_NEEDED_BYTES = 16 * 1024 * 1024
WANTED_CONTROLLERS = ("cpu", "io", "memory", "pids")
# How far a clock may be corrected without anybody having set it.
_SLACK_SECONDS = 30.0
_SPARE_INSTANCES = 4
_DAY = 86400.0


def check_systemd(
    machine: Machine, vitals: Vitals | None, unsupported: Mapping[str, str]
) -> list[Finding]:
    """Judge the version in use: the manager's, else the one on disk."""
    version = vitals.version.major if vitals else machine.installed_version
    if not version:
        return [Finding(SYSTEMD, Level.WARNING, "its version cannot be told: is it installed?")]
    findings = [_of_version(version)]
    if vitals and machine.installed_version not in {0, vitals.version.major}:
        text = f"the manager still runs {version}, on disk is {machine.installed_version}"
        findings.append(Finding(SYSTEMD, Level.INFO, text, ("systemctl --user daemon-reexec",)))
    for unit, reason in unsupported.items():
        findings.append(Finding(SYSTEMD, Level.WARNING, f"{unit} is left out: it {reason}"))
    free = machine.run_free
    if version <= LAST_THAT_NEEDS_RUN and free is not None and free < RUN_NEEDED_BYTES:
        text = (
            f"/run/systemd has {size(free)} left; with less than {size(RUN_NEEDED_BYTES)} systemd"
            " refuses to load unit files"
        )
        findings.append(Finding(SYSTEMD, Level.ERROR, text, ("df -h /run", "sudo du -xh -d2 /run")))
    return findings


def _of_version(version: int) -> Finding:
    if version < OLDEST:
        text = f"this is systemd {version}; unitward needs {OLDEST} or newer"
        return Finding(SYSTEMD, Level.ERROR, text, ("upgrade the system",))
    lacks = "; ".join(f"{what} (since {since})" for since, what in LACKS if version < since)
    without = f", without {lacks}" if lacks else ""
    if version not in TESTED:
        tested = " and ".join(map(str, sorted(TESTED)))
        text = f"{version}{without}; unitward is tested with {tested}"
        return Finding(SYSTEMD, Level.INFO, text)
    return Finding(SYSTEMD, Level.OK, f"{version}{without}")


def check_inotify(inotify: Inotify, folders: int, *, daemon_runs: bool) -> list[Finding]:
    """Judge whether the daemon can watch what it has to; folders: how many that are."""
    findings: list[Finding] = []
    needed = 0 if daemon_runs else folders
    free = inotify.max_watches - inotify.watches
    if free < needed:
        wanted = _round_up(inotify.watches + 2 * folders)
        findings.append(
            _too_little(
                f"{folders} folders have to be watched, but the account may watch only {free} more"
                f" ({inotify.watches} of {inotify.max_watches} are in use)",
                "max_user_watches",
                wanted,
            )
        )
    left = inotify.max_instances - inotify.instances
    if left < (0 if daemon_runs else 1):
        findings.append(
            _too_little(
                f"no inotify instance is left (all {inotify.max_instances} are in use)",
                "max_user_instances",
                _round_up(2 * inotify.max_instances),
            )
        )
    if findings:
        return findings
    if left < _SPARE_INSTANCES:
        text = f"{inotify.instances} of {inotify.max_instances} instances are in use"
        return [Finding(INOTIFY, Level.INFO, text)]
    text = f"{inotify.watches} of {inotify.max_watches} watches in use"
    needs = f", {counted(folders, 'folder')} to watch" if folders else ""
    return [Finding(INOTIFY, Level.OK, f"{text}{needs}")]


def _too_little(what: str, name: str, wanted: int) -> Finding:
    key = f"fs.inotify.{name}"
    return Finding(
        INOTIFY,
        Level.WARNING,
        f"{what}; changes are seen late, at the next pass that is due by itself",
        (
            f"echo {key}={wanted} | sudo tee /etc/sysctl.d/60-{name.replace('_', '-')}.conf",
            "sudo sysctl --system",
            "systemctl --user restart unitward.service",
        ),
    )


def _round_up(number: int) -> int:
    return 1 << max(10, math.ceil(math.log2(max(1, number))))


def check_clock(machine: Machine, vitals: Vitals | None, last_at: float) -> list[Finding]:
    """Judge the wall clock; last_at: the newest moment that the ledger knows, 0 for none."""
    findings: list[Finding] = []
    sync = ("timedatectl status", "sudo timedatectl set-ntp true")
    behind = last_at - machine.now
    if behind > _SLACK_SECONDS:
        text = (
            f"the clock is {length(behind)} before the last thing that unitward recorded; waiting"
            " times are wrong until it is right again"
        )
        level = Level.ERROR if behind > _DAY else Level.WARNING
        findings.append(Finding(CLOCK, level, text, sync))
    jump = _jump(machine, vitals) if vitals else 0.0
    if abs(jump) > _SLACK_SECONDS:
        way = "forward" if jump > 0 else "back"
        text = f"the clock was set {way} by {length(abs(jump))} since the manager started"
        findings.append(Finding(CLOCK, Level.INFO if jump > 0 else Level.WARNING, text, sync))
    if findings:
        return findings
    if machine.clock_synchronized is False:
        text = "the kernel does not call the clock synchronized; timers may run at a wrong time"
        return [Finding(CLOCK, Level.INFO, text, sync)]
    if machine.clock_synchronized is None:
        return [Finding(CLOCK, Level.INFO, "whether it is synchronized cannot be told")]
    return [Finding(CLOCK, Level.OK, "synchronized")]


def _jump(machine: Machine, vitals: Vitals) -> float:
    """Return by how many seconds the clock was set since the manager started.

    CLOCK_MONOTONIC stands still while the machine sleeps: what may be sleep is no jump.
    """
    by_clock = machine.now - vitals.started_at
    by_kernel = machine.monotonic - vitals.started_monotonic
    asleep = machine.boottime - machine.monotonic
    difference = by_clock - by_kernel
    return max(0.0, difference - asleep) if difference > 0 else difference


def check_controllers(
    controllers: frozenset[str] | None, users: Mapping[str, tuple[str, ...]], uid: int
) -> list[Finding]:
    """Judge which cgroup controllers the manager may use; users: who asks for which."""
    if controllers is None:
        text = "which cgroup controllers the manager may use cannot be told"
        return [Finding(CONTROLLERS, Level.INFO, text)]
    wanted = sorted({*WANTED_CONTROLLERS, *users})
    lacking = [name for name in wanted if name not in controllers]
    if not lacking:
        return [Finding(CONTROLLERS, Level.OK, ", ".join(sorted(controllers)))]
    asked = [name for name in lacking if users.get(name)]
    if not asked:
        text = (
            f"the manager may not use {some(lacking)}: such limits would have no effect;"
            " no declared unit sets any"
        )
        return [Finding(CONTROLLERS, Level.INFO, text)]
    askers = sorted({unit for name in asked for unit in users[name]})
    text = (
        f"the manager may not use {some(asked)}: the limits of that kind that {some(askers)}"
        f" {'asks' if len(askers) == 1 else 'ask'} for have no effect"
    )
    return [Finding(CONTROLLERS, Level.WARNING, text, _how_to_delegate(uid))]


def _how_to_delegate(uid: int) -> tuple[str, ...]:
    folder = "/etc/systemd/system/user@.service.d"
    setting = r"'[Service]\nDelegate=cpu cpuset io memory pids\n'"
    return (
        f"sudo mkdir -p {folder}",
        f"printf {setting} | sudo tee {folder}/delegate.conf",
        "sudo systemctl daemon-reload",
        f"sudo systemctl restart user@{uid}.service  # restarts all its services",
    )


def check_namespaces(refusal: str, users: tuple[str, ...], uid: int) -> list[Finding]:
    """Judge whether sandboxed units can run; refusal: why no user namespace can be made."""
    if not refusal:
        return [Finding(NAMESPACES, Level.OK, "the account may make them")]
    if uid == 0:
        return [Finding(NAMESPACES, Level.OK, "root needs none")]
    text = f"the account gets no user namespaces ({refusal}), which sandboxed units need"
    if not users:
        return [Finding(NAMESPACES, Level.INFO, f"{text}; no declared unit is one")]
    mend: tuple[str, ...] = ()
    if "=" in refusal:
        knob, _, value = refusal.partition("=")
        mend = (f"sudo sysctl {knob}={'10000' if 'max_' in knob else 1 - int(value)}",)
    text = f"{text}: {some(users)} fail to start (226/NAMESPACE) or run without their sandbox"
    return [Finding(NAMESPACES, Level.WARNING, text, mend)]
