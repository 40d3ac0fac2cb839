"""Which program the own unit names."""

from pathlib import Path

import pytest

from unitward.errors import UnitwardError
from unitward.setup.layout import Layout, layout_from
from unitward.setup.program import Invocation, lasting_command


def program(path: Path) -> Path:
    """Make a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def called(argv0: Path | str, bin_folder: Path, prefix: Path | str = "/usr") -> Invocation:
    """Return how a process was started, with the Python of `bin_folder`."""
    return Invocation(str(argv0), str(bin_folder / "python3"), str(prefix), str(bin_folder))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Give the layout of an account's data folder."""
    return Layout(tmp_path / "share/unitward")


def test_links_are_kept(tmp_path: Path, layout: Layout) -> None:
    """The link of pipx or uv is named, not the environment behind it."""
    real = program(tmp_path / "venvs/unitward/bin/unitward")
    shim = tmp_path / "bin/unitward"
    shim.parent.mkdir()
    shim.symlink_to(real)
    assert (str(shim),) == lasting_command(called(shim, real.parent), layout)


def test_a_bare_name_is_looked_up(tmp_path: Path, layout: Layout) -> None:
    """A name without a folder is the program on PATH."""
    found = program(tmp_path / "bin/unitward")
    assert (str(found),) == lasting_command(called("unitward", found.parent), layout)


def test_run_as_a_module(tmp_path: Path, layout: Layout) -> None:
    """`python -m unitward` names the program beside that Python, or the module without one."""
    bin_folder = tmp_path / "bin"
    module = tmp_path / "lib/unitward/__main__.py"
    command = (str(bin_folder / "python3"), "-m", "unitward")
    assert command == lasting_command(called(module, bin_folder), layout)
    beside = program(bin_folder / "unitward")
    assert (str(beside),) == lasting_command(called(module, bin_folder), layout)


def test_versions_side_by_side(layout: Layout) -> None:
    """A version that stands beside others is named by `current`, whichever that is."""
    versions = [layout.versions / number for number in ("1.0", "2.0")]
    programs = [program(version / "bin/unitward") for version in versions]
    run = called(programs[0], programs[0].parent, versions[0])
    assert (str(programs[0]),) == lasting_command(run, layout)
    layout.current.symlink_to("versions/2.0")
    assert (str(layout.current / "bin/unitward"),) == lasting_command(run, layout)


@pytest.mark.parametrize(
    ("folder", "said"), [(".cache/uv/x/bin", "lies in a cache"), ('a"b', "quotes, backslashes")]
)
def test_a_program_that_cannot_be_named(
    tmp_path: Path, layout: Layout, folder: str, said: str
) -> None:
    """A program that will not stay, or that systemd cannot start, is refused."""
    found = program(tmp_path / folder / "unitward")
    with pytest.raises(UnitwardError, match=said) as raised:
        lasting_command(called(found, found.parent), layout)
    assert raised.value.hint


def test_where_versions_lie() -> None:
    """XDG_DATA_HOME is followed when it is an absolute path."""
    home = Path("/home/ada")
    assert home / ".local/share/unitward/current" == layout_from({}, home).current
    assert Path("/data/unitward") == layout_from({"XDG_DATA_HOME": "/data"}, home).root
    assert home / ".local/share/unitward" == layout_from({"XDG_DATA_HOME": "x"}, home).root
