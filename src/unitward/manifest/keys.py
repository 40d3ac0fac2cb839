"""The lower-case keys of a manifest: one table that decoding and the JSON Schema both read."""

from __future__ import annotations

from enum import Enum, StrEnum, auto

from unitward.model.declared import DriftPolicy, OnChange, OnRemove, State
from unitward.model.records import dataclass


class Shape(Enum):
    """What a key's value looks like."""

    TEXT = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    BOOLEAN_OR_ANY = auto()
    WORD = auto()
    PATHS = auto()
    LINTS = auto()
    ENVIRONMENT = auto()
    ENVIRONMENT_FILES = auto()
    SECRETS = auto()
    SCHEDULE = auto()
    LISTEN = auto()
    INSTANCES = auto()
    LATER = auto()


class Where(StrEnum):
    """What a key may describe; the value is how a message names it."""

    UNIT = "a unit"
    INSTANCE = "an instance"
    DROP_IN = "a drop-in"


_ANY = frozenset(Where)
_RUNNABLE = frozenset({Where.UNIT, Where.INSTANCE})
_UNIT = frozenset({Where.UNIT})


@dataclass(frozen=True, slots=True)
class Key:
    """One lower-case key: its shape, where it may stand, the words it takes, its meaning."""

    name: str
    shape: Shape
    where: frozenset[Where]
    meaning: str
    words: tuple[str, ...] = ()


def _words(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


UNIT_KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        Key("description", Shape.TEXT, _ANY, "[Unit] Description="),
        Key("env", Shape.ENVIRONMENT, _ANY, "Environment=, quoted for you; $ is literal"),
        Key("env_files", Shape.ENVIRONMENT_FILES, _ANY, "EnvironmentFile="),
        Key("secrets", Shape.SECRETS, _ANY, "LoadCredential=: name to path"),
        Key("schedule", Shape.SCHEDULE, _RUNNABLE, "Makes the timer of the same name"),
        Key("listen", Shape.LISTEN, _RUNNABLE, "Makes the socket of the same name"),
        Key("instances", Shape.INSTANCES, _UNIT, "The instances of a template that should exist"),
        Key("state", Shape.WORD, _RUNNABLE, "The wanted run state", _words(State)),
        Key("enable", Shape.BOOLEAN_OR_ANY, _RUNNABLE, "Whether it is linked by its [Install]"),
        Key("mask", Shape.BOOLEAN, _RUNNABLE, "Whether it is masked"),
        Key("on_change", Shape.WORD, _RUNNABLE, "What a change does to it", _words(OnChange)),
        Key("on_remove", Shape.WORD, _RUNNABLE, "What its removal does", _words(OnRemove)),
        Key("restart_on", Shape.PATHS, _RUNNABLE, "Files whose change restarts it"),
        Key("reload_on", Shape.PATHS, _RUNNABLE, "Files whose change reloads it"),
        Key("drift", Shape.WORD, _RUNNABLE, "What drift leads to", _words(DriftPolicy)),
        Key("allow", Shape.LINTS, _ANY, "Names of the lints to silence"),
        Key("min_version", Shape.NUMBER, _ANY, "The systemd version that it needs"),
        Key("hosts", Shape.LATER, _ANY, "Not supported yet"),
    )
}
"""Every key that a unit, an instance or a drop-in can have, by name."""

TOP_KEYS = ("version", "units", "removed", "min_version", "hosts")
"""Every key of a file's top level."""

IGNORED_PREFIX = "x-"
"""Keys that begin so are a place for anchors, at any level but within sections."""

TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})
"""Words that are yes (systemd's parse_boolean, src/basic/parse-util.c), whatever their case."""

FALSE = frozenset({"0", "no", "n", "false", "f", "off"})
"""Words that are no, whatever their case."""


def keys_for(where: Where) -> tuple[str, ...]:
    """Return the names of the keys that may stand there."""
    return tuple(key.name for key in UNIT_KEYS.values() if where in key.where)
