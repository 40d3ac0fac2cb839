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
        ("Unit", "Conflicts"),
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


@pytest.mark.parametrize("path", [OWN, DROPIN, OF_ALL])
@pytest.mark.parametrize(
    "line", ["After=a.service", "ConditionPathExists=/mnt/x", "AssertHost=here"]
)
def test_unitward_waits_for_nothing(said: Said, path: str, line: str) -> None:
    """F7: no other unit, and no condition, can keep it from starting at the next boot."""
    [found] = said(path, "Unit", line)
    assert f"keep {OWN} from starting" in found
    assert [] == said("b.service", "Unit", line)


@pytest.mark.parametrize("name", [OWN, "basic.target", "sockets.target", "app.slice"])
def test_no_unit_comes_before_unitward(said: Said, name: str) -> None:
    """F7: a unit that hangs at its start would keep unitward from starting."""
    for path in ("a.service", "a.service.d/50.conf", "a.target"):
        [found] = said(path, "Unit", f"Before=b.service {name}")
        assert f"Before={name} could keep unitward from starting" in found
    for later in ("default.target", "shutdown.target", "exit.target"):
        assert [] == said("a.service", "Unit", f"Before=b.service {later}")


@pytest.mark.parametrize("key", ["Requires", "Requisite", "BindsTo", "Conflicts", "AssertHost"])
@pytest.mark.parametrize(
    "folder", ["default.target", "basic.target", "sockets.target", "target", "app.slice", "slice"]
)
def test_the_manager_starts(said: Said, folder: str, key: str) -> None:
    """F7: with such a drop-in the manager ends, or starts nothing, at the next boot (252)."""
    [found] = said(f"{folder}.d/50.conf", "Unit", f"{key}=a.service")
    assert f"{key}= of {folder} could keep the user manager from starting" in found
    assert [] == said(f"{folder}.d/50.conf", "Unit", "Description=Here")
    assert [] == said("my.target.d/50.conf", "Unit", f"{key}=a.service")


def test_the_default_target_may_want(said: Said) -> None:
    """What it wants, or comes after, cannot keep unitward from starting."""
    for key in ("Wants", "Upholds", "After"):
        assert [] == said("default.target.d/50.conf", "Unit", f"{key}=a.service")
        assert [] != said("basic.target.d/50.conf", "Unit", f"{key}=a.service")


@pytest.mark.parametrize("name", [OWN, "default.target", "basic.target"])
def test_no_alias_takes_its_place(said: Said, name: str) -> None:
    """F7: another unit under that name would start instead at the next boot."""
    [found] = said("a.target", "Install", f"Alias=b.target {name}")
    assert f"Alias={name} would put this unit in the place of {name} (remove it)" in found


@pytest.mark.parametrize("key", ["StartLimitAction", "JobTimeoutAction", "FailureAction"])
def test_no_unit_ends_the_manager(said: Said, key: str) -> None:
    """F7: a unit whose failure ends the user manager takes unitward with it."""
    [found] = said("a.service", "Unit", f"{key}=exit-force")
    assert "would end the user manager" in found
    assert [] == said("a.service", "Unit", f"{key}=none")


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
