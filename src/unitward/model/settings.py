"""The configuration in force."""

from dataclasses import field
from pathlib import PurePath

from unitward.model.declared import DriftPolicy
from unitward.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Every key of `config.yaml` with its default. Durations are seconds.

    identity: USER@HOST, whom the account stands for; "" for what the ledger noted first.
    source: the desired-state folder, None for `$XDG_CONFIG_HOME/unitward/desired`.
    settle: how long the source must be quiet before a pass; settle_cap: the longest wait
        under constant writes.
    resync: the longest time between two passes.
    stop_grace: how long a unit that a person stopped is left alone.
    prune_after: how long a unit must be absent from complete readings before it is removed.
    max_restarts: a pass that would restart more units than this is held.
    job_wait: how long a pass waits for the jobs it started.
    drift: what units do that do not say `drift:` themselves.
    strict: one invalid file holds the whole revision back.
    unitward_version: the version of unitward that runs here, "" for the one that was put in
        place last. unitward_from: a folder of wheels, None for the package index.
    """

    version: int = 1
    identity: str = ""
    source: PurePath | None = None
    settle: float = 0.1
    settle_cap: float = 2.0
    resync: float = 600.0
    stop_grace: float = 300.0
    prune_after: float = 10.0
    max_restarts: int = 20
    job_wait: float = 5.0
    drift: DriftPolicy = field(default=DriftPolicy.CORRECT)
    strict: bool = False
    unitward_version: str = ""
    unitward_from: PurePath | None = None
