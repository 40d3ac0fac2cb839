"""The JSON Schema of manifests, from the same table of keys that decoding reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unitward.manifest import directives
from unitward.manifest.decode import FORMAT
from unitward.manifest.keys import FALSE, TRUE, UNIT_KEYS, Key, Shape, Where
from unitward.manifest.lint import LINTS
from unitward.unitfile.names import SUFFIXES

if TYPE_CHECKING:
    from unitward.model.unittext import DirectiveTable

_Schema = dict[str, Any]

# Editors type YAML themselves: `no` reaches the schema as false and 0755 as a number.
_SCALAR: _Schema = {"type": ["string", "number", "boolean"]}
_TEXT: _Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_VALUE: _Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}]}
_NAMES = r"^[A-Za-z0-9:_.\\@-]+$"


_PATH: _Schema = {"type": "string", "pattern": r"^(/|~/|~$|\./|%)"}
_BOOLEANS: list[Any] = [True, False, 1, 0, *sorted(TRUE | FALSE)]


def _reference(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(item: _Schema) -> _Schema:
    return {"type": "array", "items": item, "minItems": 1}


def _map(names: str, value: _Schema) -> _Schema:
    return {
        "type": "object",
        "propertyNames": {"pattern": names},
        "additionalProperties": value,
    }


_OPTIONAL_PATH: _Schema = {
    "type": "object",
    "properties": {"path": _PATH, "optional": {"enum": _BOOLEANS}},
    "required": ["path"],
    "additionalProperties": False,
}
_SHAPES: dict[Shape, _Schema] = {
    Shape.TEXT: _TEXT,
    Shape.NUMBER: {"type": ["integer", "string"], "pattern": "^[1-9][0-9]{0,3}$", "minimum": 1},
    Shape.BOOLEAN: {"enum": _BOOLEANS},
    Shape.BOOLEAN_OR_ANY: {"enum": [*_BOOLEANS, "any"]},
    Shape.PATHS: _list(_PATH),
    Shape.LINTS: _list({"enum": list(LINTS)}),
    Shape.ENVIRONMENT: _map("^[A-Za-z_][A-Za-z0-9_]*$", _SCALAR),
    Shape.ENVIRONMENT_FILES: _list({"anyOf": [_PATH, _OPTIONAL_PATH]}),
    Shape.SECRETS: _map("^[A-Za-z0-9_.@-]{1,255}$", _PATH),
    Shape.SCHEDULE: {"anyOf": [_TEXT, _reference("section-Timer")]},
    Shape.LISTEN: {"anyOf": [_list(_TEXT), _reference("section-Socket")]},
}


def json_schema(table: DirectiveTable) -> _Schema:
    """Return the schema (draft 2020-12) of manifests for a systemd with these directives."""
    suffixes = [suffix for suffix in SUFFIXES if suffix != ".device"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "unitward manifest",
        "type": "object",
        "required": ["version"],
        "properties": {
            "version": {"enum": [int(FORMAT), FORMAT]},
            "units": {
                "type": "object",
                "patternProperties": _unit_patterns(suffixes),
                "additionalProperties": False,
            },
            "removed": {"type": "array", "items": {"type": "string", "minLength": 1}},
            "min_version": _shape(UNIT_KEYS["min_version"]),
        },
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
        "$defs": {
            **{_sections_id(name): _section(table, name) for name in _sections(table)},
            **{
                _body_id(suffix, where): _body(suffix, where, table)
                for suffix in suffixes
                for where in Where
            },
        },
    }


def _unit_patterns(suffixes: list[str]) -> _Schema:
    patterns: _Schema = {}
    for suffix in suffixes:
        kind = suffix.removeprefix(".")
        patterns[rf"^[^/]+\.{kind}$"] = _reference(_body_id(suffix, Where.UNIT))
        drop_in = _reference(_body_id(suffix, Where.DROP_IN))
        patterns[rf"^(?:[^/]+\.)?{kind}\.d/[^/]+\.conf$"] = drop_in
    return patterns


def _body(suffix: str, where: Where, table: DirectiveTable) -> _Schema:
    keys = {
        key.name: {**_shape(key, suffix), "description": key.meaning}
        for key in UNIT_KEYS.values()
        if where in key.where and key.shape is not Shape.LATER
    }
    allowed = [name for name in directives.sections_of(suffix) if name in _sections(table)]
    sections = {name: _reference(_sections_id(name)) for name in allowed}
    return {
        "type": "object",
        "properties": {**keys, **sections},
        "patternProperties": {"^x-": {}, "^X-": {"type": "object"}},
        "additionalProperties": False,
    }


def _section(table: DirectiveTable, section: str) -> _Schema:
    known = table.sections.get(section, {})
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {
            name: {**_VALUE, "description": kind} for name, kind in sorted(known.items())
        },
        "patternProperties": {"^X-": _VALUE},
        "additionalProperties": _VALUE if not known else False,
    }


def _shape(key: Key, suffix: str = ".service") -> _Schema:
    if key.shape is Shape.INSTANCES:
        return _instances(suffix)
    if key.shape is Shape.WORD:
        return {"enum": list(key.words)}
    return _SHAPES[key.shape]


def _instances(suffix: str) -> _Schema:
    body = {"anyOf": [{"type": "null"}, _reference(_body_id(suffix, Where.INSTANCE))]}
    names = {"type": ["string", "number"], "pattern": _NAMES}
    return {"anyOf": [{"type": "array", "items": names}, _map(_NAMES, body)]}


def _sections(table: DirectiveTable) -> set[str]:
    own = {directives.section_of(suffix) for suffix in SUFFIXES} - {""}
    return own | {"Unit", "Install"} | set(table.sections)


def _sections_id(section: str) -> str:
    return f"section-{section}"


def _body_id(suffix: str, where: Where) -> str:
    return f"{where.name.lower()}{suffix}"
