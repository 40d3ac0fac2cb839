"""The asynchronous part of a command."""

import asyncio
from dataclasses import dataclass, field

import pytest

from unitward.cli.asynchronous import result_of
from unitward.errors import UnitwardError


@dataclass(slots=True, repr=False)
class Large:
    """Something that takes long to write out, and notes that it was."""

    written: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        self.written.append("once")
        return "Large()"


def test_a_result_is_returned_and_not_written_out() -> None:
    """A command's result is handed over as it is, and not put into words that nobody sees."""
    large = Large()

    async def work() -> Large:
        await asyncio.sleep(0)
        return large

    assert large is result_of(work())
    assert [] == large.written


def test_an_error_is_raised() -> None:
    """A command ends with the error that its asynchronous part ended with."""

    async def work() -> None:
        await asyncio.sleep(0)
        raise UnitwardError("broken")

    with pytest.raises(UnitwardError, match="broken"):
        result_of(work())
