"""What goes back after a change of the own unit: files, put back or away, each alone."""

import subprocess
from pathlib import Path

import pytest

from unitward.setup.own_change import keep_files
from unitward.setup.upgrade.guard import ARMED, SCRIPT, UNDOING, Guard, clear, write_script

OWN = "unitward.service"
DROPINS = f"{OWN}.d"
PATHS = (
    OWN,
    f"{DROPINS}/10-changed.conf",
    f"{DROPINS}/20-new.conf",
    "service.d/30-gone.conf",
    f"{DROPINS}/40-link.conf",
)
LINES = 25


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Give a unit folder in which one file of each kind was changed, under guard."""
    root, kept = tmp_path / "a 'b' $c", tmp_path / "kept"
    for folder in (DROPINS, "service.d"):
        (root / folder).mkdir(parents=True)
    for path in (PATHS[0], PATHS[1], PATHS[3]):
        (root / path).write_text(f"old {path}")
    (root / PATHS[4]).symlink_to("/dev/null")
    clear(kept)
    steps = keep_files(root, kept, PATHS)
    guard = Guard(kept, tmp_path / "record", "before", "after", 180.0)
    write_script(guard, steps, b"undone")
    (kept / ARMED).touch()
    for path in (PATHS[0], PATHS[1], PATHS[2]):
        (root / path).write_text("new")
    (root / PATHS[4]).unlink()
    (root / PATHS[4]).write_text("new")
    (root / PATHS[3]).unlink()
    (root / "service.d").rmdir()
    return root


def run(root: Path, when: str, lines: int | None = None) -> None:
    """Run the script, or its first lines only. There is no manager that systemctl could reach."""
    script = (root.parent / "kept" / SCRIPT).read_text().splitlines(keepends=True)
    subprocess.run(
        ("sh", "-c", "".join(script[:lines]), "sh", when),
        check=False,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(root)},
        capture_output=True,
        timeout=60,
    )


def assert_back(root: Path) -> None:
    """Hold that everything is as before, and said to be."""
    for path in (PATHS[0], PATHS[1], PATHS[3]):
        assert f"old {path}" == (root / path).read_text()
    assert not (root / PATHS[2]).exists()
    assert "/dev/null" == str((root / PATHS[4]).readlink())
    assert "undone" == (root.parent / "record").read_text()
    assert not (root.parent / "kept" / ARMED).exists()
    assert not (root.parent / "kept" / UNDOING).exists()


def test_goes_back(changed: Path) -> None:
    """Changed, new, removed and replaced files, and a folder that went, are as before."""
    run(changed, "late")
    assert_back(changed)


@pytest.mark.parametrize("lines", range(8, LINES))
def test_cut_off_after_any_line(changed: Path, lines: int) -> None:
    """Run again after the power failed, it goes on where it was."""
    script = changed.parent / "kept" / SCRIPT
    assert LINES == len(script.read_text().splitlines())
    run(changed, "late", lines)
    run(changed, "boot")
    assert_back(changed)


def test_an_empty_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    """Where there was no drop-in, there is no folder for one afterwards."""
    root, kept = tmp_path / "units", tmp_path / "kept"
    root.mkdir()
    clear(kept)
    steps = keep_files(root, kept, (f"{DROPINS}/50-here.conf",))
    (root / DROPINS).mkdir()
    (root / DROPINS / "50-here.conf").write_text("new")
    subprocess.run(("sh", "-ec", steps), check=True, cwd=kept)
    assert [] == list(root.iterdir())
