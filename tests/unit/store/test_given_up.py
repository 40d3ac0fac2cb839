"""Why passes fail, told beside the ledger."""

from pathlib import Path

from unitward.store.given_up import GivenUp, read_given_up, write_given_up

SAID = GivenUp(7, 100.5, "the ledger is locked", "wait")


def test_what_is_said_is_read_until_it_is_taken_back(tmp_path: Path) -> None:
    """The newest word counts, and none once all is well; no other file is left."""
    path = tmp_path / "run/given-up.json"
    write_given_up(path, GivenUp(7, 100.5, "before"))
    write_given_up(path, SAID)
    assert SAID == read_given_up(path, 7)
    assert [path] == list(path.parent.iterdir())
    write_given_up(path, None)
    assert None is read_given_up(path, 7)
    write_given_up(path, None)


def test_only_the_daemon_that_runs_is_believed(tmp_path: Path) -> None:
    """What a daemon that is gone left behind, or nonsense, says nothing of the one there is."""
    path = tmp_path / "given-up.json"
    write_given_up(path, SAID)
    assert None is read_given_up(path, 8)
    for nonsense in (b"", b"[]", b"{}", b"\xff", b'{"pid": 7}'):
        path.write_bytes(nonsense)
        assert None is read_given_up(path, 7)


def test_where_nothing_can_be_written_nothing_is_raised(tmp_path: Path) -> None:
    """Telling is a side channel: a file in place of its folder hurts nobody."""
    (tmp_path / "run").write_text("")
    write_given_up(tmp_path / "run/given-up.json", SAID)
    write_given_up(tmp_path / "run/given-up.json", None)
