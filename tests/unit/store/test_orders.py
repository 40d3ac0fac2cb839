"""What people asked for: written, read again, over when it is over; older ledgers learn it."""

import sqlite3
from pathlib import Path

from unitward.model.orders import Adoption, Hold, Nudge, NudgeKind, Orders
from unitward.model.recorded import RecordedFile, RecordedUnit
from unitward.model.source import Place
from unitward.store.ledger import Changes, open_ledger, read_ledger
from unitward.store.migrations import MIGRATIONS

HOLD = Hold("a.service", "maintenance", 5.0, 9.0)
NUDGE = Nudge("a.service", NudgeKind.RETRY, 7.0)
ADOPTION = Adoption("a.service", "a.service", "d")


def orders_at(path: Path) -> Orders:
    """Return the orders as another process reads them."""
    ledger = read_ledger(path)
    assert ledger is not None
    with ledger:
        return ledger.read().orders


def test_orders_are_read_again(tmp_path: Path) -> None:
    """H2: holds, nudges, adoptions and what is forgotten survive the process that wrote them."""
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path, identity="me") as ledger:
        ledger.orders.hold(Hold("a.service", "older", 1.0))
        ledger.orders.hold(HOLD)
        ledger.orders.nudge(NUDGE)
        ledger.orders.forget("b.service", 3.0)
        ledger.orders.adopt("a.service", [ADOPTION])
    assert orders_at(path) == Orders(
        holds={"a.service": HOLD},
        nudges={"a.service": NUDGE},
        adoptions={"a.service": ADOPTION},
        forgotten={"b.service": 3.0},
    )


def test_orders_end(tmp_path: Path) -> None:
    """H2, H3: a hold ends when told or by time; adopting takes back what was forgotten."""
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path, identity="me") as ledger:
        ledger.orders.hold(HOLD)
        ledger.orders.hold(Hold("b.service", "for ever", 5.0))
        ledger.orders.drop_expired(8.9)
        assert {"a.service", "b.service"} == ledger.read().orders.holds.keys()
        ledger.orders.drop_expired(9.0)
        assert {"b.service"} == ledger.read().orders.holds.keys()
        assert [True, False] == [ledger.orders.end_hold("b.service") for _ in range(2)]
        ledger.orders.forget("c.service", 1.0)
        ledger.orders.forget("d.service", 1.0)
        ledger.orders.adopt("c.service", [])
        ledger.orders.remember(["d.service"])
        ledger.orders.adopt("a.service", [ADOPTION])
        ledger.orders.take_back(ADOPTION)
        assert Orders() == ledger.read().orders


def test_forgetting_ends_all_other_orders(tmp_path: Path) -> None:
    """A unit that is given up is neither held nor nudged nor adopted any more."""
    with open_ledger(tmp_path / "ledger.sqlite", identity="me") as ledger:
        ledger.orders.hold(HOLD)
        ledger.orders.nudge(NUDGE)
        ledger.orders.adopt("a.service", [ADOPTION])
        ledger.orders.forget("a.service", 4.0)
        assert Orders(forgotten={"a.service": 4.0}) == ledger.read().orders


def test_a_pass_spends_what_it_used(tmp_path: Path) -> None:
    """H4: a start spends its nudge, not one that came since; a written file its adoption."""
    newer = Nudge("b.service", NudgeKind.RETRY, 8.0)
    with open_ledger(tmp_path / "ledger.sqlite", identity="me") as ledger:
        ledger.orders.nudge(NUDGE)
        ledger.orders.nudge(newer)
        ledger.orders.adopt("a.service", [ADOPTION])
        used = (NUDGE, Nudge("b.service", NudgeKind.RETRY, 7.0))
        file = RecordedFile("a.service", "a.service", "e", b"[Unit]\n")
        ledger.record(Changes(nudged=used, files=(file,)))
        assert Orders(nudges={"b.service": newer}) == ledger.read().orders


def test_a_ledger_of_version_1_learns_orders(tmp_path: Path) -> None:
    """A ledger that is older than orders keeps its content, is readable, and is migrated."""
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as old:
        old.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        old.execute("INSERT INTO facts VALUES ('identity', 'me'), ('installation', 'me-1')")
        old.execute(
            "INSERT INTO units VALUES ('a.service', 'a.yaml', 3, 5, 'stop', 'i', 'r', 'e', 'l',"
            " 'v', 'life', 'running', 2, 0, '')"
        )
        old.execute("INSERT INTO files VALUES ('a.service', 'a.service', 'd', x'41')")
        old.execute("INSERT INTO approvals VALUES ('abc', 1.0)")
    old.close()
    assert Orders() == orders_at(path)
    with open_ledger(path, identity="me") as ledger:
        ledger.orders.hold(HOLD)
        recorded = ledger.read()
    unit = RecordedUnit(
        "a.service", Place("a.yaml", 3, 5), install_digest="i", run_digest="r",
        external_digest="e", reload_digest="l", invocation="v", life="life", wish="running",
        tries=2,
    )  # fmt: skip
    assert {"a.service": unit} == recorded.units
    assert {"a.service": RecordedFile("a.service", "a.service", "d", b"A")} == recorded.files
    assert ("me-1", frozenset({"abc"})) == (recorded.installation, recorded.approved)
    assert Orders(holds={"a.service": HOLD}) == orders_at(path)
