"""Configuration and ledger as they lie on the disk."""

from pathlib import Path

from unitward.setup.doctor.gather.account import look_at_account
from unitward.setup.doctor.gather.records import (
    look_at_configuration,
    look_at_ledger,
    split_problems,
)


def test_problems_keep_their_hints() -> None:
    """Each problem is one sentence, with the hint that stood below it."""
    text = "c.yaml:1: unknown key `x`\n    hint: did you mean y?\nc.yaml:2: is twice"

    assert (
        "c.yaml:1: unknown key `x` (hint: did you mean y?)",
        "c.yaml:2: is twice",
    ) == split_problems(text)


def test_a_bad_configuration(tmp_path: Path) -> None:
    """Every problem carries file and line."""
    account = look_at_account({"HOME": str(tmp_path)}, tmp_path.stat().st_uid)
    file = account.folders.config_file
    assert not look_at_configuration(account).exists
    file.parent.mkdir(parents=True)
    file.write_text("settel: 1s\nresync: soon\n")

    found = look_at_configuration(account)

    assert found.exists
    first, second = found.problems
    assert first.startswith(f"{file}:1: unknown key")
    assert second.startswith(f"{file}:2: ")


def test_no_ledger_is_made(tmp_path: Path) -> None:
    """Asking for a ledger and its lock makes neither."""
    account = look_at_account({"HOME": str(tmp_path)}, tmp_path.stat().st_uid)

    found = look_at_ledger(account)

    assert (False, None) == (found.exists, found.holder)
    assert [] == list(tmp_path.iterdir())
