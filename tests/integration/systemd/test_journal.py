"""Entries about a unit are found where a person looks for that unit."""

import asyncio
import uuid
from typing import Any

from unitward.systemd.journal import JournalSocket, journal_command


async def test_what_is_said_about_a_unit_shows_in_its_log(account: Any) -> None:
    """An entry that names a user unit, small or large, is among that unit's lines."""
    unit = f"u{uuid.uuid4().hex}.service"
    journal = JournalSocket()

    for message in ("first\nsecond", "x" * 700_000):
        assert journal.send({"MESSAGE": message, "USER_UNIT": unit, "PRIORITY": 6})
    journal.close()
    command = [*journal_command((unit,), lines=10), "--output=cat", "--all", "--no-pager"]

    def said() -> str:
        return str(account.run(*command).stdout)

    await asyncio.to_thread(account.wait_for, lambda: len(said()) > 700_000, "both entries")
    assert said() == "first\nsecond\n" + "x" * 700_000 + "\n"
