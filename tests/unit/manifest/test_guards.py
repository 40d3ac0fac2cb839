"""What a commit may not do to unitward itself."""

from collections.abc import Callable

import pytest

from unitward.manifest.raw import decode_raw
from unitward.model.declared import Manifest
from unitward.model.unittext import DirectiveTable

FOLDER, HOME = "/home/ada/.config/unitward/desired", "/home/ada"
OWN = "unitward.service"
DROPIN, OF_ALL = f"{OWN}.d/50.conf", "service.d/50.conf"

Errors = Callable[[Manifest], list[str]]


@pytest.fixture
def said(table: DirectiveTable, errors: Errors) -> Callable[[str, str, str], list[str]]:
    """Return a function that decodes a raw file of one entry and lists its errors."""

    def decoded(path: str, section: str, line: str) -> list[str]:
        content = f"[{section}]\n{line}\n".encode()
        return errors(decode_raw(path, content, table, folder=FOLDER, home=HOME))

    return decoded


Said = Callable[[str, str, str], list[str]]


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("Unit", f"Conflicts=b.service {OWN}"),
        ("Unit", f"PropagatesStopTo={OWN}"),
        ("Install", f"RequiredBy={OWN}"),
    ],
)
def test_no_unit_takes_unitward_down(said: Said, section: str, line: str) -> None:
    """F7: what would have unitward stopped by another unit is an error there."""
    key = line.partition("=")[0]
    expected = f"2: a.service: {key}={OWN} would have {OWN} stopped (remove it)"
    assert [expected] == said("a.service", section, line)
    assert [] == said("a.service", section, line.replace(OWN, "c.service"))


@pytest.mark.parametrize("path", [OWN, DROPIN, OF_ALL])
@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("Unit", "Requires"),
        ("Unit", "Requisite"),
        ("Unit", "BindsTo"),
        ("Unit", "PartOf"),
        ("Unit", "StopPropagatedFrom"),
        ("Service", "Slice"),
    ],
)
def test_unitward_is_tied_to_no_unit(said: Said, path: str, section: str, key: str) -> None:
    """F7: its own unit does not end with another one, which a later commit may take away."""
    value = "a.slice" if key == "Slice" else "a.service"
    [found] = said(path, section, f"{key}={value}")
    assert f"{key}= would have {OWN} stopped with another unit" in found
    assert [] == said(path, section, f"{key}=")
    assert [] == said("b.service", section, f"{key}={value}")


@pytest.mark.parametrize(
    "line",
    [
        f"EnvironmentFile=-{FOLDER}/own.env",
        "EnvironmentFile=%h/.config/unitward/desired/own.env",
        "ExecStartPre=/bin/sh %E/unitward/desired/check.sh",
    ],
)
def test_unitward_starts_with_no_file_of_the_folder(said: Said, line: str) -> None:
    """F7: a later commit could change that file, and nothing would put it back."""
    for path in (DROPIN, OF_ALL):
        [found] = said(path, "Service", line)
        assert "names a file in the desired-state folder" in found
        assert "keep that file elsewhere" in found
    assert [] == said("a.service", "Service", line)
    assert [] == said(DROPIN, "Service", line.replace("unitward/desired", "unitward/local"))


def test_the_folder_itself_may_be_named(said: Said) -> None:
    """A pull of the folder before the start depends on no file of it."""
    assert [] == said(DROPIN, "Service", f"ExecStartPre=-/usr/bin/git -C {FOLDER} pull")


def test_no_unit_isolates(said: Said) -> None:
    """F7: `isolate` stops all that a unit does not need, unitward with it."""
    [found] = said("a.service", "Unit", "OnFailureJobMode=isolate")
    assert "OnFailureJobMode=isolate would stop unitward" in found
    assert [] == said("a.service", "Unit", "OnFailureJobMode=fail")


def test_the_manifest_says_the_same(read: Callable[..., Manifest], errors: Errors) -> None:
    """In YAML the error has the line of the entry; the slice unitward lives in is the manager's."""
    [found] = errors(read(units=f"{DROPIN}:\n  Unit:\n    BindsTo: a.service"))
    assert found.startswith(f"5: {DROPIN}: BindsTo= would have {OWN} stopped"), found
    [found] = errors(read(units="app.slice:\n  state: stopped"))
    assert "app.slice belongs to the user manager and cannot be declared" in found
    assert [] == errors(read(units="app.slice.d/a.conf:\n  Slice:\n    TasksMax: 4000"))
