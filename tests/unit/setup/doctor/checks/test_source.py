"""The desired-state folder, judged by values."""

from dataclasses import replace
from typing import Any

from unitward.model.source import Unavailable
from unitward.setup.doctor.checks.source import check_foreign, check_git, check_source
from unitward.setup.doctor.facts import Checkout, InTheWay, Source
from unitward.setup.doctor.finding import Level


def test_a_folder_that_can_be_read(source: Source, only: Any) -> None:
    """A readable, valid folder is well, and its size is told."""
    assert "2 units in" in only(check_source(source)).found


def test_no_folder_yet(source: Source, only: Any) -> None:
    """The default folder may be missing; one that was named may not."""
    gone = replace(
        source, exists=False, unavailable=Unavailable("/d does not exist", "mkdir -p /d")
    )

    assert Level.INFO is only(check_source(gone)).level
    assert Level.ERROR is only(check_source(replace(gone, is_default=False))).level


def test_an_unsafe_folder(source: Source, only: Any) -> None:
    """A folder that others can write is an error with the command."""
    unsafe = Unavailable("/d can be written by everybody", "chmod go-w /d")

    finding = only(check_source(replace(source, unavailable=unsafe)))

    assert (Level.ERROR, ("chmod go-w /d",)) == (finding.level, finding.mend)


def test_a_file_that_is_not_read(source: Source, only: Any) -> None:
    """One file that cannot be used is an error: what it declares stays as it is."""
    file = ("/d/a.yaml", "a.yaml can be written by everybody", "chmod go-w a.yaml")

    finding = only(check_source(replace(source, unreadable=(file,), errors=("a.yaml: unread",))))

    assert Level.ERROR is finding.level
    assert "/d/a.yaml is not read" in finding.found


def test_an_invalid_manifest(source: Source, only: Any) -> None:
    """Invalid manifests are a warning that names the first place."""
    finding = only(check_source(replace(source, errors=("a.yaml:3:5: no such key", "b.yaml:1: x"))))

    assert (Level.WARNING, ("unitward validate",)) == (finding.level, finding.mend)
    assert finding.found.startswith("a.yaml:3:5: no such key (and 1 more)")


def test_foreign_files(source: Source) -> None:
    """Each file in the way is a warning with both ways out; of many, the rest is counted."""
    assert Level.OK is check_foreign(source)[0].level

    foreign = tuple(
        InTheWay(f"/u/a{n}.service", f"a{n}.service", "a file stands there") for n in range(7)
    )
    findings = check_foreign(replace(source, in_the_way=foreign))

    assert {Level.WARNING} == {finding.level for finding in findings}
    assert findings[0].mend[0].startswith("unitward adopt a0.service")
    assert "2 more files like that" == findings[-1].found


def test_git(only: Any) -> None:
    """A git is needed where the source is a checkout; a lock that a crash left is named."""
    checkout = Checkout("/d", "git version 2.39", "/d/.git", None)

    assert Level.OK is only(check_git(None)).level
    assert Level.OK is only(check_git(checkout)).level
    assert Level.OK is only(check_git(replace(checkout, lock_age=2.0))).level
    assert Level.WARNING is only(check_git(replace(checkout, git=""))).level

    stale = only(check_git(replace(checkout, lock_age=7200.0)))
    assert Level.WARNING is stale.level
    assert "2 hours old" in stale.found
