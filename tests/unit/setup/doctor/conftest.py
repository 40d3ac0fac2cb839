"""Facts of a healthy account, to be changed one by one."""

from typing import Any

import pytest

from unitward.model.folders import folders_from
from unitward.model.unitstate import SystemdVersion, UnitDetail
from unitward.setup.doctor.checks.daemon import OWN_UNIT
from unitward.setup.doctor.facts import (
    Account,
    Configuration,
    Facts,
    Inotify,
    Installations,
    Journal,
    LedgerState,
    Machine,
    Place,
    Program,
    Runtime,
    Session,
    Source,
)
from unitward.systemd.vitals import Vitals

UID = 1000
NOW = 1_800_000_000.0
ENV = {
    "HOME": "/home/ada",
    "PATH": "/usr/bin",
    "XDG_RUNTIME_DIR": "/run/user/1000",
}


@pytest.fixture
def account() -> Account:
    """Give the account of somebody who logged in."""
    return Account(UID, "ada", True, "HOME", ENV, ENV, folders_from(ENV, UID))  # noqa: FBT003 - known


@pytest.fixture
def vitals() -> Vitals:
    """Give a running manager with a running daemon."""
    own = UnitDetail(
        OWN_UNIT,
        load_state="loaded",
        active_state="active",
        unit_file_state="enabled",
        main_pid=77,
    )
    return Vitals(
        version=SystemdVersion(257, "257.8-1"),
        state="running",
        started_at=NOW - 1000,
        started_monotonic=500.0,
        failed_units=0,
        control_group="/user.slice",
        unit_path=(),
        details={OWN_UNIT: own},
    )


@pytest.fixture
def session(account: Account, vitals: Vitals) -> Session:
    """Give a way to the manager on which nothing is missing."""
    runtime = Runtime("/run/user/1000", UID, 0o700, True, True, True)  # noqa: FBT003 - all of it stands
    return Session(
        account=account,
        runtime=runtime,
        has_logind=True,
        lingers=True,
        manager=vitals,
        controllers=frozenset({"cpu", "cpuset", "io", "memory", "pids"}),
    )


@pytest.fixture
def journal() -> Journal:
    """Give a journal that the account can read its part of."""
    return Journal(
        uid=UID,
        user="ada",
        system_uid_max=999,
        has_journald=True,
        is_persistent=True,
        own_file=True,
        all_readable=False,
    )


@pytest.fixture
def machine() -> Machine:
    """Give a machine that started 1500 s ago, the manager's 1000 s ago."""
    return Machine(
        installed_version=257,
        run_free=1 << 30,
        clock_synchronized=True,
        now=NOW,
        monotonic=1500.0,
        boottime=1500.0,
        namespaces="",
    )


@pytest.fixture
def inotify() -> Inotify:
    """Give limits of which little is used."""
    return Inotify(max_watches=1000, max_instances=128, watches=10, instances=1)


@pytest.fixture
def place() -> Place:
    """Give a unit folder that is in order."""
    return Place(
        role="unit folder",
        path="/home/ada/.config/systemd/user",
        exists=True,
        stands="/home/ada/.config/systemd/user",
        is_folder=True,
        writable=True,
        read_only=False,
        file_system="ext4",
        free=1 << 30,
        free_files=10_000,
    )


@pytest.fixture
def ledger() -> LedgerState:
    """Give a whole ledger with which the daemon works."""
    return LedgerState(
        path="/home/ada/.local/state/unitward/ledger.sqlite",
        exists=True,
        version=3,
        current=3,
        identity="mine",
        expected="mine",
        last_at=NOW - 60,
        last_pass=NOW - 60,
        managed=2,
        holder=(77, "the daemon"),
    )


@pytest.fixture
def source() -> Source:
    """Give a folder that declares two units."""
    return Source("/home/ada/.config/unitward/desired", True, True, units=2, folders=5)  # noqa: FBT003 - the default folder, there


@pytest.fixture
def program() -> Program:
    """Give an environment that works, and no upgrade yet."""
    return Program("/home/ada/.local/share/unitward", "0.1.0")


@pytest.fixture
def installations() -> Installations:
    """Give one installation."""
    return Installations(("/home/ada/.config/systemd/user/unitward.service",), {}, "/py", "/py")


@pytest.fixture
def facts(  # noqa: PLR0913, PLR0917 - one for each part
    account: Account,
    session: Session,
    journal: Journal,
    machine: Machine,
    inotify: Inotify,
    place: Place,
    ledger: LedgerState,
    source: Source,
    program: Program,
    installations: Installations,
) -> Facts:
    """Give everything a doctor looks at, of a healthy account."""
    return Facts(
        account=account,
        session=session,
        journal=journal,
        machine=machine,
        inotify=inotify,
        places=(place,),
        configuration=Configuration("/home/ada/.config/unitward/config.yaml", True, resync=600),  # noqa: FBT003 - it exists
        ledger=ledger,
        source=source,
        program=program,
        installations=installations,
    )


@pytest.fixture
def only() -> Any:
    """Give a function that returns the one finding of a check."""

    def take(findings: Any) -> Any:
        assert 1 == len(findings), findings
        return findings[0]

    return take
