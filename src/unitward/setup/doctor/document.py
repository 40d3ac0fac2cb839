"""What `unitward doctor -o json` prints. A promise to scripts: docs/output.md, docs/schemas/."""

from collections.abc import Iterable
from typing import TypedDict

from unitward.setup.doctor.facts import Account
from unitward.setup.doctor.finding import Finding, Level

DOCTOR_SCHEMA = "unitward/doctor/v1"


class FindingDocument(TypedDict):
    """One result of one check; `mend` is what to type or do, in order."""

    check: str
    level: str
    found: str
    mend: list[str]


class DoctorDocument(TypedDict):
    """All findings, causes first; `level` is the worst of them."""

    schema: str
    user: str
    uid: int
    home: str
    runtime: str
    level: str
    findings: list[FindingDocument]


def doctor_document(account: Account, findings: Iterable[Finding]) -> DoctorDocument:
    """Return the document of an examination."""
    findings = tuple(findings)
    return {
        "schema": DOCTOR_SCHEMA,
        "user": account.user,
        "uid": account.uid,
        "home": str(account.folders.home),
        "runtime": str(account.folders.runtime),
        "level": worst(findings).value,
        "findings": [
            {
                "check": finding.check,
                "level": finding.level.value,
                "found": finding.found,
                "mend": list(finding.mend),
            }
            for finding in findings
        ],
    }


def worst(findings: Iterable[Finding]) -> Level:
    """Return the level that weighs most."""
    order = tuple(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)
