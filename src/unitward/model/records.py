"""`dataclass` as the standard library has it, without what that costs at import.

The standard one compiles six methods of a frozen class while its module is imported: 0.45 ms, and
`plan` and `apply` import 130 such classes, a quarter of what their imports take. Here only
`__init__` is compiled, when the first object of the class is made; what compares, shows and guards
objects is the same code for all classes. Type checkers see the standard decorator.

What is not here, because nothing here needs it: `kw_only`, `InitVar` and `__post_init__`.
"""

import dataclasses
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

_NOT_GIVEN = object()
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
}


def _dataclass(
    *, frozen: bool = False, slots: bool = True, order: bool = False, eq: bool = True
) -> Callable[[type], type]:
    """Return the decorator; its classes always have slots."""
    assert slots

    def made(bare: type) -> type:
        # Without a docstring it would be given its signature, which takes 1 ms at first.
        bare.__doc__ = bare.__doc__ or bare.__name__
        cls: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(bare)
        fields = dataclasses.fields(cls)
        compared = _getter([field.name for field in fields if field.compare])
        cls.__init__ = _first_init(cls, fields, frozen=frozen)
        if eq:
            cls.__eq__ = _comparison(operator.eq, compared)
            cls.__hash__ = bare.__dict__.get("__hash__") or (_hash(compared) if frozen else None)
        cls.__repr__ = _shown
        if frozen:
            cls.__setattr__, cls.__delattr__ = _refuse_set, _refuse_delete
        if order:
            for name, compare in _ORDER.items():
                setattr(cls, name, _comparison(compare, compared))
        record: type = cls
        return record

    return made


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - an export
else:
    dataclass = _dataclass


def _getter(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda record: tuple([getattr(record, name) for name in names])


def _comparison(
    compare: Callable[[Any, Any], Any], compared: Callable[[object], tuple[object, ...]]
) -> Callable[[object, object], object]:
    def method(self: object, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compare(compared(self), compared(other))

    return method


def _hash(compared: Callable[[object], tuple[object, ...]]) -> Callable[[object], int]:
    return lambda record: hash(compared(record))


def _shown(record: Any) -> str:  # noqa: ANN401 - of any class
    names = (field.name for field in dataclasses.fields(record) if field.repr)
    values = ", ".join(f"{name}={getattr(record, name)!r}" for name in names)
    return f"{type(record).__qualname__}({values})"


def _refuse_set(_: object, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _first_init(
    cls: Any,  # noqa: ANN401 - of any class
    fields: tuple[dataclasses.Field[Any], ...],
    *,
    frozen: bool,
) -> Callable[..., None]:
    """Return the `__init__` of the first object, which puts the real one in its own place."""

    def method(self: object, *given: object, **named: object) -> None:
        cls.__init__ = _compiled(cls, fields, frozen=frozen)
        cls.__init__(self, *given, **named)

    return method


def _compiled(
    cls: Any,  # noqa: ANN401 - of any class
    fields: tuple[dataclasses.Field[Any], ...],
    *,
    frozen: bool,
) -> Callable[..., None]:
    scope: dict[str, Any] = {"_not_given": _NOT_GIVEN}
    taken, body = [], []
    for field in fields:
        name = value = field.name
        default: Any = field.default
        if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
            default, scope[f"_make_{name}"] = _NOT_GIVEN, field.default_factory
            value = f"_make_{name}() if {name} is _not_given else {name}"
        scope[f"_default_{name}"] = default
        if field.init:
            taken.append(name if default is dataclasses.MISSING else f"{name}=_default_{name}")
        else:
            value = f"_default_{name}"
        # The slot itself, past the __setattr__ that refuses.
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        body.append(f"_set_{name}(self, {value})" if frozen else f"self.{name} = {value}")
    source = f"def __init__(self, {', '.join(taken)}):\n " + "\n ".join(body or ["pass"])
    exec(source, scope)  # noqa: S102 - as the standard library does; nothing in it is input
    method: Callable[..., None] = scope["__init__"]
    method.__qualname__ = f"{cls.__qualname__}.__init__"
    return method
