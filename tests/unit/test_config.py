"""config.yaml: every problem at once, and nothing typed by YAML."""

import os
from dataclasses import fields, replace
from pathlib import Path, PurePath

import pytest

from unitward.config import load_settings
from unitward.errors import ConfigError
from unitward.model.declared import DriftPolicy
from unitward.model.folders import folders_from
from unitward.model.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def _problems(path: Path, text: str | bytes) -> list[str]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    return str(caught.value).splitlines()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of a configuration that does not exist yet."""
    return tmp_path / "config.yaml"


def test_example_is_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example file parses and says exactly the defaults."""
    monkeypatch.setenv("HOME", "/home/ada")
    default = folders_from({"HOME": "/home/ada"}, 1000).desired

    assert replace(Settings(), source=default) == load_settings(EXAMPLE)


def test_example_names_every_key() -> None:
    """No key is missing from the example, and each has a comment of its own."""
    blocks = [block.splitlines() for block in EXAMPLE.read_text().strip().split("\n\n")[1:]]

    assert [field.name for field in fields(Settings)] == [
        lines[-1].removeprefix("# ").partition(":")[0] for lines in blocks
    ]
    assert all(line.startswith("# ") for lines in blocks for line in lines[:-1])
    assert all(len(lines) > 1 for lines in blocks)


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "---\n"])
def test_nothing_said_means_defaults(file: Path, text: str | None) -> None:
    """A missing or empty file means the defaults."""
    if text is not None:
        file.write_text(text)

    assert Settings() == load_settings(file)


def test_every_key_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key sets its setting, in seconds where it is a time."""
    monkeypatch.setenv("HOME", "/home/ada")
    file.write_text(
        "version: 1\nidentity: ada@alpha\nsource: ~/units\nsettle: 250ms\n"
        "settle_cap: 1min 5s\nresync: 2h\n"
        "stop_grace: 0s\nprune_after: 90\nmax_restarts: 3\njob_wait: 1.5s\n"
        "drift: report\nstrict: on\nunitward_version: 1.10rc1\nunitward_from: ~/wheels\n"
    )

    assert Settings(
        identity="ada@alpha",
        source=PurePath("/home/ada/units"),
        settle=0.25,
        settle_cap=65.0,
        resync=7200.0,
        stop_grace=0.0,
        prune_after=90.0,
        max_restarts=3,
        job_wait=1.5,
        drift=DriftPolicy.REPORT,
        strict=True,
        unitward_version="1.10rc1",
        unitward_from=PurePath("/home/ada/wheels"),
    ) == load_settings(file)


@pytest.mark.parametrize("text", ["ada@alpha.example.org", "ada@example.org@alpha", "a-1@b-2"])
def test_identity_is_taken_as_written(file: Path, text: str) -> None:
    """A host may have a domain, and an account of a directory service an @ of its own."""
    file.write_text(f"identity: {text}\n")

    assert text == load_settings(file).identity


@pytest.mark.parametrize("text", ["alpha", "@alpha", "ada@", "a b@alpha", "ada@-", "a@b/c"])
def test_identity_is_user_and_host(file: Path, text: str) -> None:
    """What is not USER@HOST is refused with an example."""
    assert [
        f"{file}:1: `identity`: `{text}` is not USER@HOST",
        "    hint: write for example ada@alpha",
    ] == _problems(file, f"identity: '{text}'\n")


@pytest.mark.parametrize("text", ["newest", "../0.2", "v0.2", ">=0.2"])
def test_pinned_version_is_one_version(file: Path, text: str) -> None:
    """A pin names exactly one version; where versions come from is a folder or the index."""
    assert [
        f"{file}:1: `unitward_version`: `{text}` is not a version",
        "    hint: write 0.2.0, or any for no version",
        f"{file}:2: `unitward_from`: `wheels` is not an absolute path",
        "    hint: write /path or ~/path",
    ] == _problems(file, f"unitward_version: '{text}'\nunitward_from: wheels\n")[:4]


def test_all_problems_at_once(file: Path) -> None:
    """Every problem is named with its line and what to do, in the order of the file."""
    found = _problems(
        file,
        "setle: 1s\nresync: soon\nmax_restarts: many\nsource: relative/path\n"
        "drift: fix\nstrict: maybe\njob_wait: [1, 2]\nresync: 5min\nversion: 2\nsettle:\n"
        "stop_grace: 900d\nprune_after: !x 5\n",
    )

    assert [
        f"{file}:1: unknown key `setle`",
        "    hint: did you mean settle?",
        f"{file}:2: `resync`: `soon` is not a time span",
        "    hint: write 100ms, 10s, 5min or 1h 30min",
        f"{file}:3: `max_restarts`: `many` is not a whole number in range",
        "    hint: allowed: 1 to 100000",
        f"{file}:4: `source`: `relative/path` is not an absolute path",
        "    hint: write /path or ~/path",
        f"{file}:5: `drift`: `fix` is not a drift policy",
        "    hint: write correct or report",
        f"{file}:6: `strict`: `maybe` is neither yes nor no",
        "    hint: write yes or no",
        f"{file}:7: `job_wait`: expected one value, not a list or a map",
        f"{file}:8: `resync` is set twice, first on line 2",
        "    hint: keep one of them",
        f"{file}:9: `version`: `2` is not known to this unitward",
        "    hint: the only version is 1",
        f"{file}:10: `settle`: has no value",
        "    hint: give one, or remove the line for the default",
        f"{file}:11: `stop_grace`: 900d is out of range",
        "    hint: allowed: 0s to 7d",
        f"{file}:12: `prune_after`: `!x` is a YAML tag",
        "    hint: quote the value",
    ] == found


def test_cap_below_settle_is_refused(file: Path) -> None:
    """A cap shorter than the quiet time could never be kept."""
    found = _problems(file, "settle: 5s\n")

    assert f"{file}:1: `settle_cap` (2s) is shorter than `settle` (5s)" == found[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"settle: 1s\n\xff\n", ":2: is not UTF-8 text"),
        (b"a: b: c\n", ":1: invalid YAML: mapping values are not allowed here"),
        (b"settle: '1s\n", ":2: invalid YAML: found unexpected end of stream"),
        (b"- settle\n", ":1: expected lines of `key: value`"),
        (b"just words\n", ":1: expected lines of `key: value`"),
        (b"version: 1\n---\nversion: 1\n", ":2: invalid YAML: but found another document"),
        (b"#" * 70_000, ": has 70000 bytes; at most 65536 are read"),
        (b"settle: \x00\n", ": invalid YAML: unacceptable character #x0000"),
        (b"? [a]\n: b\n", ":1: unknown key ``"),
    ],
)
def test_unusable_files(file: Path, content: bytes, message: str) -> None:
    """A file that is no configuration is refused with the place and the reason."""
    found = _problems(file, content)

    assert found[0].startswith(f"{file}{message}")


def test_deep_nesting_is_refused(file: Path) -> None:
    """A line of brackets neither ends the process nor passes."""
    found = _problems(file, "[" * 60_000)

    assert "invalid YAML" in found[0]


def test_what_is_not_a_file_is_refused(file: Path, tmp_path: Path) -> None:
    """Folders, FIFOs and dangling links are errors at once, not defaults and not a hang."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to("nowhere")
    messages = []
    for path in (tmp_path, tmp_path / "fifo", tmp_path / "dangling", file / "below"):
        file.write_text("version: 1\n")
        with pytest.raises(ConfigError) as caught:
            load_settings(path)
        messages.append(str(caught.value).removeprefix(f"{path}: "))

    assert messages == [
        "is not a regular file",
        "is not a regular file",
        "is a link to nowhere, which does not exist",
        "cannot be read: Not a directory",
    ]
