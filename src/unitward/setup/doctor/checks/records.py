"""What unitward keeps for the account: configuration and ledger."""

from shlex import quote

from unitward.setup.doctor.facts import Configuration, LedgerState
from unitward.setup.doctor.finding import Finding, Level

CONFIGURATION = "configuration"
LEDGER = "ledger"


def check_configuration(configuration: Configuration) -> list[Finding]:
    """Judge config.yaml; every problem is a finding of its own."""
    if configuration.problems:
        return [
            Finding(CONFIGURATION, Level.ERROR, problem, (f"edit {quote(configuration.path)}",))
            for problem in configuration.problems
        ]
    if not configuration.exists:
        return [Finding(CONFIGURATION, Level.OK, "no config.yaml, so the defaults hold")]
    return [Finding(CONFIGURATION, Level.OK, configuration.path)]


def check_ledger(ledger: LedgerState) -> list[Finding]:
    """Judge whether unitward can work with its ledger."""
    if not ledger.exists:
        return [Finding(LEDGER, Level.OK, "none yet; the first pass makes it")]
    if ledger.damage:
        text = f"{ledger.path} is damaged: {ledger.damage}; nothing is changed while it is"
        return [Finding(LEDGER, Level.ERROR, text, _set_aside(ledger.path))]
    if ledger.version > ledger.current:
        text = (
            f"{ledger.path} was written by a newer unitward (version {ledger.version}, this one"
            f" knows up to {ledger.current})"
        )
        return [Finding(LEDGER, Level.ERROR, text, ("run the newer unitward again",))]
    if not ledger.version:
        return [Finding(LEDGER, Level.OK, "empty; the first pass fills it")]
    if ledger.identity and ledger.identity != ledger.expected:
        text = (
            f"{ledger.path} belongs to another machine or account ({ledger.identity}, this is"
            f" {ledger.expected}): a copied home?"
        )
        return [Finding(LEDGER, Level.ERROR, text, _set_aside(ledger.path))]
    findings: list[Finding] = []
    if ledger.version < ledger.current:
        text = f"of version {ledger.version}; the next pass brings it to {ledger.current}"
        findings.append(Finding(LEDGER, Level.INFO, text))
    if ledger.open_intents and ledger.holder is None:
        text = (
            f"the last pass was cut short: {ledger.open_intents} of its steps are open; the next"
            " one finishes them"
        )
        findings.append(Finding(LEDGER, Level.INFO, text, ("unitward plan",)))
    return findings or [Finding(LEDGER, Level.OK, "whole")]


def _set_aside(path: str) -> tuple[str, ...]:
    """Return how to go on without the ledger; unitward knows its files by their marks."""
    file = quote(path)
    return (
        "systemctl --user stop unitward.service",
        f"mv {file} {file}.old; rm -f {file}-wal {file}-shm",
        "systemctl --user start unitward.service",
    )
