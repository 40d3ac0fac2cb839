"""The account a pass works on, and how it is put together from an environment."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import field

from unitward.config import load_settings
from unitward.model.folders import Folders, folders_from, source_folder
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.settings import Settings
from unitward.model.unittext import DirectiveTable
from unitward.reconcile.again import Decided, Declared, Reported
from unitward.reconcile.check.with_systemd import CheckCache
from unitward.reconcile.connecting import connecting
from unitward.reconcile.desire import DesireCache, Terms
from unitward.reconcile.load import Source
from unitward.reconcile.observe import Subjects, World
from unitward.reconcile.outside import Places
from unitward.store.identity import identity
from unitward.store.installation import marked_installation
from unitward.store.ledger import read_ledger
from unitward.store.unit_files import UnitFiles
from unitward.systemd.directives import load_directives
from unitward.systemd.manager import Manager


@dataclass(slots=True)
class Caches:
    """What one pass may reuse of the one before. Losing it costs time, nothing else."""

    desire: DesireCache = field(default_factory=DesireCache)
    check: CheckCache = field(default_factory=CheckCache)
    subjects: Subjects = field(default_factory=Subjects)
    declared: Declared | None = None
    decided: Decided | None = None
    ahead: Decided | None = None
    reported: Reported | None = None


@dataclass(slots=True)
class Account:
    """Everything a pass works on, save the user manager and the ledger.

    env: the environment of the account, for the programs of systemd.
    """

    folders: Folders
    settings: Settings
    table: DirectiveTable
    source: Source
    files: UnitFiles
    env: Mapping[str, str]
    caches: Caches = field(default_factory=Caches)

    def world(self, manager: Manager) -> World:
        """Return the doors for observing through this manager."""
        return World(manager, self.files, self.places, self.env, self.caches.subjects)

    @property
    def places(self) -> Places:
        """Return what `%h` and `%t` mean for this account."""
        return Places(self.folders.home, self.folders.runtime)

    def terms(self, recorded: Recorded) -> Terms:
        """Return what decoding the folder depends on besides its files."""
        return Terms(
            table=self.table,
            folder=str(self.source.root),
            home=str(self.folders.home),
            installation=recorded.installation,
            strict=self.settings.strict,
        )

    def use(self, settings: Settings) -> None:
        """Take new settings; another source folder is read afresh."""
        self.settings = settings
        root = source_folder(self.folders, settings)
        if root != self.source.root:
            self.source = Source(root, self.folders.unit_dir, self.source.uid)


def assemble(env: Mapping[str, str], table: DirectiveTable | None = None) -> Account:
    """Return the account that an environment means. Raises ConfigError and UnitwardError.

    table: of `load_directives`, where that is known already.
    """
    uid = os.getuid()
    folders = folders_from(env, uid)
    settings = load_settings(folders.config_file)
    return Account(
        folders=folders,
        settings=settings,
        table=table or load_directives(folders.cache / "unitward"),
        source=Source(source_folder(folders, settings), folders.unit_dir, uid),
        files=UnitFiles(folders.unit_dir),
        env={"XDG_RUNTIME_DIR": str(folders.runtime), **env},
    )


def recorded_now(account: Account) -> Recorded:
    """Return the ledger's content without touching it; empty when there is no ledger yet."""
    ledger = read_ledger(account.folders.ledger)
    if ledger is None:
        name = identity(account.source.uid)
        known = marked_installation(account.folders.unit_dir, name)
        return Recorded(installation=known or f"{name}-new")
    with ledger:
        return ledger.read()


@asynccontextmanager
async def connected(account: Account) -> AsyncIterator[Manager]:
    """Be connected to the account's user manager, for one look or one pass.

    Raises ManagerUnreachableError.
    """
    async with connecting(account.env) as coming:
        yield await coming
