"""The published JSON Schemas know every word that a document can hold."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from unitward.model.explanation import OrderKind, Standing
from unitward.model.plan import Sync, Verb
from unitward.model.report import Result
from unitward.model.source import Severity

SCHEMAS = Path(__file__).parents[3] / "docs/schemas"


@pytest.mark.parametrize(
    ("file", "definition", "key", "words"),
    [
        ("plan-v1", "action", "action", Verb),
        ("plan-v1", "unit", "sync", Sync),
        ("plan-v1", "problem", "severity", Severity),
        ("status-v1", "outcome", "action", Verb),
        ("status-v1", "outcome", "result", Result),
        ("status-v1", "unit", "sync", Sync),
        ("validate-v1", "problem", "severity", Severity),
        ("explain-v1", "file", "standing", Standing),
        ("explain-v1", "stand", "sync", Sync),
        ("explain-v1", "order", "kind", OrderKind),
    ],
)
def test_schemas_know_every_word(
    file: str, definition: str, key: str, words: type[StrEnum]
) -> None:
    """A word that is added to the model is added to the promise."""
    schema: Any = json.loads((SCHEMAS / f"{file}.json").read_text(encoding="utf-8"))
    known = schema["$defs"][definition]["properties"][key]["enum"]
    assert {word.value for word in words} == set(known)
