"""Facts -> findings, in the order in which things depend on each other. Pure."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from unitward.setup.doctor.checks.daemon import (
    DAEMON,
    INSTALLATIONS,
    Work,
    check_daemon,
    check_installations,
)
from unitward.setup.doctor.checks.machine import (
    CLOCK,
    CONTROLLERS,
    INOTIFY,
    NAMESPACES,
    SYSTEMD,
    check_clock,
    check_controllers,
    check_inotify,
    check_namespaces,
    check_systemd,
)
from unitward.setup.doctor.checks.places import FOLDERS, check_places
from unitward.setup.doctor.checks.program import (
    PROGRAM,
    UPGRADE,
    check_program,
    check_upgrade,
)
from unitward.setup.doctor.checks.records import (
    CONFIGURATION,
    LEDGER,
    check_configuration,
    check_ledger,
)
from unitward.setup.doctor.checks.session import (
    ACCOUNT,
    BUS,
    JOURNAL,
    LINGER,
    MANAGER,
    RUNTIME,
    check_account,
    check_bus,
    check_journal,
    check_linger,
    check_manager,
    check_runtime,
)
from unitward.setup.doctor.checks.source import (
    FOREIGN,
    GIT,
    SOURCE,
    check_foreign,
    check_git,
    check_source,
)
from unitward.setup.doctor.facts import Facts, Source, Unknown
from unitward.setup.doctor.finding import Finding, Level
from unitward.systemd.vitals import Vitals

Part = TypeVar("Part")

_NOTHING_DECLARED = Source(root="", is_default=True, exists=False)


def diagnose(facts: Facts) -> tuple[Finding, ...]:
    """Return what every check says, causes before what follows from them."""
    return (
        *_judge(ACCOUNT, facts.account, check_account),
        *_session(facts),
        *_machine(facts),
        *_own(facts),
    )


def _session(facts: Facts) -> list[Finding]:
    session = facts.session
    return [
        *_judge(RUNTIME, session, check_runtime),
        *_judge(MANAGER, session, check_manager),
        *_judge(BUS, session, check_bus),
        *_judge(LINGER, session, check_linger),
        *_judge(JOURNAL, facts.journal, check_journal),
    ]


def _machine(facts: Facts) -> list[Finding]:
    vitals, ledger = _vitals(facts), _known(facts.ledger)
    source = _known(facts.source) or _NOTHING_DECLARED
    uid, machine = facts.account.uid, facts.machine
    runs = bool(ledger and Work(ledger, 0, 0).pid)
    last_at = ledger.last_at if ledger else 0.0
    return [
        *_judge(SYSTEMD, machine, lambda m: check_systemd(m, vitals, source.unsupported)),
        *_judge(
            INOTIFY,
            facts.inotify,
            lambda inotify: check_inotify(inotify, source.folders, daemon_runs=runs),
        ),
        *_judge(CLOCK, machine, lambda m: check_clock(m, vitals, last_at)),
        *_judge(
            CONTROLLERS,
            facts.session,
            lambda s: check_controllers(s.controllers, source.controller_users, uid),
        ),
        *_judge(
            NAMESPACES,
            machine,
            lambda m: check_namespaces(m.namespaces, source.namespace_users, uid),
        ),
    ]


def _own(facts: Facts) -> list[Finding]:
    manager = facts.session.manager if not isinstance(facts.session, Unknown) else facts.session
    now = facts.machine.now if not isinstance(facts.machine, Unknown) else 0.0
    configuration = _known(facts.configuration)
    resync = configuration.resync if configuration and now else 0.0
    work = Work(_known(facts.ledger), now, resync)
    return [
        *_judge(FOLDERS, facts.places, lambda places: check_places(places, facts.account.uid)),
        *_judge(CONFIGURATION, facts.configuration, check_configuration),
        *_judge(SOURCE, facts.source, check_source),
        *_judge(FOREIGN, facts.source, check_foreign),
        *_judge(GIT, facts.source, lambda source: check_git(source.checkout)),
        *_judge(LEDGER, facts.ledger, check_ledger),
        *_judge(PROGRAM, facts.program, check_program),
        *_judge(UPGRADE, facts.program, lambda program: check_upgrade(program.upgrade, now)),
        *_judge(DAEMON, work, lambda work: check_daemon(manager, work)),
        *_judge(INSTALLATIONS, facts.installations, check_installations),
    ]


def _judge(
    name: str, part: Part | Unknown, check: Callable[[Part], Sequence[Finding]]
) -> Sequence[Finding]:
    """Run one check; what stops it stops no other."""
    if isinstance(part, Unknown):
        return [Finding(name, Level.WARNING, f"could not be looked at: {part.reason}")]
    try:
        return check(part)
    except Exception as error:  # noqa: BLE001 - one check that stumbles must not hide the others
        reason = f"{type(error).__name__}: {error}"
        text = f"the check itself failed ({reason}); please report it"
        return [Finding(name, Level.WARNING, text)]


def _known(part: Part | Unknown) -> Part | None:
    return None if isinstance(part, Unknown) else part


def _vitals(facts: Facts) -> Vitals | None:
    session = _known(facts.session)
    return session.manager if session and isinstance(session.manager, Vitals) else None
