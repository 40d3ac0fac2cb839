"""The JSON Schema says what decoding says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from unitward.manifest.schema import json_schema
from unitward.model.declared import Manifest
from unitward.model.unittext import DirectiveTable

Read = Callable[..., Manifest]

VALID = [
    "version: 1\nunits: {}\n",
    "version: '1'\nremoved: [a.service]\nx-foo: {a: [b]}\nmin_version: 255\n",
    "version: 1\nunits: {a.service: {Service: {ExecStart: ['', /x], Restart: no, UMask: 0077}}}\n",
    "version: 1\nunits: {a.service: {env: {A: 1, B: on}, secrets: {t: ~/x}, state: any}}\n",
    "version: 1\nunits: {a.service: {env_files: [/a, {path: ./b, optional: yes}], enable: any}}\n",
    "version: 1\nunits: {a.service: {schedule: daily, listen: ['80'], X-Site: {A: b}}}\n",
    "version: 1\nunits: {a.service: {schedule: {OnCalendar: daily}, mask: no, x-y: 1}}\n",
    "version: 1\nunits: {a@.service: {instances: {b: , c: {Service: {Nice: 5}}}}}\n",
    "version: 1\nunits: {a@.service: {instances: [b, '1'], allow: [user-key]}}\n",
    "version: 1\nunits: {a.service.d/b.conf: {Service: {Nice: 5}}}\n",
    "version: 1\nunits: {service.d/b.conf: {Service: {Nice: 5}}}\n",
    "version: 1\nunits: {a.socket: {Socket: {ListenStream: 80}}}\n",
    "version: 1\nunits: {b.slice: {Slice: {CPUWeight: 5}}}\n",
]

INVALID = [
    "units: {a.service: {}}\n",
    "version: 2\nunits: {}\n",
    "version: 1\nunits: []\n",
    "version: 1\nunits: {a.servce: {}}\n",
    "version: 1\nunits: {a/b.service: {}}\n",
    "version: 1\nother: 1\nunits: {}\n",
    "version: 1\nunits: {a.service: {Service: {ExecStrat: /x}}}\n",
    "version: 1\nunits: {a.service: {Service: {}}}\n",
    "version: 1\nunits: {a.service: {Service: {ExecStart: []}}}\n",
    "version: 1\nunits: {a.service: {Service: {ExecStart: {a: b}}}}\n",
    "version: 1\nunits: {a.service: {Service: {ExecStart: }}}\n",
    "version: 1\nunits: {a.service: {Timer: {OnCalendar: daily}}}\n",
    "version: 1\nunits: {a.service: {servce: 1}}\n",
    "version: 1\nunits: {a.service: {state: up}}\n",
    "version: 1\nunits: {a.service: {on_change: [restart]}}\n",
    "version: 1\nunits: {a.service: {env: [A=b]}}\n",
    "version: 1\nunits: {a.service: {env: {1A: b}}}\n",
    "version: 1\nunits: {a.service: {env_files: [x]}}\n",
    "version: 1\nunits: {a.service: {secrets: {a: x}}}\n",
    "version: 1\nunits: {a.service: {restart_on: /x}}\n",
    "version: 1\nunits: {a.service: {listen: 80}}\n",
    "version: 1\nunits: {a.service: {allow: [nope]}}\n",
    "version: 1\nunits: {a.service: {hosts: [x]}}\n",
    "version: 1\nunits: {a@.service: {instances: [a/b]}}\n",
    "version: 1\nunits: {a.service.d/b.conf: {state: running}}\n",
]


@pytest.fixture(scope="module")
def validator(table: DirectiveTable) -> Draft202012Validator:
    """Return a validator by the schema of systemd 252."""
    schema = json_schema(table)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _typed(text: str) -> Any:
    return yaml.safe_load(text)


@pytest.mark.parametrize("text", VALID)
def test_what_decodes_passes_the_schema(
    read: Read,
    validator: Draft202012Validator,
    text: str,
) -> None:
    """An editor finds no fault where unitward finds none, though it types the YAML itself."""
    assert [] == [item.message for item in read(text).problems if item.severity == "error"]
    assert [] == [error.message for error in validator.iter_errors(_typed(text))]


@pytest.mark.parametrize("text", INVALID)
def test_what_does_not_decode_fails_the_schema(
    read: Read,
    validator: Draft202012Validator,
    text: str,
) -> None:
    """An editor marks what unitward would refuse."""
    assert any(item.severity == "error" for item in read(text).problems)
    assert not validator.is_valid(_typed(text))


def test_the_sample_passes_the_schema(validator: Draft202012Validator) -> None:
    """The example of the documentation is clean in an editor."""
    sample = Path(__file__).with_name("sample.yaml").read_text(encoding="utf-8")

    assert [] == [error.message for error in validator.iter_errors(_typed(sample))]


def test_the_schema_is_json(table: DirectiveTable) -> None:
    """It prints, and every directive of the table is in it."""
    schema = json.loads(json.dumps(json_schema(table)))

    for section, keys in table.sections.items():
        assert set(keys) == set(schema["$defs"][f"section-{section}"]["properties"])
