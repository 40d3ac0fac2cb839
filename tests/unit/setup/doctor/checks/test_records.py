"""Configuration and ledger, judged by values."""

from dataclasses import replace
from typing import Any

from unitward.setup.doctor.checks.records import check_configuration, check_ledger
from unitward.setup.doctor.facts import Configuration, LedgerState
from unitward.setup.doctor.finding import Level


def test_configuration(only: Any) -> None:
    """Every problem of config.yaml is an error with its line; no file is well."""
    there = Configuration("/c.yaml", exists=True)
    assert Level.OK is only(check_configuration(there)).level
    assert Level.OK is only(check_configuration(replace(there, exists=False))).level

    problems = ("/c.yaml:1: unknown key `x`", "/c.yaml:2: `settle` is set twice")
    first, second = check_configuration(replace(there, problems=problems))

    assert (Level.ERROR, problems[0]) == (first.level, first.found)
    assert (Level.ERROR, problems[1]) == (second.level, second.found)


def test_ledgers_that_are_well(ledger: LedgerState, only: Any) -> None:
    """A whole ledger, none, and an empty one are well."""
    assert Level.OK is only(check_ledger(ledger)).level
    assert Level.OK is only(check_ledger(replace(ledger, exists=False))).level
    assert Level.OK is only(check_ledger(replace(ledger, version=0))).level


def test_a_damaged_ledger(ledger: LedgerState, only: Any) -> None:
    """Damage is an error: the daemon stops, the file is set aside, the daemon starts."""
    finding = only(check_ledger(replace(ledger, damage="row 3 missing from index")))

    assert Level.ERROR is finding.level
    assert "row 3 missing from index" in finding.found
    stop, move, start = finding.mend
    assert "systemctl --user stop unitward.service" == stop
    assert move.startswith(f"mv {ledger.path} ")
    spaced = only(check_ledger(replace(ledger, damage="torn", path="/home/a b/l")))
    assert spaced.mend[1].startswith("mv '/home/a b/l' ")
    assert "systemctl --user start unitward.service" == start


def test_ledgers_of_other_versions(ledger: LedgerState, only: Any) -> None:
    """A newer one is an error, an older one is brought up to date by the next pass."""
    assert Level.ERROR is only(check_ledger(replace(ledger, version=4))).level

    older = only(check_ledger(replace(ledger, version=2)))
    assert (Level.INFO, ()) == (older.level, older.mend)


def test_a_ledger_of_another_machine(ledger: LedgerState, only: Any) -> None:
    """A copied home is an error that says so."""
    finding = only(check_ledger(replace(ledger, identity="theirs")))

    assert Level.ERROR is finding.level
    assert "a copied home?" in finding.found


def test_a_pass_that_was_cut_short(ledger: LedgerState, only: Any) -> None:
    """Open intents are told where nobody is at work on them."""
    cut = replace(ledger, open_intents=2)

    assert Level.OK is only(check_ledger(cut)).level
    assert Level.INFO is only(check_ledger(replace(cut, holder=None))).level
