"""The quick `dataclass` does what the standard library's does."""

import dataclasses
from typing import Any

import pytest

from unitward.model.records import dataclass


def _classes(decorate: Any) -> tuple[Any, Any, Any]:
    """Make the same three classes with a decorator."""

    @decorate(frozen=True, slots=True, order=True)
    class Position:
        """Where something is."""

        file: str
        line: int = 0
        note: str = dataclasses.field(default="", compare=False)

    @decorate(slots=True)
    class Box:
        """What can be filled."""

        name: str
        items: list[str] = dataclasses.field(default_factory=list)

    @decorate(frozen=True, slots=True)
    class Nothing:
        """No field at all."""

    return Position, Box, Nothing


@pytest.fixture(params=[dataclass, dataclasses.dataclass], ids=["ours", "standard"])
def classes(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    """Return the classes as each of the two decorators makes them."""
    return _classes(request.param)


def test_objects_compare_and_sort_by_their_fields(classes: tuple[Any, Any, Any]) -> None:
    """Fields decide what is equal, before and hashed alike; one that is left out has no say."""
    position, box, nothing = classes
    assert position("a", 1, "x") == position("a", line=1, note="y")
    assert hash(position("a", 1, "x")) == hash(position("a", 1, "y"))
    assert position("a", 1) != position("a", 2)
    assert position("a", 1) != ("a", 1)
    given = [position("b"), position("a", 2), position("a", 1)]
    assert [position("a", 1), position("a", 2), position("b")] == sorted(given)
    assert (True, False) == (position("a") <= position("a"), position("a") > position("a"))
    assert box("a", ["x"]) == box("a", ["x"])
    assert nothing() == nothing()
    with pytest.raises(TypeError):
        hash(box("a"))
    with pytest.raises(TypeError):
        assert position("a") < "a"


def test_frozen_objects_stay_as_they_are(classes: tuple[Any, Any, Any]) -> None:
    """A frozen object refuses to be changed, the others take a new value; none takes a new name."""
    position, box, _ = classes
    place, filled = position("a"), box("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.line = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.line
    filled.name = "b"
    with pytest.raises(AttributeError):
        filled.other = 1
    assert (0, "b") == (place.line, filled.name)


def test_defaults_are_as_declared(classes: tuple[Any, Any, Any]) -> None:
    """What is not given has its default, made anew for each object; the rest must be given."""
    position, box, _ = classes
    one, other = box("a"), box("b")
    one.items.append("x")
    assert (["x"], []) == (one.items, other.items)
    assert ("a", 0, "") == (position("a").file, position("a").line, position("a").note)
    for given, named in (((), {}), (("a", 1, "", 2), {}), ((), {"f": "a"})):
        with pytest.raises(TypeError):
            position(*given, **named)


def test_the_standard_tools_take_them(classes: tuple[Any, Any, Any]) -> None:
    """`replace`, `asdict`, `fields`, `match` and `repr` see the same in both."""
    position, box, nothing = classes
    assert position("b", 3) == dataclasses.replace(position("a", 3), file="b")
    assert {"name": "a", "items": ["x"]} == dataclasses.asdict(box("a", ["x"]))
    assert ["file", "line", "note"] == [field.name for field in dataclasses.fields(position)]
    match position("a", 7):
        case position(file, line):
            assert ("a", 7) == (file, line)
        case _:
            pytest.fail("no match")
    assert repr(position("a", 1)).endswith("Position(file='a', line=1, note='')")
    assert repr(nothing()).endswith("Nothing()")


@pytest.mark.parametrize("decorate", [dataclass, dataclasses.dataclass], ids=["ours", "standard"])
def test_fields_that_are_not_given(decorate: Any) -> None:
    """A field that is not in `__init__` begins with its default, and is none of a copy's."""

    @decorate(frozen=True, slots=True)
    class Kept:
        """Something with a thing that others leave with it."""

        name: str
        left: Any = dataclasses.field(default=None, init=False, repr=False, compare=False)

    kept: Any = Kept
    one = kept("a")
    assert one.left is None
    object.__setattr__(one, "left", 3)
    assert one == kept("a")
    assert repr(one).endswith("Kept(name='a')")
    assert dataclasses.replace(one, name="b").left is None
    with pytest.raises(TypeError):
        kept("a", 3)


@pytest.mark.parametrize("decorate", [dataclass, dataclasses.dataclass], ids=["ours", "standard"])
def test_objects_that_are_only_themselves(decorate: Any) -> None:
    """With `eq=False` two objects with the same fields differ, and both are keys of a dict."""

    @decorate(frozen=True, slots=True, eq=False)
    class Job:
        """Something that happens once."""

        name: str

    made: Any = Job
    one, other = made("a"), made("a")
    assert one != other
    assert {one: 1, other: 2} == {other: 2, one: 1}
    assert len({one, other}) == 2


@pytest.mark.parametrize("decorate", [dataclass, dataclasses.dataclass], ids=["ours", "standard"])
def test_a_hash_of_its_own_stays(decorate: Any) -> None:
    """A class that says how it is hashed is hashed that way."""

    @decorate(frozen=True, slots=True)
    class Named:
        name: str
        note: str = ""

        def __hash__(self) -> int:
            return hash(self.name)

    named: Any = Named
    assert hash(named("a", "x")) == hash(named("a", "y")) == hash("a")
    assert named("a", "x") != named("a", "y")
