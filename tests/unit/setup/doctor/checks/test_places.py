"""The account's folders, judged by values."""

from dataclasses import replace
from typing import Any

import pytest

from unitward.setup.doctor.checks.places import check_places
from unitward.setup.doctor.facts import Place
from unitward.setup.doctor.finding import Finding, Level

UID = 1000


def judged(place: Place, **changes: Any) -> list[Finding]:
    """Return what is said of a folder with some facts changed."""
    return check_places((replace(place, **changes),), UID)


def test_a_folder_in_order(place: Place, only: Any) -> None:
    """Safe, writable and on a disk with room: one line for all of them."""
    finding = only(check_places((place, replace(place, role="state folder")), UID))

    assert (Level.OK, "safe, writable, on ext4") == (finding.level, finding.found)


def test_a_folder_that_is_not_there_yet(place: Place, only: Any) -> None:
    """What unitward makes by itself may be missing."""
    assert Level.OK is only(judged(place, exists=False, stands="/home/ada/.config")).level


def test_a_missing_home(place: Place, only: Any) -> None:
    """Without a home folder nothing works, and an administrator makes it."""
    finding = only(judged(place, role="home folder", path="/home/ada", exists=False, stands="/"))

    assert Level.ERROR is finding.level
    assert ("sudo install -d -m 700 -o 1000 /home/ada",) == finding.mend


def test_a_file_in_the_way(place: Place, only: Any) -> None:
    """A file where a folder should be is named."""
    finding = only(judged(place, is_folder=False))

    assert Level.ERROR is finding.level
    assert "is not a folder" in finding.found


def test_a_folder_of_others(place: Place, only: Any) -> None:
    """What others could write is an error with the command, said once for all folders."""
    changes: dict[str, Any] = {"distrusted": "/home/ada can be written by everybody"}
    unsafe = replace(place, distrust_hint="chmod go-w /home/ada", **changes)

    finding = only(check_places((unsafe, unsafe), UID))

    assert (Level.ERROR, ("chmod go-w /home/ada",)) == (finding.level, finding.mend)


@pytest.mark.parametrize("role", ["unit folder", "state folder"])
def test_a_folder_that_cannot_be_written(place: Place, only: Any, role: str) -> None:
    """No right to write, or a read-only file system: an error where unitward writes."""
    locked = only(judged(place, role=role, writable=False))
    assert Level.ERROR is locked.level
    assert "chmod u+rwx" in locked.mend[0]

    mounted = only(judged(place, role=role, writable=False, read_only=True))
    assert Level.ERROR is mounted.level
    assert "read-only file system (ext4)" in mounted.found


@pytest.mark.parametrize("role", ["home folder", "configuration folder", "desired-state folder"])
def test_what_is_only_read_need_not_be_writable(place: Place, only: Any, role: str) -> None:
    """Nothing of unitward writes there: read-only and full are well."""
    assert Level.OK is only(judged(place, role=role, read_only=True, writable=False, free=0)).level


@pytest.mark.parametrize(
    ("free", "files", "level"),
    [
        (1 << 30, 10_000, Level.OK),
        (1 << 30, None, Level.OK),
        (None, None, Level.OK),
        (10 << 20, 10_000, Level.WARNING),
        (4096, 10_000, Level.ERROR),
        (1 << 30, 10, Level.WARNING),
        (1 << 30, 0, Level.ERROR),
    ],
)
def test_room_on_the_disk(
    place: Place, only: Any, free: int | None, files: int | None, level: Level
) -> None:
    """Little room is a warning, none an error; inodes run out too."""
    assert level is only(judged(place, free=free, free_files=files)).level


@pytest.mark.parametrize(
    ("role", "level"),
    [
        ("unit folder", Level.WARNING),
        ("state folder", Level.WARNING),
        ("desired-state folder", Level.INFO),
    ],
)
def test_network_file_systems(place: Place, only: Any, role: str, level: Level) -> None:
    """A shared unit folder or ledger is a warning; a shared source is only slower."""
    finding = only(judged(place, role=role, file_system="nfs4"))

    assert level is finding.level
    assert "nfs4" in finding.found
