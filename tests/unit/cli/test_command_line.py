"""The command line as a process: exit codes, streams, no traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from unitward.cli import COMMANDS

GOOD = """\
version: 1
units:
  api.service:
    Service: {ExecStart: /bin/true}
"""


def run(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    """Run unitward in an environment without HOME, bus or XDG_RUNTIME_DIR."""
    given: dict[str, object] = {"env": {"PATH": os.environ["PATH"]}, **options}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "unitward", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        **given,
    )


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    """`--help` of each command works anywhere and names the command."""
    ended = run(command, "--help")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ended.stdout.startswith(f"Usage: unitward {command} ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["plan", "--nonsense"],
        ["plan", "-o", "xml"],
        ["approve"],
        ["logs"],
        ["logs", "a.service", "-n", "-1"],
        ["sync", "--timeout", "0"],
    ],
)
def test_a_wrong_command_line_is_64(arguments: list[str]) -> None:
    """Usage errors have an exit code of their own: 2 means changes pending."""
    ended = run(*arguments)
    assert (64, "") == (ended.returncode, ended.stdout)
    assert "Error:" in ended.stderr


@pytest.mark.parametrize("command", ["status", "plan", "diff", "apply", "sync", "validate", "run"])
def test_without_home_it_says_what_is_missing(command: str) -> None:
    """What needs an account says that HOME is missing, in one message and a hint."""
    ended = run(command)
    assert (1, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.startswith("unitward: HOME is not set")
    assert 2 == len(ended.stderr.splitlines())


def test_validate_needs_nothing(tmp_path: Path) -> None:
    """A bare CI job can check a folder, a file, and several of both."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one/a.yaml").write_text(GOOD)
    single = tmp_path / "b.service"
    single.write_text("[Service]\nExecStart=/bin/true\n")

    for paths in (
        [tmp_path],
        [single],
        [tmp_path / "one", single],
        [single, tmp_path / "one/a.yaml"],
    ):
        ended = run("validate", *map(str, paths))
        assert (0, "") == (ended.returncode, ended.stderr), paths
        assert "valid unit" in ended.stdout
    assert "2 valid units\n" == run("validate", str(tmp_path)).stdout


def test_validate_finds_the_line(tmp_path: Path) -> None:
    """A problem carries a path that can be opened from the working directory, line and column."""
    (tmp_path / "units").mkdir()
    (tmp_path / "units/a.yaml").write_text(GOOD.replace("ExecStart", "ExecStrat"))

    for path in ("units", "units/a.yaml", str(tmp_path / "units"), "./units"):
        ended = run("validate", "-o", "json", path, cwd=tmp_path)
        assert 1 == ended.returncode
        problem = json.loads(ended.stdout)["problems"][0]
        assert (4, 15, "error") == (problem["line"], problem["column"], problem["severity"])
        assert (tmp_path / problem["file"]).is_file(), path
    text = run("validate", "units", cwd=tmp_path)
    assert text.stderr.startswith("units/a.yaml:4:15: error: ")
    assert "did you mean ExecStart?" in text.stderr


def test_verbose_names_what_is_passed_over(tmp_path: Path) -> None:
    """`validate -v` says which files declare nothing, YAML of others among them."""
    for name in ("a.yaml", "compose.yaml", "notes.txt"):
        (tmp_path / name).write_text(GOOD if name == "a.yaml" else "services: {}\n")
    said = run("validate", "-v", ".", cwd=tmp_path).stdout
    assert "ignored: compose.yaml\nignored: notes.txt\n1 valid unit\n" == said


def test_files_named_together_are_one_folder(tmp_path: Path) -> None:
    """Two files that declare the same unit clash when both are named, as in their folder."""
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    assert 1 == run("validate", "a.yaml", "b.yaml", cwd=tmp_path).returncode
    assert 0 == run("validate", "a.yaml", cwd=tmp_path).returncode


def test_a_single_drop_in_is_a_drop_in(tmp_path: Path) -> None:
    """A drop-in that is named by itself is checked as one."""
    folder = tmp_path / "api.service.d"
    folder.mkdir()
    (folder / "10-site.conf").write_text("[Service]\nNice=5\n")
    ended = run("validate", str(folder / "10-site.conf"))
    assert (0, "") == (ended.returncode, ended.stderr)


@pytest.mark.parametrize(
    ("path", "said"), [("missing", "no such file"), ("README.md", "neither a manifest nor a unit")]
)
def test_validate_refuses_what_it_cannot_check(tmp_path: Path, path: str, said: str) -> None:
    """A path that cannot be checked is an error, never silently valid."""
    (tmp_path / "README.md").write_text("hello")
    ended = run("validate", path, cwd=tmp_path)
    assert 1 == ended.returncode
    assert said in ended.stderr


def test_schema_needs_no_home() -> None:
    """The schema of the manifest is one JSON document, anywhere."""
    ended = run("schema")
    assert 0 == ended.returncode
    assert "units" in json.loads(ended.stdout)["properties"]


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    """A closed pipe ends the command without a word, whether the output is long or short."""
    for command in (["schema"], ["validate", str(tmp_path)]):
        reader, writer = os.pipe()
        os.close(reader)
        ended = subprocess.run(
            [sys.executable, "-m", "unitward", *command],
            check=False,
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        os.close(writer)
        assert (141, b"") == (ended.returncode, ended.stderr)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """Output that could not be written is a failure with a reason."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "unitward", "validate", str(tmp_path)],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert 1 == ended.returncode
    assert ended.stderr.startswith(b"unitward: ")
    assert ended.stderr.endswith(b"No space left on device\n")
    assert 1 == ended.stderr.count(b"\n")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("folder", "regular file"),
        ("source: [", "invalid YAML"),
        ("nonsense: 1\n", "nonsense"),
        ("resync: soon\n", "resync"),
    ],
)
def test_a_broken_configuration_is_named(tmp_path: Path, config: str, said: str) -> None:
    """Every command that reads the configuration names the file and what is wrong in it."""
    path = tmp_path / ".config/unitward/config.yaml"
    path.parent.mkdir(parents=True)
    if config == "folder":
        path.mkdir()
    else:
        path.write_text(config)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for command in ("status", "plan", "render", "validate"):
        ended = run(command, env=env)
        assert (1, "") == (ended.returncode, ended.stdout)
        assert str(path) in ended.stderr
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("home", ["/proc/none", "/proc/self/mem", "/dev/null/x", "/etc/hostname"])
@pytest.mark.parametrize(
    "command", ["status", "plan", "apply", "render", "validate", "sync", "run"]
)
def test_an_impossible_home_gives_no_traceback(home: str, command: str) -> None:
    """A home that is missing or no folder ends in one message."""
    ended = run(command, env={"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": "/x"})
    assert ended.returncode in {1, 5}
    assert ended.stderr.startswith("unitward: ")
    assert "Traceback" not in ended.stderr
