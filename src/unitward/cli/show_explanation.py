"""An explanation for people: a labelled line or two for each step from manifest to process."""

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from unitward.cli.output import FAINT, length, moment, say
from unitward.cli.show_status import COLORS, reason_now

if TYPE_CHECKING:
    from unitward.reconcile.explain_document import (
        ExplainDocument,
        LiveDocument,
        OrderDocument,
        RulingDocument,
    )

LABEL = 11
DIGEST = 12
SECOND = 1_000_000


def print_explanation(document: "ExplainDocument") -> None:
    """Print an explanation."""
    say(_head(document), COLORS.get(document["sync"], ""))
    _print("declared", _declared(document))
    _print("asked", map(_order, document["orders"]))
    _print("installed", _installed(document))
    _print("loaded", _loaded(document))
    _print("live", _live(document["live"]))
    _print("wants", _ruling(document["wants"]))
    _print("verdict", _ruling(document["verdict"]))
    for moment_ in document["moments"]:
        say(f"  {'':{LABEL}}{clock(moment_['at'])}  {moment_['what']}", FAINT)
    _print("change", _ruling(document["change"]))
    if document["sync"]:
        _print("next pass", document["actions"] or ["does nothing to it"])
        _print("last", _last(document))


def _head(document: "ExplainDocument") -> str:
    """Return the unit, its word and why, the word once where the reason begins with it."""
    name, sync = document["unit"], document["sync"]
    if not sync:
        return f"{name}  not unitward's"
    reason = reason_now(
        {"name": name, "sync": sync, "reason": document["reason"], "until": document["until"]}
    )
    word = "" if reason.startswith((f"{sync}:", f"{sync} ")) else sync
    return f"{name}  {word}{': ' if word and reason else ''}{reason}"


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
    if document["removed"]:
        return [f"no; listed under removed: at {document['removed']}"]
    if not document["sync"]:
        return ["no"]
    return [f"no longer; it was at {line}" for line in lines[:1]] or ["no longer"]


def _order(order: "OrderDocument") -> str:
    """Return what a person asked for, and what ends it."""
    since = f"since {moment(order['since'])}" if order["since"] else ""
    match order["kind"]:
        case "hold":
            until = f"until {moment(order['until'])}" if order["until"] else "until `resume`"
            return f"hold {since}, {until}: {order['reason']}"
        case "forget":
            return f"forget, {since}; `unitward adopt {order['reason']}` takes it back"
        case "adopt":
            return f"adopt {order['reason']} as it is now; a copy is kept"
        case kind:
            return f"{kind}, {since}"


def _installed(document: "ExplainDocument") -> list[str]:
    lines = []
    for file in document["files"]:
        digest = f", sha256 {file['digest'][:DIGEST]}" if file["digest"] else ""
        lines.append(f"{file['path']}  {file['standing']}{digest}")
    return lines or ["no file of unitward's"]


def _loaded(document: "ExplainDocument") -> list[str]:
    loaded = document["loaded"]
    if loaded is None and "/" in document["unit"]:
        return ["with each unit that it adds to"]
    if loaded is None and document["unit"].rpartition(".")[0].endswith("@"):
        return ["with its instances only"]
    if loaded is None:
        return ["no: the manager does not know it"]
    state = "" if loaded["state"] == "loaded" else f"  {loaded['state']}"
    lines = [f"{_short(loaded['fragment']) or 'no file'}{state}"]
    lines += map(_short, loaded["dropins"])
    if loaded["older"]:
        lines.append("older than what stands or will stand on disk: a reload is due")
    return lines


def _short(path: str) -> str:
    """Return a path with ~ for the home folder."""
    home = os.environ.get("HOME", "").rstrip("/")
    return f"~{path.removeprefix(home)}" if home and path.startswith(f"{home}/") else path


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
