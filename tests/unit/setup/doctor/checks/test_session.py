"""The way to the user manager, judged by values."""

from dataclasses import replace
from typing import Any

import pytest

from unitward.setup.doctor.checks.session import (
    check_account,
    check_bus,
    check_journal,
    check_linger,
    check_manager,
    check_runtime,
)
from unitward.setup.doctor.facts import Account, Journal, Runtime, Session, Unknown
from unitward.setup.doctor.finding import Level
from unitward.systemd.vitals import Vitals

EXPORT = "export XDG_RUNTIME_DIR=/run/user/1000"
LINGER = "sudo loginctl enable-linger ada"
NOWHERE = Runtime(
    "/run/user/1000",
    owner=None,
    mode=0,
    usual_exists=False,
    has_private_socket=False,
    has_bus=False,
)


def test_account(account: Account, only: Any) -> None:
    """A home folder may be named, guessed from the account database, or missing."""
    assert Level.OK is only(check_account(account)).level

    guessed = only(check_account(replace(account, home_from="passwd")))
    assert (Level.WARNING, ("export HOME=/home/ada",)) == (guessed.level, guessed.mend)

    none = only(check_account(replace(account, home_from="", known=False)))
    assert Level.ERROR is none.level
    assert "does not know the uid" in none.found


def test_runtime_is_well(session: Session, only: Any) -> None:
    """A folder of one's own is well."""
    assert Level.OK is only(check_runtime(session)).level


def test_runtime_unset_is_told(session: Session, only: Any) -> None:
    """Where the variable is missing but the folder is there, only other programs suffer."""
    account = replace(session.account, given={"HOME": "/home/ada"})

    finding = only(check_runtime(replace(session, account=account)))

    assert (Level.INFO, (EXPORT,)) == (finding.level, finding.mend)


def test_runtime_of_somebody_else(session: Session, only: Any) -> None:
    """After su the variable names the first user's folder: an error, with the right value."""
    runtime = replace(session.runtime, owner=1001)

    finding = only(check_runtime(replace(session, runtime=runtime)))

    assert (Level.ERROR, (EXPORT,)) == (finding.level, finding.mend)
    assert "uid 1001" in finding.found


def test_runtime_that_others_write(session: Session, only: Any) -> None:
    """Who can write there can stand in for the manager."""
    runtime = replace(session.runtime, mode=0o777)

    finding = only(check_runtime(replace(session, runtime=runtime)))

    assert (Level.ERROR, ("chmod 700 /run/user/1000",)) == (finding.level, finding.mend)


def test_runtime_that_is_no_path(session: Session, only: Any) -> None:
    """A relative value is ignored everywhere, which is said."""
    account = replace(session.account, given={"XDG_RUNTIME_DIR": "run"})

    finding = only(check_runtime(replace(session, account=account)))

    assert (Level.WARNING, (EXPORT,)) == (finding.level, finding.mend)


def test_runtime_of_an_old_session(session: Session, only: Any) -> None:
    """A value that names nothing, where the usual folder is there, is the whole problem."""
    given = {"XDG_RUNTIME_DIR": "/tmp/old"}
    runtime = replace(NOWHERE, path="/tmp/old", usual_exists=True)
    account = replace(session.account, given=given)
    changed = replace(session, account=account, runtime=runtime, manager=Unknown("gone"))

    finding = only(check_runtime(changed))

    assert (Level.ERROR, (EXPORT,)) == (finding.level, finding.mend)
    assert () == only(check_manager(changed)).mend


def test_no_runtime_at_all(session: Session, only: Any) -> None:
    """Without a folder the manager is the cause, so the folder itself is no error."""
    finding = only(check_runtime(replace(session, runtime=NOWHERE)))

    assert (Level.INFO, ()) == (finding.level, finding.mend)


@pytest.mark.parametrize(
    ("lingers", "first"),
    [
        (False, LINGER),
        (None, LINGER),
        (True, "sudo systemctl start user@1000.service"),
    ],
)
def test_no_manager_says_how_to_start_one(
    session: Session, only: Any, lingers: bool | None, first: str
) -> None:
    """An account that does not linger begins to; one that does has its manager started."""
    changed = replace(session, runtime=NOWHERE, lingers=lingers, manager=Unknown("no socket"))

    finding = only(check_manager(changed))

    assert (Level.ERROR, (first, EXPORT)) == (finding.level, finding.mend)
    assert "/run/user/1000 does not exist" in finding.found


def test_no_manager_where_there_is_no_logind(session: Session, only: Any) -> None:
    """In a container no command of logind's is recommended."""
    changed = replace(
        session, runtime=NOWHERE, lingers=None, has_logind=False, manager=Unknown("no socket")
    )

    [step] = only(check_manager(changed)).mend

    assert "loginctl" not in step
    assert "systemd --user" in step


def test_a_folder_without_a_manager(session: Session, only: Any) -> None:
    """A folder that stands without a manager in it is told apart from none."""
    runtime = replace(session.runtime, has_private_socket=False, has_bus=False)

    finding = only(check_manager(replace(session, runtime=runtime, manager=Unknown("-"))))

    assert Level.ERROR is finding.level
    assert "none in /run/user/1000" in finding.found


def test_another_accounts_manager_is_not_asked(session: Session, only: Any) -> None:
    """With another's runtime folder the manager check says so and repeats no command."""
    runtime = replace(session.runtime, owner=1001)

    finding = only(check_manager(replace(session, runtime=runtime, manager=Unknown("-"))))

    assert (Level.ERROR, ()) == (finding.level, finding.mend)


def test_a_manager_that_does_not_answer(session: Session, only: Any) -> None:
    """Sockets without an answer: a stale address is unset first, then the manager restarted."""
    given = {**session.account.given, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/tmp/old"}
    account = replace(session.account, given=given)

    finding = only(
        check_manager(replace(session, account=account, manager=Unknown("no answer within 3 s")))
    )

    assert Level.ERROR is finding.level
    assert "no answer within 3 s" in finding.found
    assert "unset DBUS_SESSION_BUS_ADDRESS" == finding.mend[0]
    assert "sudo systemctl restart user@1000.service" == finding.mend[-1]


@pytest.mark.parametrize(
    ("state", "level"),
    [
        ("running", Level.OK),
        ("starting", Level.OK),
        ("degraded", Level.INFO),
        ("stopping", Level.WARNING),
    ],
)
def test_the_manager_s_state(
    session: Session, vitals: Vitals, only: Any, state: str, level: Level
) -> None:
    """A failed unit is worth a line, an ending manager a warning."""
    changed = replace(session, manager=replace(vitals, state=state, failed_units=2))

    assert level is only(check_manager(changed)).level


def test_bus(session: Session, vitals: Vitals, only: Any) -> None:
    """A bus that leads to the manager is well; without one the private socket does."""
    assert Level.OK is only(check_bus(session)).level

    no_bus = replace(session.runtime, has_bus=False)
    private = replace(session, manager=replace(vitals, private=True))
    without = only(check_bus(replace(private, runtime=no_bus)))
    assert Level.INFO is without.level
    assert "dbus-user-session" in without.mend[0]

    given = {**session.account.given, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/tmp/old"}
    astray = only(check_bus(replace(private, account=replace(session.account, given=given))))
    assert Level.WARNING is astray.level
    assert "unset DBUS_SESSION_BUS_ADDRESS" == astray.mend[0]


def test_bus_without_an_answer(session: Session, only: Any) -> None:
    """Where no manager answers, only a missing bus beside its socket is worth a warning."""
    silent = replace(session, manager=Unknown("no answer"))

    assert Level.INFO is only(check_bus(silent)).level
    assert Level.INFO is only(check_bus(replace(silent, runtime=NOWHERE))).level
    no_bus = replace(silent, runtime=replace(session.runtime, has_bus=False))
    assert Level.WARNING is only(check_bus(no_bus)).level


@pytest.mark.parametrize(
    ("lingers", "level", "mend"),
    [
        (True, Level.OK, ()),
        (False, Level.WARNING, (LINGER,)),
        (None, Level.INFO, ()),
    ],
)
def test_linger(
    session: Session, only: Any, lingers: bool | None, level: Level, mend: tuple[str, ...]
) -> None:
    """Not to linger is a warning with its one command; not to know is none."""
    finding = only(check_linger(replace(session, lingers=lingers)))

    assert (level, mend) == (finding.level, finding.mend)


def test_journal(journal: Journal, only: Any) -> None:
    """A system account has no journal of its own; others have one on disk or none to read."""
    assert Level.OK is only(check_journal(journal)).level
    assert Level.OK is only(check_journal(replace(journal, uid=0, all_readable=True))).level
    assert Level.INFO is only(check_journal(replace(journal, has_journald=False))).level
    assert Level.INFO is only(check_journal(replace(journal, own_file=False))).level

    system = only(check_journal(replace(journal, uid=998)))
    assert Level.WARNING is system.level
    assert "uid 998 is a system account's (up to 999)" in system.found
    assert "sudo usermod --append --groups systemd-journal ada" == system.mend[0]

    volatile = only(check_journal(replace(journal, is_persistent=False, own_file=False)))
    assert Level.WARNING is volatile.level
    assert "sudo mkdir -p /var/log/journal" == volatile.mend[0]
