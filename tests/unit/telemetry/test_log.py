"""Logging: readable, in the journal's own fields, and never in the way."""

import asyncio
import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from unitward.telemetry.log import (
    MESSAGE_IDS,
    Kind,
    bind_pass,
    logger,
    set_up_logging,
    stderr_is_journal,
)

Sent = list[Mapping[str, str | int]]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    handlers = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


@pytest.fixture
def sent() -> Sent:
    """Return what is sent to the journal once logging is set up so."""
    fields: Sent = []
    set_up_logging(journal=fields.append, colors=False, level="info")
    return fields


def test_journal_fields_of_an_action(sent: Sent) -> None:
    """An event becomes a readable message with the fields that journalctl filters by."""
    with bind_pass(7):
        logger().info(
            "restarted",
            kind=Kind.ACTION,
            unit="api.service",
            action="restart",
            result="done",
            source="api.yaml:12",
            reason="[Service] ExecStart changed",
        )

    assert [
        {
            "MESSAGE": "api.service: restarted ([Service] ExecStart changed, api.yaml:12)",
            "PRIORITY": 6,
            "SYSLOG_IDENTIFIER": "unitward",
            "MESSAGE_ID": MESSAGE_IDS[Kind.ACTION],
            "USER_UNIT": "api.service",
            "UNITWARD_ACTION": "restart",
            "UNITWARD_RESULT": "done",
            "UNITWARD_PASS": "7",
            "UNITWARD_SOURCE": "api.yaml:12",
        }
    ] == sent


def test_levels_become_priorities(sent: Sent) -> None:
    """Each level has its syslog priority, and what is below the level is not sent."""
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(logger(), level)("said")

    assert [6, 4, 3, 2] == [fields["PRIORITY"] for fields in sent]


def test_every_kind_has_an_id_of_its_own() -> None:
    """MESSAGE_IDs are 128-bit numbers, one for each kind."""
    assert set(Kind) == set(MESSAGE_IDS)
    assert len(Kind) == len(set(MESSAGE_IDS.values()))
    assert all(len(bytes.fromhex(one)) == 16 for one in MESSAGE_IDS.values())


async def test_passes_are_told_apart_by_task(sent: Sent) -> None:
    """The number of a pass is on its own task's events only, and gone afterwards."""

    async def one_pass(number: int) -> None:
        with bind_pass(number):
            await asyncio.sleep(0.01)
            logger().info("inside", step=number)

    await asyncio.gather(one_pass(1), one_pass(2))
    logger().info("outside")

    assert [("1", "inside (step=1)"), ("2", "inside (step=2)"), (None, "outside")] == [
        (fields.get("UNITWARD_PASS"), fields["MESSAGE"]) for fields in sent
    ]


def test_tracebacks_are_part_of_the_message(sent: Sent) -> None:
    """An exception's traceback stands below the sentence."""
    try:
        int("broken")
    except ValueError:
        logger().exception("pass failed")

    message = str(sent[0]["MESSAGE"])
    assert message.startswith("pass failed\nTraceback")
    assert message.endswith("ValueError: invalid literal for int() with base 10: 'broken'")


def test_a_dead_journal_falls_back_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be sent is written to standard error, and nothing is raised."""

    def refuse(_fields: Mapping[str, str | int]) -> None:
        raise OSError("no journal")

    set_up_logging(journal=refuse, colors=False, level="info")
    logger().warning("said", unit="a.service")

    assert "a.service: said\n" == capsys.readouterr().err


def test_nothing_that_is_logged_raises(
    sent: Sent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values that cannot be written, odd kinds and a closed standard error do no harm."""

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    logger().info("lists", values=[1, 2], nothing=None, kind="unheard of")
    logger().info("said", value=Broken())
    assert "lists (values=[1, 2])" == sent[0]["MESSAGE"]
    assert "an event could not be written (RuntimeError)\n" == capsys.readouterr().err
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    logger().info("said", value=Broken())


def test_a_sentence_says_nothing_twice(sent: Sent) -> None:
    """Unit and place are added only where the text does not name them already."""
    logger().info("update api.service: new", unit="api.service", source="a.yaml:3")
    logger().error("a.yaml:3: no such key", unit="api.service", source="a.yaml:3", hint="did you?")

    assert [
        "update api.service: new (a.yaml:3)",
        "api.service: a.yaml:3: no such key (did you?)",
    ] == [fields["MESSAGE"] for fields in sent]


def test_lines_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere an event is one plain line with date and level, harmless to show later."""
    set_up_logging(journal=None, colors=True, level="info")
    logger().warning("restarted\x1b[2J", unit="api.service", reason="new")

    moment, rest = capsys.readouterr().err.split(" ", 1)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(moment)) < timedelta(minutes=1)
    assert "warning: api.service: restarted\N{REPLACEMENT CHARACTER}[2J (new)\n" == rest


_ON_A_TERMINAL = """
import sys
from unitward.telemetry.log import logger, set_up_logging
set_up_logging(journal=None, colors=sys.argv[1] == "yes", level="info")
logger().info("started", unit="api.service", reason="new")
logger().error("failed\\x1b[2J", unit="api.service")
"""


@pytest.mark.parametrize("colors", ["yes", "no"])
def test_lines_on_a_terminal(colors: str) -> None:
    """A terminal gets sentences, colours only if asked, and no foreign control characters."""
    reader, terminal = os.openpty()
    subprocess.run(
        (sys.executable, "-c", _ON_A_TERMINAL, colors), check=True, stderr=terminal, timeout=30
    )
    text = os.read(reader, 4096).decode().replace("\r\n", "\n")
    os.close(terminal)
    os.close(reader)
    first, second = text.splitlines()

    assert first.endswith(" api.service: started (new)")
    assert "error: api.service: failed\N{REPLACEMENT CHARACTER}[2J" in second
    assert (colors == "yes") == second.startswith("\x1b[31m")
    assert (colors == "yes") == ("\x1b" in text)


def test_libraries_logs_are_taken_over(sent: Sent) -> None:
    """Warnings of asyncio and libraries arrive as events, once, however often set up."""
    set_up_logging(journal=sent.append, colors=False, level="info")
    logging.getLogger("asyncio").error("task %s failed", "x")
    logging.getLogger("asyncio").info("quiet")

    assert [("task x failed (logger=asyncio)", 3)] == [
        (fields["MESSAGE"], fields["PRIORITY"]) for fields in sent
    ]


def test_rich_stays_out_and_can_be_imported_later(tmp_path: Path) -> None:
    """The log set-up loads no rich where it is installed, and hides nothing from later imports."""
    (tmp_path / "rich.py").write_text("")
    script = (
        "import sys, unitward.telemetry.log as log;"
        "log.set_up_logging(journal=None, colors=True);"
        "log.logger().error('x'); print('rich' in sys.modules);"
        "import rich; print(rich.__file__)"
    )
    done = subprocess.run(
        (sys.executable, "-c", script),
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )

    assert ["False", str(tmp_path / "rich.py")] == done.stdout.splitlines()


def test_the_journal_is_recognised(tmp_path: Path) -> None:
    """Standard error is the journal only if it is the very stream that systemd names."""
    script = (
        "import os; from unitward.telemetry.log import stderr_is_journal as told;"
        "s = os.fstat(2); here = f'{s.st_dev}:{s.st_ino}';"
        "print(told({}), told({'JOURNAL_STREAM': '1:2'}), told({'JOURNAL_STREAM': here}))"
    )
    with (tmp_path / "stream").open("wb") as stream:
        done = subprocess.run(
            (sys.executable, "-c", script), check=True, stdout=subprocess.PIPE, stderr=stream
        )

    assert b"False False True\n" == done.stdout
    assert not stderr_is_journal({"JOURNAL_STREAM": "nonsense"})
