"""An explanation as a document: what `unitward explain -o json` prints. Pure.

The shape is a promise to scripts; docs/output.md explains it, docs/schemas/ checks it.
"""

from typing import TypedDict

from unitward.model.explanation import Explanation, LastAction, Live, Loaded, Order, Ruling
from unitward.reconcile.document import source

EXPLAIN_SCHEMA = "unitward/explain/v1"


class LineDocument(TypedDict):
    """A line of the desired-state folder; `text` is empty where it is there no more."""

    source: str
    text: str


class OrderDocument(TypedDict):
    """What a person asked for of the unit: hold, forget, adopt, resume or retry.

    `reason` is why it is held, what was forgotten, or the path of the file that is adopted.
    """

    kind: str
    reason: str
    since: float
    until: float


class FileDocument(TypedDict):
    """One file that the unit is made of."""

    path: str
    standing: str
    digest: str


class LoadedDocument(TypedDict):
    """The definition that the manager works by."""

    state: str
    fragment: str
    dropins: list[str]
    older: bool


class LiveDocument(TypedDict):
    """What the manager says of the unit; `since` is wall-clock seconds."""

    active: str
    sub: str
    result: str
    invocation: str
    main_pid: int
    since: float


class RulingDocument(TypedDict):
    """A row of docs/semantics.md, "" where none has a say, and what it says here."""

    row: str
    reason: str


class MomentDocument(TypedDict):
    """A point in time that a verdict was read from, in wall-clock seconds."""

    what: str
    at: float


class LastDocument(TypedDict):
    """The newest thing done to the unit."""

    summary: str
    result: str
    detail: str
    at: float
    trigger: str
    revision: str


class ExplainDocument(TypedDict):
    """What `unitward explain -o json` prints; `until` is wall-clock seconds, 0 for none.

    `sync` is "" for a unit that is none of unitward's; `removed` is where it is listed as such.
    """

    schema: str
    unit: str
    sync: str
    reason: str
    until: float
    declared: bool
    removed: str
    lines: list[LineDocument]
    orders: list[OrderDocument]
    files: list[FileDocument]
    loaded: LoadedDocument | None
    live: LiveDocument | None
    wants: RulingDocument
    verdict: RulingDocument
    moments: list[MomentDocument]
    change: RulingDocument
    actions: list[str]
    last: LastDocument | None


def explain_document(found: Explanation) -> ExplainDocument:
    """Return the document of an explanation."""
    verdict = found.verdict
    return {
        "schema": EXPLAIN_SCHEMA,
        "unit": found.unit,
        "sync": verdict.sync.value if verdict else "",
        "reason": verdict.reason if verdict else "",
        "until": verdict.until if verdict else 0.0,
        "declared": found.is_declared,
        "removed": source(found.removed),
        "lines": [{"source": source(line.place), "text": line.text} for line in found.lines],
        "orders": [_order(order) for order in found.orders],
        "files": [
            {"path": file.path, "standing": file.standing.value, "digest": file.digest}
            for file in found.files
        ],
        "loaded": _loaded(found.loaded),
        "live": _live(found.live),
        "wants": _ruling(found.wants),
        "verdict": _ruling(found.judged),
        "moments": [{"what": moment.what, "at": moment.at} for moment in found.moments],
        "change": _ruling(found.change),
        "actions": list(found.doing),
        "last": _last(found.last),
    }


def _ruling(ruling: Ruling) -> RulingDocument:
    return {"row": ruling.row, "reason": ruling.text}


def _order(order: Order) -> OrderDocument:
    return {
        "kind": order.kind.value,
        "reason": order.reason,
        "since": order.since,
        "until": order.until,
    }


def _loaded(loaded: Loaded | None) -> LoadedDocument | None:
    if loaded is None:
        return None
    return {
        "state": loaded.state,
        "fragment": loaded.fragment,
        "dropins": list(loaded.dropins),
        "older": loaded.is_older,
    }


def _live(live: Live | None) -> LiveDocument | None:
    if live is None:
        return None
    return {
        "active": live.active,
        "sub": live.sub,
        "result": live.result,
        "invocation": live.invocation,
        "main_pid": live.main_pid,
        "since": live.since,
    }


def _last(last: LastAction | None) -> LastDocument | None:
    if last is None:
        return None
    return {
        "summary": last.summary,
        "result": last.result,
        "detail": last.detail,
        "at": last.at,
        "trigger": last.trigger,
        "revision": last.revision,
    }
