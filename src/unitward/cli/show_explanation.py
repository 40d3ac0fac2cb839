"""An explanation for people: a labelled line or two for each step from manifest to process."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from unitward.cli.output import FAINT, length, say
from unitward.cli.show_status import COLORS

if TYPE_CHECKING:
    from unitward.reconcile.explain_document import (
        ExplainDocument,
        LiveDocument,
        LoadedDocument,
        RulingDocument,
    )

LABEL = 11
DIGEST = 12
SECOND = 1_000_000


def print_explanation(document: "ExplainDocument") -> None:
    """Print an explanation."""
    left = document["until"] - time.time()
    ends = f" (in {length(left)})" if left > 0 else ""
    head = f"{document['unit']}  {document['sync']}"
    reason = f": {document['reason']}{ends}" if document["reason"] else ""
    say(f"{head}{reason}", COLORS.get(document["sync"], ""))
    _print("declared", _declared(document))
    _print("installed", _installed(document))
    _print("loaded", _loaded(document["loaded"]))
    _print("live", _live(document["live"]))
    _print("wants", _ruling(document["wants"]))
    _print("verdict", _ruling(document["verdict"]))
    for moment in document["moments"]:
        say(f"  {'':{LABEL}}{clock(moment['at'])}  {moment['what']}", FAINT)
    _print("change", _ruling(document["change"]))
    _print("next pass", document["actions"] or ["does nothing to it"])
    _print("last", _last(document))


def clock(at: float) -> str:
    """Return a moment of local time to the microsecond."""
    microseconds = round(at * SECOND)
    moment = time.localtime(microseconds // SECOND)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', moment)}.{microseconds % SECOND:06}"


def _print(label: str, lines: Iterable[str]) -> None:
    for line in lines:
        say(f"  {label:{LABEL}}{line}")
        label = ""


def _declared(document: "ExplainDocument") -> list[str]:
    lines = [f"{line['source']}  {line['text']}".rstrip() for line in document["lines"]]
    if document["declared"]:
        return lines
    return [f"no longer; it was at {line}" for line in lines[:1]] or ["no longer"]


def _installed(document: "ExplainDocument") -> list[str]:
    lines = []
    for file in document["files"]:
        digest = f", sha256 {file['digest'][:DIGEST]}" if file["digest"] else ""
        lines.append(f"{file['path']}  {file['standing']}{digest}")
    return lines or ["no file of unitward's"]


def _loaded(loaded: "LoadedDocument | None") -> list[str]:
    if loaded is None:
        return ["no: the manager does not know it"]
    state = "" if loaded["state"] == "loaded" else f"  {loaded['state']}"
    lines = [f"{loaded['fragment'] or 'no file'}{state}", *loaded["dropins"]]
    if loaded["older"]:
        lines.append("older than what stands or will stand on disk: a reload is due")
    return lines


def _live(live: "LiveDocument | None") -> list[str]:
    if live is None:
        return []
    since = f" for {length(time.time() - live['since'])}" if live["since"] else ""
    process = f", process {live['main_pid']}" if live["main_pid"] else ""
    result = f", result {live['result']}" if live["result"] != "success" else ""
    lines = [f"{live['active']} ({live['sub']}){since}{process}{result}"]
    if live["invocation"]:
        lines.append(f"invocation {live['invocation']}")
    return lines


def _ruling(ruling: "RulingDocument") -> list[str]:
    row = f" ({ruling['row']})" if ruling["row"] else ""
    return [f"{ruling['reason']}{row}"] if ruling["reason"] else []


def _last(document: "ExplainDocument") -> list[str]:
    last = document["last"]
    if last is None:
        return ["nothing that the ledger remembers"]
    result = "" if last["result"] == "done" else f": {last['result']}"
    detail = f" ({last['detail']})" if last["detail"] else ""
    ago = length(time.time() - last["at"])
    return [
        f"{last['summary']}{result}{detail}",
        f"{ago} ago, {last['revision']}, {last['trigger']}",
    ]
