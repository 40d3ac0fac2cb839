"""The way to the user manager: runtime folder, manager, bus, linger, journal."""

from shlex import quote

from unitward.setup.doctor.facts import Account, Journal, Session, Unknown
from unitward.setup.doctor.finding import Finding, Level
from unitward.systemd.login import linger_command
from unitward.systemd.vitals import Vitals

ACCOUNT = "account"
RUNTIME = "runtime folder"
MANAGER = "user manager"
BUS = "bus"
LINGER = "linger"
JOURNAL = "journal"

_SETTLED = frozenset({"running", "starting", "initializing"})
_OTHERS_WRITE = 0o022


def check_account(account: Account) -> list[Finding]:
    """Judge whether it can be told whose account this is."""
    if not account.home_from:
        return [
            Finding(
                ACCOUNT,
                Level.ERROR,
                f"uid {account.uid} has no home folder: HOME is not set, and the account"
                f" database {'names none' if account.known else 'does not know the uid'}",
                ("export HOME=/the/home/folder",),
            )
        ]
    if account.home_from != "HOME":
        home = account.folders.home
        return [
            Finding(
                ACCOUNT,
                Level.WARNING,
                f"HOME is not set here; doctor took {home} from the account database, the other"
                " commands do not",
                (f"export HOME={quote(str(home))}",),
            )
        ]
    return [Finding(ACCOUNT, Level.OK, f"{account.user}, uid {account.uid}")]


def check_runtime(session: Session) -> list[Finding]:
    """Judge XDG_RUNTIME_DIR and the folder it names."""
    account, runtime = session.account, session.runtime
    given = account.given.get("XDG_RUNTIME_DIR", "")
    usual = account.usual_runtime
    mend = (f"export XDG_RUNTIME_DIR={usual}",)
    if given and runtime.path != given:
        text = f"XDG_RUNTIME_DIR={given} is not an absolute path, so it is ignored"
        return [Finding(RUNTIME, Level.WARNING, text, mend)]
    if not runtime.exists:
        return _missing_runtime(session, given)
    if runtime.owner != account.uid:
        text = (
            f"{runtime.path} belongs to another account (uid {runtime.owner}), not to uid"
            f" {account.uid}; su and sudo keep the first one's XDG_RUNTIME_DIR"
        )
        return [Finding(RUNTIME, Level.ERROR, text, mend)]
    if runtime.mode & _OTHERS_WRITE:
        text = f"others can write to {runtime.path} (mode {runtime.mode:04o})"
        return [Finding(RUNTIME, Level.ERROR, text, (f"chmod 700 {quote(runtime.path)}",))]
    if not given:
        text = (
            f"XDG_RUNTIME_DIR is not set here (ssh, su and cron may leave it out); unitward finds"
            f" {usual} by itself, `systemctl --user` does not"
        )
        return [Finding(RUNTIME, Level.INFO, text, mend)]
    return [Finding(RUNTIME, Level.OK, runtime.path)]


def _missing_runtime(session: Session, given: str) -> list[Finding]:
    usual = session.account.usual_runtime
    if given and given != usual and session.runtime.usual_exists:
        text = f"XDG_RUNTIME_DIR={given} does not exist, while {usual} does"
        return [Finding(RUNTIME, Level.ERROR, text, (f"export XDG_RUNTIME_DIR={usual}",))]
    unset = "" if given else "XDG_RUNTIME_DIR is not set, and "
    text = f"{unset}{session.runtime.path} does not exist; it comes and goes with the user manager"
    return [Finding(RUNTIME, Level.INFO, text)]


def check_manager(session: Session) -> list[Finding]:
    """Judge whether a user manager answers, and why none does."""
    match session.manager:
        case Vitals() as vitals:
            return [_living(vitals)]
        case Unknown(reason):
            return [_silent(session, reason)]


def _living(vitals: Vitals) -> Finding:
    found = f"systemd {vitals.version.text}, {vitals.state}"
    if vitals.state == "degraded":
        text = f"it is degraded: {vitals.failed_units} of its units failed"
        return Finding(MANAGER, Level.INFO, text, ("systemctl --user --failed",))
    if vitals.state not in _SETTLED:
        text = f"it is {vitals.state}, so jobs may be refused"
        return Finding(MANAGER, Level.WARNING, text, ("systemctl --user list-jobs",))
    return Finding(MANAGER, Level.OK, found)


def _silent(session: Session, reason: str) -> Finding:
    account, runtime = session.account, session.runtime
    if runtime.exists and runtime.owner != account.uid:
        text = f"not asked: {runtime.path} is another account's"
        return Finding(MANAGER, Level.ERROR, text)
    if not runtime.has_private_socket and not runtime.has_bus:
        where = (
            f"{runtime.path} does not exist" if not runtime.exists else f"none in {runtime.path}"
        )
        given = account.given.get("XDG_RUNTIME_DIR", "")
        if given and given != account.usual_runtime and runtime.usual_exists:
            text = f"no user manager runs: {where}"
            return Finding(MANAGER, Level.ERROR, text)
        text = f"no user manager runs for {account.user}: {where}"
        return Finding(MANAGER, Level.ERROR, text, _how_to_start(session))
    text = f"a user manager seems to run, but it does not answer: {reason}"
    return Finding(MANAGER, Level.ERROR, text, _how_to_revive(account))


def _how_to_start(session: Session) -> tuple[str, ...]:
    """Return the commands in the order in which each can work."""
    account = session.account
    if not session.has_logind:
        step = (
            "no logind runs here (a container?): have what runs this machine start"
            f" `systemd --user` for uid {account.uid} with XDG_RUNTIME_DIR={account.usual_runtime}"
        )
        return (step,)
    start = f"sudo systemctl start user@{account.uid}.service"
    first = start if session.lingers else linger_command(account.user)
    return (first, f"export XDG_RUNTIME_DIR={account.usual_runtime}")


def _how_to_revive(account: Account) -> tuple[str, ...]:
    stale = ("unset DBUS_SESSION_BUS_ADDRESS",) if _has_address(account) else ()
    unit = f"user@{account.uid}.service"
    return (*stale, f"systemctl status {unit}", f"sudo systemctl restart {unit}")


def _has_address(account: Account) -> bool:
    return bool(account.given.get("DBUS_SESSION_BUS_ADDRESS"))


def check_bus(session: Session) -> list[Finding]:
    """Judge the account's D-Bus session bus."""
    runtime, manager = session.runtime, session.manager
    install = ("sudo apt install dbus-user-session", "systemctl --user start dbus.socket")
    match manager:
        case Vitals(private=False):
            return [Finding(BUS, Level.OK, "it leads to the user manager")]
        case Vitals() if not runtime.has_bus:
            text = "there is none; the manager is reached over its private socket"
            return [Finding(BUS, Level.INFO, text, install)]
        case Vitals():
            stale = ("unset DBUS_SESSION_BUS_ADDRESS",) if _has_address(session.account) else ()
            text = "the bus does not lead to the manager, which is reached over its private socket"
            mend = (*stale, "systemctl --user status dbus.socket dbus.service")
            return [Finding(BUS, Level.WARNING, text, mend)]
        case _ if not runtime.has_private_socket:
            return [Finding(BUS, Level.INFO, "it comes with the user manager")]
        case _ if not runtime.has_bus:
            return [Finding(BUS, Level.WARNING, f"there is none: no {runtime.path}/bus", install)]
        case _:
            return [Finding(BUS, Level.INFO, "not judged without an answer of the manager")]


def check_linger(session: Session) -> list[Finding]:
    """Judge whether the manager starts at boot and outlives the last logout."""
    match session.lingers:
        case True:
            text = "the manager starts at boot and stays after logout"
            return [Finding(LINGER, Level.OK, text)]
        case False:
            text = (
                "the account does not linger: its services end at the last logout, and nothing"
                " starts at boot"
            )
            mend = (linger_command(session.account.user),)
            return [Finding(LINGER, Level.WARNING, text, mend)]
        case None:
            text = "cannot be told: no logind here, so something else starts the manager"
            return [Finding(LINGER, Level.INFO, text)]


def check_journal(journal: Journal) -> list[Finding]:
    """Judge whether the account can read what its services write."""
    if not journal.has_journald:
        text = "journald does not run here: what services print is not kept"
        return [Finding(JOURNAL, Level.INFO, text)]
    if journal.all_readable:
        return [Finding(JOURNAL, Level.OK, "the account may read all of it")]
    join = (f"sudo usermod --append --groups systemd-journal {journal.user}", "log in again")
    if journal.uid <= journal.system_uid_max:
        text = (
            f"uid {journal.uid} is a system account's (up to {journal.system_uid_max}): journald"
            " keeps no journal of its own for it, so `journalctl --user` and `unitward logs` stay"
            " empty"
        )
        return [Finding(JOURNAL, Level.WARNING, text, join)]
    if not journal.is_persistent:
        text = (
            "the journal is kept in memory only, which the account may not read: `journalctl"
            " --user` and `unitward logs` stay empty"
        )
        mend = ("sudo mkdir -p /var/log/journal", "sudo journalctl --flush")
        return [Finding(JOURNAL, Level.WARNING, text, mend)]
    if not journal.own_file:
        text = "journald has no journal of the account yet; it makes one with the first line"
        return [Finding(JOURNAL, Level.INFO, text)]
    return [Finding(JOURNAL, Level.OK, "the account has its own")]
