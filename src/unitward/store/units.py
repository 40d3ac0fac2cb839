"""The ledger's tables of units: what is known of each, and what each was before us."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any

from unitward.model.declared import OnRemove
from unitward.model.recorded import Before, Prior, RecordedUnit
from unitward.model.source import Place
from unitward.store.sharing import sharing

BEFORE_SINCE, COLUMNS_SINCE = 3, 3
"""The ledger's versions that brought the table `before` and the present columns of `units`."""

_ON_REMOVE = {policy.value: policy for policy in OnRemove}
_PRIOR = {prior.value: prior for prior in Prior}
COLUMNS = (
    "name, file, line, column_, on_remove, install_digest, run_digest, external_digest,"
    " reload_digest, invocation, life, wish, doubted, tries, tried_at, masked"
)
OLDER_COLUMNS = COLUMNS.replace("doubted", "''").replace("tried_at", "0")
MARKS = ", ".join("?" * len(COLUMNS.split(",")))


def read_units(
    db: sqlite3.Connection, before: Mapping[str, RecordedUnit]
) -> dict[str, RecordedUnit]:
    """Return every recorded unit by its name, of an older ledger too.

    before: the reading before this one.
    """
    columns = COLUMNS if _version(db) >= COLUMNS_SINCE else OLDER_COLUMNS
    rows = db.execute(f"SELECT {columns} FROM units ORDER BY name")  # noqa: S608 - constants
    return sharing(((unit.name, unit) for unit in map(_unit, rows)), before)


def write_units(db: sqlite3.Connection, units: Iterable[RecordedUnit]) -> None:
    """Replace what is known of units."""
    statement = f"REPLACE INTO units ({COLUMNS}) VALUES ({MARKS})"  # noqa: S608 - constants
    db.executemany(statement, map(_row, units))


def read_before(db: sqlite3.Connection) -> dict[str, Before]:
    """Return what units were before the first act of unitward, of an older ledger too."""
    if _version(db) < BEFORE_SINCE:
        rows = db.execute("SELECT name, prior, '[]' FROM units WHERE prior <> '' ORDER BY name")
    else:
        rows = db.execute("SELECT unit, state, links FROM before ORDER BY unit")
    return {unit: Before(unit, _PRIOR[state], _links(links)) for unit, state, links in rows}


def write_before(db: sqlite3.Connection, found: Iterable[Before]) -> None:
    """Replace what units were before."""
    rows = [(was.unit, was.state.value, json.dumps(was.links)) for was in found]
    db.executemany("REPLACE INTO before VALUES (?, ?, ?)", rows)


def drop_stale_before(db: sqlite3.Connection) -> None:
    """Forget what units were that are neither known nor about to be acted on."""
    db.execute(
        "DELETE FROM before WHERE unit NOT IN (SELECT name FROM units)"
        " AND unit NOT IN (SELECT unit FROM intents)"
    )


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def _unit(row: tuple[Any, ...]) -> RecordedUnit:
    name, file, line, column, on_remove, *digests, tries, tried_at, masked = row
    install, run, external, reload, invocation, life, wish, doubted = digests
    return RecordedUnit(
        name=intern(name),
        place=Place(intern(file), line, column),
        on_remove=_ON_REMOVE[on_remove],
        install_digest=intern(install),
        run_digest=intern(run),
        external_digest=external,
        reload_digest=reload,
        invocation=invocation,
        life=intern(life),
        wish=intern(wish),
        tries=tries,
        tried_at=float(tried_at),
        masked=bool(masked),
        doubted=doubted,
    )


def _links(text: str) -> tuple[tuple[str, str], ...]:
    if text == "[]":  # of most units
        return ()
    return tuple((path, target) for path, target in json.loads(text))


def _row(unit: RecordedUnit) -> tuple[object, ...]:
    place = unit.place
    return (
        unit.name,
        place.file,
        place.line,
        place.column,
        unit.on_remove.value,
        unit.install_digest,
        unit.run_digest,
        unit.external_digest,
        unit.reload_digest,
        unit.invocation,
        unit.life,
        unit.wish,
        unit.doubted,
        unit.tries,
        unit.tried_at,
        int(unit.masked),
    )
