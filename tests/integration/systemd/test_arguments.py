"""Whatever stands in an argument or a variable, the process gets exactly that."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unitward.model.unitstate import JobResult
from unitward.model.unittext import Entry, UnitText
from unitward.systemd.manager import Manager
from unitward.unitfile.render import render
from unitward.unitfile.words import quote_argument, quote_environment

HOSTILE = (
    *("", " ", "a b", "\t", "\n", "\r", "\r\n", "a\nb\n", "\x01", "\x1b[0m", "\x7f", "\x0b"),
    *("'", '"', "it's", "\\", "\\\\", "end\\", "\\n", "\\x41", "\\;", '\\"', "\\\n"),
    *("%", "%%", "%h", "%n%", "100%", "$", "$$", "$HOME", "${HOME}", "$$HOME", "$(id)"),
    *(";", "; ;", "#", "-", "--", "@", "+", "!", ":", "|", "=", "*", "~", "[Service]"),
    *("é", "日本", "😀", "\u00a0", "\u2028", "\ufeff"),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ARGUMENTS = st.lists(st.sampled_from(HOSTILE) | TEXT, max_size=6)
VALUES = st.lists(
    (st.sampled_from(HOSTILE) | TEXT).filter(lambda text: not any(map(is_noncharacter, text))),
    max_size=6,
)

numbers = itertools.count()

MANY = settings(
    max_examples=30,
    deadline=None,
    database=None,  # the checkout may belong to another user than the sandbox's
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def is_noncharacter(char: str) -> bool:
    """Tell whether systemd refuses the character in a variable (its UTF-8 check does)."""
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF


async def start(account: Any, name: str) -> JobResult | None:
    """Start a unit and return how its job ended."""
    manager = await Manager.connect(account.env)
    try:
        job = await manager.start(name)
        return (await manager.wait([job], limit_seconds=20))[job]
    finally:
        await manager.close()


def run(account: Any, name: str, entries: list[Entry]) -> None:
    """Run a oneshot of these entries to its good end."""
    path = account.unit_dir / name
    path.write_bytes(render(UnitText(tuple(entries))))
    result = asyncio.run(start(account, name))
    path.unlink()

    assert result is JobResult.DONE


@MANY
@given(arguments=ARGUMENTS)
@example(arguments=list(HOSTILE))
@example(arguments=[])
def test_arguments_arrive_unchanged(account: Any, tmp_path: Path, arguments: list[str]) -> None:
    """The argument list a process sees is the list that was declared, byte for byte."""
    script, output = tmp_path / "script", tmp_path / "output"
    script.write_text('out=$1; shift; : >"$out"; for a; do printf "%s\\0" "$a" >>"$out"; done\n')
    command = ["/bin/sh", str(script), str(output), *arguments]

    run(
        account,
        f"arguments{next(numbers)}.service",
        [
            Entry("Service", "Type", "oneshot"),
            Entry("Service", "ExecStart", " ".join(map(quote_argument, command))),
        ],
    )
    seen = output.read_bytes().decode().split("\0")[:-1]

    assert arguments == seen


@MANY
@given(values=VALUES)
@example(values=list(HOSTILE))
def test_variables_arrive_unchanged(account: Any, tmp_path: Path, values: list[str]) -> None:
    """The value of a variable is the one declared, byte for byte, `%` doubled for specifiers."""
    output = tmp_path / "output"
    declared = {f"V{index}": value for index, value in enumerate(values)}

    run(
        account,
        f"arguments{next(numbers)}.service",
        [
            Entry("Service", "Type", "oneshot"),
            *(
                Entry("Service", "Environment", quote_environment(k, v.replace("%", "%%")))
                for k, v in declared.items()
            ),
            Entry("Service", "ExecStart", "/usr/bin/env -0"),
            Entry("Service", "StandardOutput", f"truncate:{output}"),
        ],
    )
    lines = output.read_bytes().decode().split("\0")
    seen = dict(line.split("=", 1) for line in lines if line[:1] == "V" and "=" in line)

    assert declared == {name: seen.get(name) for name in declared}
