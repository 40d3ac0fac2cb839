"""The own unit file: what it says, why, and whose it is."""

import hashlib
import re
from pathlib import Path

import pytest

from unitward.model.observed import DiskFile, DiskKind
from unitward.model.recorded import Recorded, RecordedFile
from unitward.setup.own_unit import Standing, judge_own_file, own_unit_text, sealed, template
from unitward.unitfile.syntax import parse

PROJECT = Path(__file__).parents[3]
DEPLOY = PROJECT / "deploy"
HERE = Recorded("here")
OWN = "unitward.service"
BODY = own_unit_text(("/opt/unitward",))


def on_disk(content: bytes) -> DiskFile:
    """Return a file as it stands in the unit folder."""
    return DiskFile(OWN, DiskKind.FILE, hashlib.sha256(content).hexdigest(), content)


def reasons() -> list[str]:
    """Return the lines of the unit for which deploy/README.md gives a reason, in its order."""
    page = (DEPLOY / "README.md").read_text("utf-8")
    section = page.partition("## unitward.service")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)
    assert all(len(why) > 20 for _, why in rows)
    return [line for line, _ in rows]


def test_every_line_has_its_reason() -> None:
    """Each directive of the unit stands in deploy/README.md with its value, and no other does."""
    entries = [
        line
        for line in (DEPLOY / OWN).read_text("utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    ]
    named = [line.partition("=")[0] if r.endswith("=") else line for line, r in pairs(entries)]
    assert [r.removesuffix("=") for r in reasons()] == named


def pairs(entries: list[str]) -> list[tuple[str, str]]:
    """Return each line of the unit beside the row that should be about it."""
    assert len(entries) == len(reasons())
    return list(zip(entries, reasons(), strict=True))


def test_the_packaged_files_are_those_of_the_project() -> None:
    """What `install` writes is what the repository shows."""
    assert (DEPLOY / OWN).read_bytes() == template()


@pytest.mark.parametrize(
    ("program", "written"),
    [
        ("/usr/bin/unitward", "/usr/bin/unitward run"),
        ("/home/a b/unitward", '"/home/a b/unitward" run'),
        ("/home/50%/unitward", "/home/50%%/unitward run"),
        ("/home/$x/unitward", "/home/$x/unitward run"),
    ],
)
def test_the_program_is_written_as_systemd_reads_it(program: str, written: str) -> None:
    """Blanks and specifiers in the program's path stand for themselves."""
    text = parse(own_unit_text((program,))).text
    assert written == text.last("Service", "ExecStart")
    assert ["Unit", "Service", "Install"] == list(dict.fromkeys(e.section for e in text.entries))


def test_a_python_without_a_program_beside_it() -> None:
    """Further words of the command are arguments, in which `$` is doubled."""
    text = parse(own_unit_text(("/usr/bin/python3", "-m", "unit$ward"))).text
    assert "/usr/bin/python3 -m unit$$ward run" == text.last("Service", "ExecStart")


@pytest.mark.parametrize(
    ("disk", "standing"),
    [
        (DiskFile(OWN, DiskKind.ABSENT), Standing.ABSENT),
        (DiskFile(OWN, DiskKind.MASK), Standing.FOREIGN),
        (DiskFile(OWN, DiskKind.LINK), Standing.FOREIGN),
        (DiskFile(OWN, DiskKind.OTHER), Standing.FOREIGN),
        (on_disk(sealed(BODY, "here")), Standing.CURRENT),
        (on_disk(sealed(b"[Service]\n", "here")), Standing.OUTDATED),
        (on_disk(sealed(BODY, "there")), Standing.FOREIGN),
        (on_disk(sealed(BODY, "here").replace(b"Restart=", b"#")), Standing.FOREIGN),
        (on_disk(BODY), Standing.FOREIGN),
    ],
)
def test_whose_file_stands_there(disk: DiskFile, standing: Standing) -> None:
    """Only a file that this installation wrote, and nobody edited, counts as its own."""
    own = judge_own_file(disk, BODY, HERE)
    assert standing is own.standing
    assert (standing is Standing.FOREIGN) == bool(own.reason)


def test_a_declared_unit_is_left_to_the_folder() -> None:
    """What a pass wrote is not `install`'s to compare."""
    content = sealed(b"[Service]\n", "here")
    file = RecordedFile(OWN, OWN, hashlib.sha256(content).hexdigest(), content)
    recorded = Recorded("here", files={OWN: file})
    assert Standing.DECLARED is judge_own_file(on_disk(content), BODY, recorded).standing


def test_an_edited_file_is_still_marked() -> None:
    """`uninstall` knows a file that was edited since for this installation's."""
    edited = on_disk(sealed(BODY, "here").replace(b"Restart=", b"#"))
    own = judge_own_file(edited, BODY, HERE)
    assert (True, False) == (own.is_marked_by("here"), own.is_marked_by("there"))
