"""Log set-up: readable lines for people, native fields for the journal."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from unitward.telemetry.absent import pretending_absent

Fields = Mapping[str, str | int]
Journal = Callable[[Fields], object]


# structlog loads rich where it is installed, for nothing that is used here: 5 MB (measured).
with pretending_absent("rich", "better_exceptions"):
    import structlog


class Kind(StrEnum):
    """The kinds of event that have a MESSAGE_ID of their own; given as `kind=`."""

    STARTED = "started"
    STOPPING = "stopping"
    PASS = "pass"  # noqa: S105 - a pass of the loop
    ACTION = "action"
    FAILURE = "failure"
    DRIFT = "drift"
    HELD = "held"
    FROZEN = "frozen"
    SOURCE = "source"


# Fixed for ever: `journalctl MESSAGE_ID=...` and catalogs find the events by them.
MESSAGE_IDS: Mapping[Kind, str] = {
    Kind.STARTED: "79c8df4dd65a443d862e9e833e2edb77",
    Kind.STOPPING: "e3b95e80c8804ce2bc3b1c8c2b040f52",
    Kind.PASS: "ed711a284aa94b8ab9ed7d829a9448bc",
    Kind.ACTION: "bcd955bb400e4b648a105a1a03291631",
    Kind.FAILURE: "a21685dce6b84f768508bec9d90d92c0",
    Kind.DRIFT: "d064dd33b4fe4232becdec6d4fdf9412",
    Kind.HELD: "ed4c8399c53f44e79ad6f2d02da92c93",
    Kind.FROZEN: "7ed39ae7fec04ad3b7046f5806c9405b",
    Kind.SOURCE: "86888bec30cf48428d895f7415ad9a1a",
}

# syslog(3) levels.
_PRIORITIES: Mapping[str, int] = {
    "debug": 7,
    "info": 6,
    "warning": 4,
    "error": 3,
    "critical": 2,
}
_COLORS: Mapping[str, str] = {"debug": "2", "warning": "33", "error": "31", "critical": "1;31"}
_FIELDS: Mapping[str, str] = {
    "unit": "USER_UNIT",
    "action": "UNITWARD_ACTION",
    "result": "UNITWARD_RESULT",
    "pass_id": "UNITWARD_PASS",
    "source": "UNITWARD_SOURCE",
}
# What a sentence has no need to repeat: it is in the text, the prefix or the fields.
_NOT_IN_SENTENCE = frozenset(
    {"event", "level", "unit", "kind", "pass_id", "exception", "action", "result", "reason"}
)
# What speaks for itself without its name.
_WITHOUT_NAME = frozenset({"source", "hint"})

_Event = MutableMapping[str, Any]


def set_up_logging(*, journal: Journal | None, colors: bool, level: str = "info") -> None:
    """Decide once for the process where events go and what they look like.

    journal: sends native fields to the journal; None writes readable lines to standard
        error: short ones on a terminal, with date and level otherwise.
    colors: whether a terminal gets colours. level: debug, info, warning or error.

    Events carry these keys by agreement: `unit`, `action`, `result`, `source`
    (file:line), `reason`, `kind` (a Kind). Logging never raises: what cannot be sent to
    the journal goes to standard error, and what cannot be written there is lost.
    """
    if journal is not None:
        sink = _Sink(_guarded(_journal_fields), journal)
    elif _is_terminal():
        sink = _Sink(_guarded(_colored if colors else _plain), None)
    else:
        sink = _Sink(_guarded(_dated), None)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            sink.render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: sink,
        cache_logger_on_first_use=False,
    )
    _take_over_standard_logging()


def logger() -> Any:  # noqa: ANN401 - structlog types its loggers so
    """Return the logger of the process; `set_up_logging` decides where it writes."""
    return structlog.get_logger()


def bind_pass(pass_id: int | str) -> AbstractContextManager[None]:
    """Put the number of the pass on every event inside the `with`, in this task only."""
    return structlog.contextvars.bound_contextvars(pass_id=pass_id)


def stderr_is_journal(env: Mapping[str, str]) -> bool:
    """Tell whether standard error goes to the journal (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return env.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def journal_fields(event: Mapping[str, Any]) -> dict[str, str | int]:
    """Return the journal fields of an event (systemd.journal-fields(7))."""
    level = str(event.get("level", "info"))
    fields: dict[str, str | int] = {
        "MESSAGE": sentence(event),
        "PRIORITY": _PRIORITIES.get(level, 6),
        "SYSLOG_IDENTIFIER": "unitward",
    }
    if event.get("kind") in MESSAGE_IDS:
        fields["MESSAGE_ID"] = MESSAGE_IDS[event["kind"]]
    for key, name in _FIELDS.items():
        if _told(event.get(key)):
            fields[name] = str(event[key])
    return fields


def sentence(event: Mapping[str, Any]) -> str:
    """Return an event as one readable sentence, with its traceback below if it has one.

    Nothing is said twice: unit and source only where the text does not name them.
    """
    text, unit, reason = str(event["event"]), str(event.get("unit") or ""), event.get("reason")
    if unit not in text:
        text = f"{unit}: {text}"
    details = [str(reason)] if reason else []
    details += [
        str(value) if key in _WITHOUT_NAME else f"{key}={value}"
        for key, value in event.items()
        if key not in _NOT_IN_SENTENCE and _told(value) and str(value) not in text
    ]
    below = f"\n{event['exception']}" if event.get("exception") else ""
    return f"{text} ({', '.join(details)}){below}" if details else f"{text}{below}"


def _told(value: object) -> bool:
    return value is not None and value != ""


class _Sink:
    """Where every event ends; structlog calls the method named like its level."""

    def __init__(self, render: Callable[[_Event], Any], journal: Journal | None) -> None:
        self._render = render
        self._journal = journal

    def render(
        self, _logger: object, _method: str, event: _Event
    ) -> tuple[tuple[Any], dict[str, Any]]:
        return (self._render(event),), {}

    def write(self, rendered: str | dict[str, str | int]) -> None:
        if isinstance(rendered, str):
            _to_stderr(rendered)
        elif self._journal is not None:
            try:
                self._journal(rendered)
            except Exception:  # noqa: BLE001 - a side channel never gates
                _to_stderr(str(rendered["MESSAGE"]))

    debug = info = warning = error = critical = exception = write


def _guarded(render: Callable[[_Event], Any]) -> Callable[[_Event], Any]:
    def guarded(event: _Event) -> Any:  # noqa: ANN401 - as the renderer
        try:
            return render(structlog.processors.format_exc_info(None, "", event))
        except Exception as error:  # noqa: BLE001 - a side channel never gates
            return f"an event could not be written ({type(error).__name__})"

    return guarded


def _journal_fields(event: _Event) -> dict[str, str | int]:
    return journal_fields(event)


def _plain(event: _Event) -> str:
    level = str(event["level"])
    mark = "" if level == "info" else f"{level}: "
    return f"{_now():%H:%M:%S} {mark}{_harmless(sentence(event))}"


def _colored(event: _Event) -> str:
    color = _COLORS.get(str(event["level"]))
    line = _plain(event)
    return f"\x1b[{color}m{line}\x1b[0m" if color else line


def _dated(event: _Event) -> str:
    time = _now().isoformat(timespec="seconds")
    return f"{time} {event['level']}: {_harmless(sentence(event))}"


def _harmless(text: str) -> str:
    """Return the text without what could steer a terminal that shows it, then or later."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for sign in text
    )


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _to_stderr(line: str) -> None:
    with contextlib.suppress(Exception):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class _Forward(logging.Handler):
    """Takes what asyncio and the libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on; never raises."""
        with contextlib.suppress(Exception):
            log = logger()
            send = log.error if record.levelno >= logging.ERROR else log.warning
            send(record.getMessage(), logger=record.name, exc_info=record.exc_info or None)


def _take_over_standard_logging() -> None:
    root = logging.getLogger()
    if not any(isinstance(handler, _Forward) for handler in root.handlers):
        root.addHandler(_Forward(logging.WARNING))
