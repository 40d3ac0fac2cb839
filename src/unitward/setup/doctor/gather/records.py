"""What unitward keeps for the account: configuration, ledger, lock."""

import os
from dataclasses import replace

from unitward.config import load_settings
from unitward.errors import ConfigError
from unitward.setup.doctor.facts import Account, Configuration, LedgerState
from unitward.store.health import LedgerHealth, examine_ledger
from unitward.store.identity import identity
from unitward.store.lock import lock_holder

# Words of `unitward status` that a person has to do something about.
TROUBLED = frozenset({"failed", "blocked", "invalid", "held"})


def look_at_configuration(account: Account) -> Configuration:
    """Read config.yaml as unitward does."""
    path = account.folders.config_file
    exists = os.path.lexists(path)
    try:
        settings = load_settings(path)
    except ConfigError as error:
        return Configuration(str(path), exists, split_problems(str(error)))
    return Configuration(str(path), exists, resync=settings.resync)


def split_problems(text: str) -> tuple[str, ...]:
    """Return the problems of a ConfigError, each with the hint that stands below it."""
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith(" ") and found:
            found[-1] += f" ({line.strip()})"
        else:
            found.append(line)
    return tuple(found)


def look_at_ledger(account: Account) -> LedgerState:
    """Examine a copy of the ledger, and ask the lock who works on the account."""
    folders = account.folders
    health = examine_ledger(folders.ledger)
    state = LedgerState(
        path=str(folders.ledger),
        exists=health is not None,
        expected=identity(account.uid),
        holder=lock_holder(folders.lock),
    )
    return state if health is None else _with_health(state, health)


def _with_health(state: LedgerState, health: LedgerHealth) -> LedgerState:
    units = health.report.get("units", ())
    return replace(
        state,
        damage=health.damage,
        version=health.version,
        current=health.current,
        identity=health.identity,
        last_at=health.last_at,
        last_pass=health.last_pass,
        open_intents=len(health.recorded.intents),
        managed=len(health.recorded.units),
        unhappy=tuple(unit["name"] for unit in units if unit["sync"] in TROUBLED),
    )
