"""The daemon: installed, enabled, running, at work; and whether there is more than one."""

from pathlib import PurePath

from unitward.model.records import dataclass
from unitward.model.unitstate import UnitDetail
from unitward.setup.doctor.facts import Installations, LedgerState, Unknown
from unitward.setup.doctor.finding import Finding, Level
from unitward.setup.doctor.words import counted, length, some
from unitward.systemd.vitals import Vitals

DAEMON = "daemon"
INSTALLATIONS = "installations"
OWN_UNIT = "unitward.service"
# The role that the daemon gives to the lock.
ROLE = "the daemon"

_ENABLED = frozenset({"enabled", "enabled-runtime", "linked", "linked-runtime", "static", "alias"})
_LATE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Work:
    """What tells whether the daemon works. now: wall clock; resync: seconds, 0 for unknown."""

    ledger: LedgerState | None
    now: float
    resync: float

    @property
    def pid(self) -> int:
        """Return the process id of the running daemon, 0 when none holds the lock."""
        holder = self.ledger.holder if self.ledger else None
        return holder[0] if holder is not None and holder[1] == ROLE else 0


def check_daemon(manager: Vitals | Unknown, work: Work) -> list[Finding]:
    """Judge unitward.service and the process that works on the account."""
    findings = [*_of_unit(manager, work), *_of_passes(work)]
    if findings:
        return findings
    ledger = work.ledger
    if ledger is None or not ledger.last_pass:
        return [Finding(DAEMON, Level.OK, f"runs as process {work.pid}; no pass has ended yet")]
    ago = length(work.now - ledger.last_pass)
    return [Finding(DAEMON, Level.OK, f"runs as process {work.pid}, last pass {ago} ago")]


def _of_unit(manager: Vitals | Unknown, work: Work) -> list[Finding]:
    if isinstance(manager, Unknown):
        if work.pid:
            return []
        text = "not running, and its unit cannot be asked about without a user manager"
        return [Finding(DAEMON, Level.INFO, text)]
    unit = manager.details.get(OWN_UNIT, UnitDetail(OWN_UNIT, load_state="not-found"))
    match unit.load_state:
        case "not-found":
            return [_not_installed(work)]
        case "masked":
            text = f"{OWN_UNIT} is masked, so it can never start"
            return [_warn(text, f"systemctl --user unmask {OWN_UNIT}", "unitward install")]
        case "loaded":
            return [*_of_enablement(unit), *_of_activity(unit, work)]
        case _:
            text = f"{OWN_UNIT} cannot be loaded: {unit.load_error[1] or unit.load_state}"
            return [Finding(DAEMON, Level.ERROR, text, ("unitward install",))]


def _not_installed(work: Work) -> Finding:
    if work.pid:
        text = (
            f"process {work.pid} works on the account, but {OWN_UNIT} is not installed: nobody"
            " starts it again"
        )
        return _warn(text, "unitward install")
    text = f"{OWN_UNIT} is not installed: changes take effect with `unitward apply` only"
    level = Level.WARNING if work.ledger and work.ledger.managed else Level.INFO
    return Finding(DAEMON, level, text, ("unitward install",))


def _of_enablement(unit: UnitDetail) -> list[Finding]:
    if unit.unit_file_state in _ENABLED:
        return []
    text = f"{OWN_UNIT} is {unit.unit_file_state or 'not enabled'}: it does not start at login"
    return [_warn(text, f"systemctl --user enable {OWN_UNIT}")]


def _of_activity(unit: UnitDetail, work: Work) -> list[Finding]:
    logs = f"unitward logs -n 30 {OWN_UNIT}"
    start = f"systemctl --user start {OWN_UNIT}"
    restart = f"systemctl --user restart {OWN_UNIT}"
    match unit.active_state:
        case "failed":
            text = f"{OWN_UNIT} failed ({unit.result})"
            again = (logs, f"systemctl --user reset-failed {OWN_UNIT}", start)
            return [Finding(DAEMON, Level.ERROR, text, again)]
        case "active" | "reloading" if work.ledger and work.ledger.holder and not work.pid:
            return []  # it waits for a command that holds the lock
        case "active" | "reloading" if unit.main_pid != work.pid:
            text = f"{OWN_UNIT} runs as process {unit.main_pid}, but does not hold the lock"
            text += f"; process {work.pid} does" if work.pid else ""
            return [_warn(text, logs, restart)]
        case "active" | "reloading" if unit.need_daemon_reload:
            text = f"the file of {OWN_UNIT} changed since it was loaded"
            mend = ("systemctl --user daemon-reload", restart)
            return [Finding(DAEMON, Level.INFO, text, mend)]
        case "active" | "reloading":
            return []
        case "activating":
            tries = f", after {counted(unit.n_restarts, 'restart')}" if unit.n_restarts else ""
            return [_warn(f"{OWN_UNIT} is starting{tries}", logs)]
        case state:
            return [_warn(f"{OWN_UNIT} is installed but {state}", start, logs)]


def _of_passes(work: Work) -> list[Finding]:
    findings: list[Finding] = []
    ledger = work.ledger
    if ledger is None:
        return findings
    ago = work.now - ledger.last_pass
    if work.pid and work.resync and ledger.last_pass and ago > work.resync + _LATE_SECONDS:
        text = (
            f"the last pass ended {length(ago)} ago, though one is due at least every"
            f" {length(work.resync)}"
        )
        findings.append(_warn(text, f"systemctl --user restart {OWN_UNIT}"))
    if ledger.unhappy:
        text = f"after the last pass {some(ledger.unhappy)} had a problem"
        findings.append(Finding(DAEMON, Level.INFO, text, ("unitward status",)))
    return findings


def _warn(text: str, *mend: str) -> Finding:
    return Finding(DAEMON, Level.WARNING, text, mend)


def check_installations(found: Installations) -> list[Finding]:
    """Judge whether something else acts on the account, or did."""
    findings: list[Finding] = []
    for installation, paths in found.strangers.items():
        text = (
            f"{some(paths)} in the unit folder {'bears' if len(paths) == 1 else 'bear'} the mark of"
            f" another installation ({installation}): a copied or shared home? They are left alone"
        )
        findings.append(Finding(INSTALLATIONS, Level.WARNING, text, ("unitward unmanaged",)))
    if len(found.fragments) > 1:
        first, *others = found.fragments
        text = f"{first} hides {some(others)}"
        findings.append(Finding(INSTALLATIONS, Level.INFO, text))
    # One environment has several names for its Python.
    if found.running and PurePath(found.running).parent != PurePath(found.here).parent:
        text = f"the daemon runs with {found.running}, this command with {found.here}"
        findings.append(Finding(INSTALLATIONS, Level.INFO, text))
    return findings or [Finding(INSTALLATIONS, Level.OK, "only this one")]
