"""The ledger: what was written is read again, whole or not at all."""

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from unitward.errors import LedgerError, LockHeldError
from unitward.model.declared import OnRemove
from unitward.model.orders import Hold
from unitward.model.recorded import (
    Before,
    Intent,
    IntentKind,
    Prior,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.source import Place
from unitward.store.ledger import Changes, open_ledger, read_ledger
from unitward.store.lock import hold_lock, lock_holder
from unitward.store.migrations import MIGRATIONS
from unitward.unitfile.mark import seal

UNIT = RecordedUnit(
    "a.service",
    Place("a.yaml", 3, 5),
    run_digest="r",
    tries=2,
    tried_at=12.5,
    masked=True,
    doubted="0" * 32,
)
BEFORE = Before("a.service", Prior.ACTIVE, (("x.target.wants/a.service", "/usr/lib/a.service"),))
FILE = RecordedFile("a.service", "a.service", "d", b"[Unit]\n")
LINK = RecordedLink("default.target.wants/a.service", "../a.service", "a.service")
INTENT = Intent(0, "a.service", IntentKind.RUN, digest="r", neighbours=("b.service",))


def test_identity_stays_until_another_is_taken(tmp_path: Path) -> None:
    """A new ledger names nobody; what is noted stays, with the marks as they are."""
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path, identity="me") as ledger:
        assert "" == ledger.read().identity
        ledger.take_identity("ada@alpha")
        assert "ada@alpha" == ledger.read().identity
        ledger.take_identity("ada@beta")
        installation = ledger.installation()
    with open_ledger(path, identity="me") as ledger:
        assert ("ada@beta", installation) == (ledger.read().identity, ledger.installation())


def test_recorded_is_read_again(tmp_path: Path) -> None:
    """Everything recorded comes back as it was, in another process too."""
    path = tmp_path / "state/ledger.sqlite"
    with open_ledger(path, identity="me") as ledger:
        ledger.record(Changes(units=(UNIT,), files=(FILE,), links=(LINK,)))
        ledger.set_absences({"b.service": 1.5})
        ledger.approve("abc", 1.0)
        [ident] = ledger.open_intents([INTENT], 2.0).values()
        installation = ledger.installation()
    other = read_ledger(path)
    assert other is not None
    with other:
        recorded = other.read()
    assert {"a.service": UNIT} == recorded.units
    assert {"a.service": FILE} == recorded.files
    assert {LINK.path: LINK} == recorded.links
    assert {"b.service": 1.5} == recorded.absences
    assert frozenset({"abc"}) == recorded.approved
    assert installation == recorded.installation
    [intent] = recorded.intents
    assert (ident, ("b.service",)) == (intent.ident, intent.neighbours)
    assert 0o600 == path.stat().st_mode & 0o777


def test_reading_is_spared_only_while_nothing_changed(tmp_path: Path) -> None:
    """The same object comes back until this or another process writes."""
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path, identity="me") as ledger, open_ledger(path, identity="me") as other:
        first = ledger.read()
        ledger.passes.publish({"x": 1}, 1.0, 0)
        assert first is ledger.read()
        ledger.approve("mine", 1.0)
        assert {"mine"} == ledger.read().approved
        other.approve("theirs", 1.0)
        assert {"mine", "theirs"} == ledger.read().approved


def test_only_what_was_written_is_read_anew(tmp_path: Path) -> None:
    """A request for a pass changes nothing; an order leaves units and files the same objects."""
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path, identity="me") as ledger, open_ledger(path, identity="me") as other:
        ledger.record(Changes(units=(UNIT,), files=(FILE,), links=(LINK,)))
        first = ledger.read()
        other.passes.ask_for_pass(1.0)
        assert first is ledger.read()
        other.orders.hold(Hold("a.service", "mine", 1.0))
        held = ledger.read()
        assert {"a.service"} == set(held.orders.holds)
        assert (True, True) == (held.units is first.units, held.files is first.files)
        other.orders.end_hold("a.service")
        assert first == ledger.read()


def test_what_another_process_wrote_of_units_is_seen(tmp_path: Path) -> None:
    """Units, files and links that an `apply` recorded meanwhile are read, and its intents."""
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path, identity="me") as ledger, open_ledger(path, identity="me") as other:
        ledger.record(Changes(units=(UNIT,), files=(FILE,)))
        assert {"a.service": FILE} == ledger.read().files
        newer = replace(FILE, digest="newer", content=b"newer")
        other.record(Changes(files=(newer,), links=(LINK,)))
        seen = ledger.read()
        assert ({"a.service": newer}, {LINK.path: LINK}) == (seen.files, seen.links)
        other.open_intents([INTENT], 2.0, (BEFORE,))
        [intent] = ledger.read().intents
        assert (INTENT.unit, {BEFORE.unit: BEFORE}) == (intent.unit, ledger.read().before)
        other.record(Changes(forgotten=("a.service",)))
        assert ({}, {}) == (ledger.read().units, ledger.read().files)


def test_forgotten_units_leave_nothing(tmp_path: Path) -> None:
    """Forgetting a unit removes its files, links, intents and absence from the ledger."""
    with open_ledger(tmp_path / "l", identity="me") as ledger:
        ledger.record(Changes(units=(UNIT,), files=(FILE,), links=(LINK,)))
        ledger.set_absences({"a.service": 1.0})
        ledger.open_intents([INTENT], 1.0)
        ledger.record(Changes(forgotten=("a.service",)))
        recorded = ledger.read()
    assert ({}, {}, {}, {}, ()) == (
        recorded.units,
        recorded.files,
        recorded.links,
        recorded.absences,
        recorded.intents,
    )


def test_any_number_of_units_is_forgotten_at_once(tmp_path: Path) -> None:
    """A thousand units go with their files, links and intents, and no other one with them."""
    names = [f"u{number:04}.service" for number in range(1005)]
    units = tuple(replace(UNIT, name=name) for name in names)
    files = tuple(RecordedFile(name, name, "d", b"[Unit]\n") for name in names)
    links = tuple(RecordedLink(f"x.target.wants/{n}", f"../{n}", n) for n in names)
    with open_ledger(tmp_path / "ledger.sqlite", identity="me") as ledger:
        ledger.record(Changes(units=units, files=files, links=links))
        ledger.open_intents([Intent(0, name, IntentKind.REMOVE) for name in names], 1.0)
        ledger.set_absences(dict.fromkeys(names, 2.0))
        stays = names.pop(501)
        ledger.record(Changes(forgotten=tuple(names)))
        recorded = ledger.read()
    assert [stays] == list(recorded.units)
    assert [stays] == list(recorded.files)
    assert [f"x.target.wants/{stays}"] == list(recorded.links)
    assert [stays] == [intent.unit for intent in recorded.intents]
    assert {stays: 2.0} == recorded.absences


def test_newer_intent_replaces_the_older(tmp_path: Path) -> None:
    """One open intent for each unit, kind and path; closing it removes it."""
    with open_ledger(tmp_path / "l", identity="me") as ledger:
        ledger.open_intents([INTENT], 1.0)
        [ident] = ledger.open_intents([INTENT], 2.0).values()
        assert [ident] == [intent.ident for intent in ledger.read().intents]
        ledger.record(Changes(closed=(ident,)))
        assert () == ledger.read().intents


def test_what_a_unit_was_is_known_from_the_first_intent_on(tmp_path: Path) -> None:
    """R6, N5: it is committed before anything is done, and goes with the unit."""
    path = tmp_path / "l"
    with open_ledger(path, identity="me") as ledger:
        [ident] = ledger.open_intents([INTENT], 1.0, [BEFORE]).values()
        other = read_ledger(path)
        assert other is not None
        with other:
            assert {"a.service": BEFORE} == other.read().before
            assert BEFORE == other.read().was("a.service")
            assert Before("b.service") == other.read().was("b.service")
        ledger.record(Changes(units=(UNIT,), closed=(ident,)))
        assert {"a.service": BEFORE} == ledger.read().before
        ledger.record(Changes(forgotten=("a.service",)))
        assert {} == ledger.read().before


def test_what_a_unit_was_does_not_outlive_a_pass_that_came_to_nothing(tmp_path: Path) -> None:
    """N5: a unit that is declared again months later is looked at afresh."""
    with open_ledger(tmp_path / "l", identity="me") as ledger:
        [ident] = ledger.open_intents([INTENT], 1.0, [BEFORE]).values()
        ledger.record(Changes(closed=(ident,)))
        assert {} == ledger.read().before


def ledger_of_version(path: Path, version: int) -> sqlite3.Connection:
    """Make a ledger as an earlier unitward left it, of this machine."""
    database = sqlite3.connect(path, isolation_level=None)
    for number in range(version):
        database.executescript(MIGRATIONS[number])
    database.execute(f"PRAGMA user_version = {version}")
    database.execute("INSERT INTO facts VALUES ('identity', 'me'), ('installation', 'me-1')")
    return database


def test_a_ledger_of_version_2_is_brought_up_to_date(tmp_path: Path) -> None:
    """Nothing recorded is lost: a reader sees it at once, the first writer moves it."""
    path = tmp_path / "l"
    old = ledger_of_version(path, 2)
    rows = [
        ("a.service", "a.yaml", 3, 5, "keep", "i", "r", "e", "l", "n", "life", "any", 2, 1, ""),
        ("p.service", "p.yaml", 1, 1, "stop", "", "", "", "", "", "", "stopped", 0, 0, "active"),
    ]
    old.executemany("INSERT INTO units VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    old.execute("INSERT INTO holds VALUES ('a.service', 'mine', 1, 0)")
    old.execute("INSERT INTO files VALUES ('a.service', 'a.service', 'd', x'5b')")
    old.close()
    reader = read_ledger(path)
    assert reader is not None
    with reader:
        before = reader.read()
    with open_ledger(path, identity="me") as ledger:
        after = ledger.read()
    assert before == after
    assert (
        RecordedUnit(
            "a.service",
            Place("a.yaml", 3, 5),
            OnRemove.KEEP,
            install_digest="i",
            run_digest="r",
            external_digest="e",
            reload_digest="l",
            invocation="n",
            life="life",
            wish="any",
            tries=2,
            masked=True,
        )
        == after.units["a.service"]
    )
    assert {"p.service": Before("p.service", Prior.ACTIVE)} == after.before
    assert {"a.service"} == set(after.files) == set(after.orders.holds)


def test_ledger_of_another_machine_is_refused(tmp_path: Path) -> None:
    """A copied home does not make another installation's units ours."""
    path = tmp_path / "l"
    open_ledger(path, identity="there").close()
    with pytest.raises(LedgerError, match="another machine"):
        open_ledger(path, identity="here")


def _installation(path: Path, unit_dir: Path) -> str:
    with open_ledger(path, identity="here-1000", unit_dir=unit_dir) as ledger:
        return ledger.installation()


def test_a_new_ledger_goes_on_with_the_marks_that_stand(tmp_path: Path) -> None:
    """N1, P7: what a lost ledger recorded is known again by the mark, in files and drop-ins."""
    first = _installation(tmp_path / "first", tmp_path)
    assert first.startswith("here-1000-")
    for path in ("a.service", "b.service.d/50-x.conf"):
        unit_dir = tmp_path / path.partition(".")[0]
        file = unit_dir / path
        file.parent.mkdir(parents=True)
        file.write_bytes(seal(b"[Unit]\n", installation=first, unit=path))
        assert first == _installation(tmp_path / f"{unit_dir.name}-ledger", unit_dir)


@pytest.mark.parametrize("others", [("there-1000-aa",), ("here-1000-aa", "here-1000-bb")])
def test_marks_of_others_or_of_several_do_not_count(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    """N3: a copied home stays foreign, and where marks disagree none is believed."""
    for number, other in enumerate(others):
        path = f"u{number}.service"
        (tmp_path / path).write_bytes(seal(b"[Unit]\n", installation=other, unit=path))
    assert _installation(tmp_path / "ledger", tmp_path) not in others


def test_a_ledger_knows_that_it_was_removed_or_replaced(tmp_path: Path) -> None:
    """What is written to a ledger that nobody can open any more would be lost in silence."""
    path = tmp_path / "ledger"
    with open_ledger(path, identity="me") as ledger:
        assert ledger.is_in_place()
        path.rename(tmp_path / "elsewhere")
        assert not ledger.is_in_place()
        open_ledger(path, identity="me").close()
        assert not ledger.is_in_place()


def test_a_full_disk_is_called_so(tmp_path: Path) -> None:
    """What could not be committed is not there, and the message says that space is missing."""
    with open_ledger(tmp_path / "ledger", identity="me") as ledger:
        ledger._db.execute("PRAGMA max_page_count=1")
        with pytest.raises(LedgerError, match="disk is full") as caught:
            ledger.passes.publish({"text": "x" * 100_000}, 1.0, 0)
        assert "nothing was changed; free space there" == caught.value.hint
        assert ledger.passes.last_report() is None
        ledger._db.execute("PRAGMA max_page_count=1000")
        ledger.passes.publish({}, 1.0, 0)
        assert ledger.passes.last_report() is not None


def test_newer_and_broken_ledgers_are_refused(tmp_path: Path) -> None:
    """A ledger of a newer unitward, or one that is no database, is not touched."""
    newer = tmp_path / "newer"
    open_ledger(newer, identity="me").close()
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(LedgerError, match="version 99"):
        open_ledger(newer, identity="me")
    broken = tmp_path / "broken"
    broken.write_bytes(b"no database at all, " * 100)
    with pytest.raises(LedgerError, match="not a database") as caught:
        open_ledger(broken, identity="me")
    assert caught.value.hint.startswith("move it away")
    assert broken.read_bytes().startswith(b"no database")


def test_failed_transaction_leaves_no_trace(tmp_path: Path) -> None:
    """A record that fails half-way is undone as a whole."""
    bad = RecordedFile("b", "b", "d", None)  # type: ignore[arg-type]  # the database refuses it
    with open_ledger(tmp_path / "l", identity="me") as ledger:
        with pytest.raises(LedgerError):
            ledger.record(Changes(files=(FILE, bad)))
        assert {} == ledger.read().files
        ledger.record(Changes(files=(FILE,)))
        assert {"a.service"} == set(ledger.read().files)


def test_requests_and_reports(tmp_path: Path) -> None:
    """A request is answered by the report that names it or a later one."""
    with open_ledger(tmp_path / "l", identity="me") as ledger:
        assert ledger.passes.last_report() is None
        first = ledger.passes.ask_for_pass(1.0)
        second = ledger.passes.ask_for_pass(2.0)
        assert first < second == ledger.passes.newest_request()
        ledger.passes.publish({"units": []}, 3.0, second)
        assert ({"units": []}, 3.0, second) == ledger.passes.last_report()
        assert second < ledger.passes.ask_for_pass(4.0)


def test_units_that_stand_as_before_are_published_once(tmp_path: Path) -> None:
    """The rest of a report is new each time; the units are those that were published last."""
    units = [{"name": "a.service"}]
    with open_ledger(tmp_path / "l", identity="me") as ledger:
        ledger.passes.publish({"trigger": "start", "units": units, "notes": []}, 1.0, 0)
        ledger.passes.publish(
            {"trigger": "resync", "units": [], "notes": []}, 2.0, 7, same_units=True
        )
        expected = {"trigger": "resync", "units": units, "notes": []}
        assert (expected, 2.0, 7) == ledger.passes.last_report()
        ledger.passes.publish({"units": []}, 3.0, 8)
        assert ({"units": []}, 3.0, 8) == ledger.passes.last_report()


def test_a_report_of_an_older_unitward_is_read(tmp_path: Path) -> None:
    """Its units lie within the report, and stay there until the next pass."""
    path = tmp_path / "ledger.sqlite"
    report = '{"units": [{"name": "a.service"}]}'
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript("".join(MIGRATIONS[:3]))
        old.execute("INSERT INTO last_report VALUES (1, 2.0, 3, ?)", (report,))
        old.execute("PRAGMA user_version = 3")
        old.commit()
    with open_ledger(path, identity="me") as ledger:
        assert ({"units": [{"name": "a.service"}]}, 2.0, 3) == ledger.passes.last_report()


def test_old_generations_make_room(tmp_path: Path) -> None:
    """Only the newest two hundred generations are kept."""
    with open_ledger(tmp_path / "l", identity="me") as ledger:
        for number in range(205):
            report = {"revision": str(number), "trigger": "test"}
            ledger.passes.publish(report, float(number), 0, changed=True)
        kept = ledger.passes.generations(limit=1000)
    assert (200, "204", "5") == (len(kept), kept[0].revision, kept[-1].revision)


def test_lock(tmp_path: Path) -> None:
    """The second one learns who holds the lock; it is free again afterwards."""
    path = tmp_path / "lock"
    assert lock_holder(path) is None
    with hold_lock(path, "the daemon"):
        holder = lock_holder(path)
        assert holder is not None
        assert "the daemon" == holder[1]
        with pytest.raises(LockHeldError, match="the daemon") as caught, hold_lock(path, "apply"):
            pass
        assert holder[0] == caught.value.pid
    assert lock_holder(path) is None
