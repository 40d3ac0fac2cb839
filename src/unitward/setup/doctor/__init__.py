"""`unitward doctor`: what keeps an account from being looked after, and what mends it."""

import os
from collections.abc import Mapping
from functools import partial
from typing import cast

from unitward.setup.doctor.attempt import attempt_all
from unitward.setup.doctor.diagnose import diagnose
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
    Session,
    Source,
    Unknown,
)
from unitward.setup.doctor.finding import Finding, Level
from unitward.setup.doctor.gather.account import account_by_environment, look_at_account
from unitward.setup.doctor.gather.installations import look_at_installations
from unitward.setup.doctor.gather.machine import look_at_inotify, look_at_machine
from unitward.setup.doctor.gather.places import look_at_places
from unitward.setup.doctor.gather.program import look_at_program
from unitward.setup.doctor.gather.records import look_at_configuration, look_at_ledger
from unitward.setup.doctor.gather.session import look_at_journal, look_at_session
from unitward.setup.doctor.gather.source import look_at_source

__all__ = ["Facts", "Finding", "Level", "diagnose", "gather"]

LIMIT_SECONDS = 15.0


def gather(env: Mapping[str, str] = os.environ, *, limit_seconds: float = LIMIT_SECONDS) -> Facts:
    """Look at everything at once and change nothing; no look takes longer than the limit.

    env: the environment as it came, also an empty one. Raises nothing: what cannot be
    looked at is Unknown.
    """
    account = _account(env, limit_seconds)
    looks = {
        "session": look_at_session,
        "journal": look_at_journal,
        "machine": look_at_machine,
        "inotify": look_at_inotify,
        "places": look_at_places,
        "configuration": look_at_configuration,
        "ledger": look_at_ledger,
        "source": look_at_source,
        "program": look_at_program,
        "installations": look_at_installations,
    }
    found = attempt_all(
        {name: partial(look, account) for name, look in looks.items()},
        limit_seconds=limit_seconds,
    )
    return Facts(
        account=account,
        session=cast("Session | Unknown", found["session"]),
        journal=cast("Journal | Unknown", found["journal"]),
        machine=cast("Machine | Unknown", found["machine"]),
        inotify=cast("Inotify | Unknown", found["inotify"]),
        places=cast("tuple[Place, ...] | Unknown", found["places"]),
        configuration=cast("Configuration | Unknown", found["configuration"]),
        ledger=cast("LedgerState | Unknown", found["ledger"]),
        source=cast("Source | Unknown", found["source"]),
        program=cast("Program | Unknown", found["program"]),
        installations=cast("Installations | Unknown", found["installations"]),
    )


def _account(env: Mapping[str, str], limit_seconds: float) -> Account:
    """Return the account, by its environment alone where its database hangs."""
    uid = os.getuid()
    looks = {"account": partial(look_at_account, env, uid)}
    found = attempt_all(looks, limit_seconds=limit_seconds)["account"]
    return found if isinstance(found, Account) else account_by_environment(env, uid)
