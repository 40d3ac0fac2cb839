"""All checks together."""

from dataclasses import fields, replace
from typing import Any

from unitward.setup.doctor.diagnose import diagnose
from unitward.setup.doctor.facts import Facts, Unknown
from unitward.setup.doctor.finding import Level

CHECKS = (
    "account",
    "runtime folder",
    "user manager",
    "bus",
    "linger",
    "journal",
    "systemd",
    "inotify",
    "clock",
    "controllers",
    "user namespaces",
    "folders",
    "configuration",
    "desired state",
    "foreign files",
    "git",
    "ledger",
    "program",
    "upgrade",
    "daemon",
    "installations",
)


def test_a_healthy_account(facts: Facts) -> None:
    """Every check says ok of a healthy account, causes before what follows from them."""
    findings = diagnose(facts)

    assert [(name, Level.OK) for name in CHECKS] == [(f.check, f.level) for f in findings]


def test_what_cannot_be_looked_at_stops_nothing_else(facts: Facts) -> None:
    """Whichever part is unknown, every check still says something, and says why not more."""
    for part in fields(Facts):
        if part.name == "account":
            continue
        hangs: dict[str, Any] = {part.name: Unknown("the disk hangs")}
        findings = diagnose(replace(facts, **hangs))

        assert set(CHECKS) == {finding.check for finding in findings}
        warned = [f for f in findings if f.level is Level.WARNING]
        assert any("the disk hangs" in finding.found for finding in warned), part.name


def test_a_check_that_stumbles_stops_no_other(facts: Facts) -> None:
    """A fault in a check is a finding, never a traceback."""
    broken = replace(facts, journal=None)  # type: ignore[arg-type] # what no look should give

    findings = {finding.check: finding for finding in diagnose(broken)}

    assert set(CHECKS) == findings.keys()
    assert Level.WARNING is findings["journal"].level
    assert "please report it" in findings["journal"].found
