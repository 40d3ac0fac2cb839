"""Reading the ledger without any effect on it."""

from pathlib import Path

import pytest

from unitward.errors import LedgerError
from unitward.store.ledger import open_ledger
from unitward.store.reading import last_report


def test_the_last_report_is_read_beside_the_ledger(tmp_path: Path) -> None:
    """What a pass published is read whole, and nothing before there is a ledger or a report."""
    path = tmp_path / "ledger.sqlite"
    report = {"schema": "x", "units": [{"name": "a.service"}]}

    before = last_report(path)
    with open_ledger(path, identity="me") as ledger:
        empty = last_report(path)
        ledger.passes.publish(report, 1.0, 0)
        beside = last_report(path)

    assert [None, None, report, report] == [before, empty, beside, last_report(path)]


def test_what_is_no_ledger_is_told(tmp_path: Path) -> None:
    """A file that SQLite cannot read is an error with its path."""
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database, and longer than its header would be" * 20)

    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        last_report(path)
