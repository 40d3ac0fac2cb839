"""The directive table: read from systemd's dump, remembered, shipped for where there is none."""

import json
import os
import time
from pathlib import Path

import pytest

from unitward.systemd.directives import (
    LEGACY,
    begin_to_load,
    load_directives,
    parse_dump,
    shipped_directives,
)


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """Make a program that answers as systemd does and counts how often it was asked."""
    path = tmp_path / "systemd"
    path.write_text(
        "#!/bin/sh\n"
        f"echo asked >>{tmp_path}/count\n"
        'if [ "$1" = --version ]; then echo "systemd 255 (255.4-1)"; exit; fi\n'
        "printf '[Unit]\\nDescription=STRING\\n\\n[Service]\\nExecStart=PATH [ARGUMENT [...]]\\n'\n"
    )
    path.chmod(0o755)
    return path


def asked(tmp_path: Path) -> int:
    """How often the program was run so far."""
    count = tmp_path / "count"
    return len(count.read_text().splitlines()) if count.exists() else 0


def test_dump_is_read_section_by_section() -> None:
    """Keys stand in their section with their type, whatever characters the type has."""
    text = "[Unit]\nDescription=STRING\n\n[Service]\nBindPaths=PATH[:PATH[:OPTIONS]] [...]\n"

    assert parse_dump(text) == {
        "Unit": {"Description": "STRING"},
        "Service": {"BindPaths": "PATH[:PATH[:OPTIONS]] [...]"},
    }


def test_systemd_is_asked_once_and_then_remembered(tmp_path: Path, binary: Path) -> None:
    """A second look at an unchanged systemd starts no process and gives the same table."""
    first = load_directives(tmp_path / "cache", binaries=[binary])
    runs = asked(tmp_path)
    second = load_directives(tmp_path / "cache", binaries=[binary])

    assert first == second
    assert first.version == 255
    assert first.knows("Service", "ExecStart")
    assert runs == asked(tmp_path) == 2


def test_systemd_answers_while_others_work(tmp_path: Path, binary: Path) -> None:
    """It is asked at the beginning, not when the table is needed, which then is the same."""
    end = begin_to_load(tmp_path / "cache", binaries=[binary])
    give_up_at = time.monotonic() + 30
    while asked(tmp_path) < 2 and time.monotonic() < give_up_at:
        time.sleep(0.005)
    assert asked(tmp_path) == 2
    assert end() == load_directives(tmp_path / "cache", binaries=[binary])
    assert asked(tmp_path) == 2


def test_an_upgraded_systemd_is_asked_again(tmp_path: Path, binary: Path) -> None:
    """A binary with another time stamp or size does not get the old binary's table."""
    load_directives(tmp_path / "cache", binaries=[binary])
    binary.write_text(binary.read_text().replace("systemd 255", "systemd 257"))
    os.utime(binary, (1, 1))

    assert load_directives(tmp_path / "cache", binaries=[binary]).version == 257


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"systemd": 1}', "\0"])
def test_a_corrupt_cache_is_made_again(tmp_path: Path, binary: Path, content: str) -> None:
    """Whatever stands in the cache file, the table is right and the cache is whole afterwards."""
    cache = tmp_path / "cache"
    good = load_directives(cache, binaries=[binary])
    (cache / "directives.json").write_text(content)

    assert good == load_directives(cache, binaries=[binary])
    assert json.loads((cache / "directives.json").read_text())["version"] == 255
    assert [entry.name for entry in cache.iterdir()] == ["directives.json"]


def test_a_cache_with_wrong_types_is_made_again(tmp_path: Path, binary: Path) -> None:
    """A cache for this very systemd whose table is no table is not believed."""
    cache = tmp_path / "cache"
    good = load_directives(cache, binaries=[binary])
    file = cache / "directives.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"sections": {"Unit": 3}}))

    assert good == load_directives(cache, binaries=[binary])


def test_an_unwritable_cache_does_no_harm(tmp_path: Path, binary: Path) -> None:
    """Where a file stands in the cache folder's place, the table is still right."""
    (tmp_path / "cache").write_text("")

    assert load_directives(tmp_path / "cache", binaries=[binary]).knows("Unit", "Description")


def test_without_systemd_the_shipped_table_serves(tmp_path: Path) -> None:
    """Where no systemd is installed, the table knows the common keys and says version 0."""
    table = load_directives(tmp_path, binaries=[tmp_path / "none"])

    assert table == shipped_directives()
    assert table.version == 0
    assert table.knows("Install", "WantedBy")
    assert table.knows("Service", "ExecStart")
    assert table.sections["Service"]["RemainAfterExit"] == "BOOLEAN"
    assert not table.knows("Service", "ExecStrt")


def test_a_systemd_that_fails_is_as_none(tmp_path: Path) -> None:
    """A binary that prints no table is passed over."""
    broken = tmp_path / "systemd"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)

    assert shipped_directives() == load_directives(None, binaries=[broken])


def test_the_next_systemd_is_asked_where_one_fails(tmp_path: Path, binary: Path) -> None:
    """One that prints no table hides no other that does."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)

    assert load_directives(tmp_path / "cache", binaries=[broken, binary]).version == 255


def test_keys_that_systemd_only_reads_are_known() -> None:
    """Keys whose support was removed still parse, so they are no unknown keys."""
    table = shipped_directives()

    assert table.sections["Service"]["SysVStartPriority"] == LEGACY
    assert table.sections["Unit"]["IgnoreOnSnapshot"] == LEGACY
