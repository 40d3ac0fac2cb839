"""What two readings of the ledger have in common."""

from unitward.model.recorded import RecordedLink
from unitward.store.sharing import sharing


def _link(path: str, target: str) -> RecordedLink:
    return RecordedLink(path, target, "a.service")


def test_equal_rows_are_the_objects_of_the_reading_before() -> None:
    """What did not change is kept once; what changed is what was read now."""
    before = {"a": _link("a", "x"), "b": _link("b", "x"), "gone": _link("gone", "x")}

    now = sharing((("a", _link("a", "x")), ("b", _link("b", "y")), ("c", _link("c", "z"))), before)

    assert {"a": _link("a", "x"), "b": _link("b", "y"), "c": _link("c", "z")} == now
    assert before["a"] is now["a"]
